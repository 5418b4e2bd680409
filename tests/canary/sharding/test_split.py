"""A plan is split so that needs stay together, and merged so that every check has one result."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from canary.config import load
from canary.model import Check, Frozen, Load, Severity, Status, Suite
from canary.plan import Plan, Planned, make_plan
from canary.probes import KINDS
from canary.probes.base.api import Kind
from canary.sharding.split import SILENT, ShardResults, merge_results, restricted_to, split


class Nothing(Frozen, frozen=True):
    """The spec of a kind that asks for nothing."""


def kind(name: str, *, reads_state: bool = False) -> Kind:
    return Kind(name=name, spec=Nothing, run=lambda *_: None, summary="", reads_state=reads_state)


TWO_KINDS = {"edge": kind("edge"), "plane": kind("plane", reads_state=True)}


def planned(
    number: int, needs: tuple[int, ...] = (), of: str = "edge", load: Load = Load.LIGHT
) -> Planned:
    check = Check(
        id=f"service.check-{number}",
        title="It holds",
        kind=of,
        suite=Suite.ENDPOINTS,
        service="service",
        severity=Severity.LOW,
        runbook="docs/runbooks/service.md#it",
        spec=Nothing(),
        load=load,
    )
    ids = tuple(f"service.check-{n}" for n in needs)
    return Planned(check=check, needs=ids, requests=1, keyed=0, expected_ms=1.0)


def plan(*checks: Planned) -> Plan:
    return Plan(
        order=checks,
        budget_s=30,
        cleanup_reserve_s=1,
        publish_reserve_s=1,
        requests=len(checks),
        keyed=0,
        expected_ms=1.0,
    )


@settings(max_examples=60, deadline=None)
@given(
    needs=st.lists(st.lists(st.integers(0, 30), max_size=3), min_size=1, max_size=30),
    size=st.integers(1, 12),
)
def test_each_check_is_in_one_shard_together_with_what_it_needs(
    needs: list[list[int]], size: int
) -> None:
    checks = [planned(n, tuple({x for x in some if x < n})) for n, some in enumerate(needs)]
    shards = split(plan(*checks), TWO_KINDS, size)
    found = [i for s in shards for i in s.checks]
    assert sorted(found) == sorted(c.check.id for c in checks)
    where = {i: s.number for s in shards for i in s.checks}
    for check in checks:
        assert all(where[need] == where[check.check.id] for need in check.needs)


@settings(max_examples=60, deadline=None)
@given(
    needs=st.lists(st.lists(st.integers(0, 30), max_size=2), min_size=1, max_size=30),
    blocking=st.sets(st.integers(0, 30)),
    size=st.integers(1, 12),
)
def test_all_blocking_checks_are_in_one_shard_together_with_what_they_need(
    needs: list[list[int]], blocking: set[int], size: int
) -> None:
    checks = [
        planned(
            n,
            tuple({x for x in some if x < n and x not in blocking}),
            load=Load.BLOCKING if n in blocking else Load.LIGHT,
        )
        for n, some in enumerate(needs)
    ]
    where = {i: s.number for s in split(plan(*checks), TWO_KINDS, size) for i in s.checks}
    assert len(where) == len(checks)
    alone = [c for c in checks if c.check.blocking]
    assert len({where[i] for c in alone for i in (c.check.id, *c.needs)}) <= 1


def test_independent_checks_fill_shards_up_to_their_size() -> None:
    shards = split(plan(*(planned(n) for n in range(25))), TWO_KINDS, 10)
    assert [len(s.checks) for s in shards] == [10, 10, 5]


def test_the_control_plane_is_read_by_as_few_shards_as_can_be() -> None:
    checks = [planned(n, of="plane" if n % 10 == 0 else "edge") for n in range(40)]
    shards = split(plan(*checks), TWO_KINDS, 10)
    assert [s.reads_state for s in shards] == [True, False, False, False, False]


def test_the_shipped_checks_fit_one_shard_each_way() -> None:
    config = load("development")
    made = make_plan(config, KINDS, {}, dt.datetime.now(dt.UTC))
    shards = split(made, KINDS)
    assert sum(len(s.checks) for s in shards) == len(made.order)
    blocking = {p.check.id for p in made.order if p.check.blocking}
    assert blocking == {
        "registry.circuit-breaker", "registry.dependencies", "registry.health-status",
        "registry.metrics", "registry.models", "registry.ready",
        "registry.requires-scope-to-delete",
    }  # fmt: skip
    assert [blocking <= set(s.checks) for s in shards].count(True) == 1


def test_a_shard_that_is_silent_gives_an_error_for_each_of_its_checks() -> None:
    both = plan(planned(1), planned(2))
    muted = {"service.check-2": "until 2026-12-01: it moves"}
    found = merge_results(both, [ShardResults(number=0, results=())], muted)
    assert [(r.status, r.reason) for r in found] == [(Status.ERROR, SILENT)] * 2
    assert [r.muted for r in found] == ["", "until 2026-12-01: it moves"]


def test_a_narrowed_plan_carries_every_other_check() -> None:
    both = plan(planned(1), planned(2))
    one = restricted_to(both, ["service.check-2"])
    assert [p.check.id for p in one.order] == ["service.check-2"]
    assert one.not_due == ("service.check-1",)


def test_a_shard_does_not_wait_for_a_need_that_is_carried() -> None:
    """The need is not due, so it is in no shard; the runner would wait for it for ever."""
    both = plan(planned(1), planned(2, needs=(1,)))
    (only,) = restricted_to(both, ["service.check-2"]).order
    assert only.needs == ()
