"""The runner: one result for each check, whatever a probe or a target does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from canary.control_plane.state import PlatformState
from canary.model import Credential, Mute, RunLimits, Service, Status
from canary.redaction.redactor import Redactor
from canary.runner.cpu_starvation import is_starved
from canary.runner.outcomes import critical_path_ms, longest_sequence_ms
from tests.canary.support import worlds
from tests.canary.support.worlds import carried_out, check, config


@pytest.fixture
def server() -> Iterator[str]:
    with worlds.local_server() as url:
        yield url


def statuses(outcome: worlds.Outcome) -> dict[str, Status]:
    return {r.check_id: r.status for r in outcome.results}


def test_every_planned_check_has_exactly_one_result() -> None:
    kinds = ["passes", "fails", "breaks", "says_nothing", "reads"]
    outcome = carried_out(config(*(check(f"api.{k.replace('_', '-')}", k) for k in kinds)))
    assert statuses(outcome) == {
        "api.passes": Status.PASS,
        "api.fails": Status.FAIL,
        "api.breaks": Status.ERROR,
        "api.says-nothing": Status.ERROR,
        "api.reads": Status.PASS,
    }
    assert len(outcome.results) == len(kinds)


def test_a_probes_bug_is_an_error_with_its_words() -> None:
    (result,) = carried_out(config(check("api.it", "breaks"))).results
    assert result.reason == "RuntimeError: a bug in the probe"


def test_a_check_whose_need_failed_is_skipped_and_so_are_those_that_need_it() -> None:
    outcome = carried_out(
        config(
            check("api.root", "fails"),
            check("api.leaf", needs=("api.root",)),
            check("api.leaf-of-leaf", needs=("api.leaf",)),
            check("api.other"),
        )
    )
    assert [s.value for s in statuses(outcome).values()].count("SKIP") == 2
    reasons = {r.check_id: r.reason for r in outcome.results}
    assert reasons["api.leaf"] == "needs api.root, which failed"
    assert reasons["api.leaf-of-leaf"] == "needs api.leaf, which was skipped"


def test_a_check_whose_need_could_not_be_judged_is_skipped() -> None:
    outcome = carried_out(config(check("api.root", "breaks"), check("api.a", needs=("api.root",))))
    assert {r.check_id: r.reason for r in outcome.results}["api.a"] == (
        "needs api.root, which could not be judged"
    )


def test_a_missing_secret_is_an_error_of_the_checks_that_need_it_only(server: str) -> None:
    made = config(
        check("api.with-key", "asks", principal="valid"),
        check("api.without", "asks"),
        services={"api": Service(url=server)},
    )
    outcome = carried_out(made)
    assert statuses(outcome) == {"api.with-key": Status.ERROR, "api.without": Status.PASS}


def test_a_hanging_target_costs_its_own_check_only(server: str) -> None:
    made = config(
        check("api.hangs", "asks", path="/hang/30", timeout=0.5),
        *(check(f"api.n{n}", "asks") for n in range(20)),
        services={"api": Service(url=server)},
    )
    began = time.monotonic()
    outcome = carried_out(made)
    assert time.monotonic() - began < 3
    assert [r.check_id for r in outcome.results if r.status is Status.FAIL] == ["api.hangs"]
    assert outcome.requests == 21


def test_a_probe_that_ignores_its_time_is_left_behind_and_its_steps_stay() -> None:
    outcome = carried_out(
        config(check("api.busy", "ignores_time", seconds=5.0, timeout=0.3), check("api.well"))
    )
    busy = next(r for r in outcome.results if r.check_id == "api.busy")
    assert [s.name for s in busy.steps] == ["first", "out of time"]
    assert busy.status is Status.ERROR and "busy in the canary itself" in busy.reason


def test_a_flow_may_clean_up_after_its_time(server: str) -> None:
    outcome = carried_out(config(check("api.flow", "flows", seconds=9.0, timeout=0.4)))
    (flow,) = outcome.results
    assert [s.name for s in flow.steps] == ["made", "cleared True"]
    assert [r.name for r in outcome.residue] == ["one"]


def test_a_run_out_of_time_publishes_what_it_has_and_names_what_it_skipped() -> None:
    limits = RunLimits(budget=2.0, cleanup_reserve=0.3, publish_reserve=0.3, concurrency=1)
    made = config(*(check(f"api.n{n}", seconds=0.5) for n in range(8)), run=limits)
    began = time.monotonic()
    outcome = carried_out(made)
    assert time.monotonic() - began < 2.0
    found = list(statuses(outcome).values())
    assert found.count(Status.PASS) >= 2 and found.count(Status.SKIP) >= 3
    late = [r.reason for r in outcome.results if r.status is Status.SKIP]
    assert set(late) == {"no time left in this run"}


def test_a_target_cut_short_by_the_runs_end_is_not_blamed(server: str) -> None:
    limits = RunLimits(budget=1.5, cleanup_reserve=0.2, publish_reserve=0.3)
    made = config(
        check("api.slow", "asks", path="/hang/30"),
        services={"api": Service(url=server)},
        run=limits,
    )
    (result,) = carried_out(made).results
    assert result.status is Status.ERROR and "the run's time was over" in result.reason


def test_checks_of_the_control_plane_wait_without_taking_a_slot() -> None:
    def slowly() -> PlatformState:
        time.sleep(0.6)
        return PlatformState(read_at="then")

    limits = RunLimits(concurrency=1)
    made = config(check("api.state", "reads"), check("api.quick"), run=limits)
    outcome = carried_out(made, observe=slowly)
    began = {r.check_id: r.started_ms for r in outcome.results}
    assert began["api.quick"] < began["api.state"] and began["api.state"] >= 600
    assert statuses(outcome) == {"api.state": Status.PASS, "api.quick": Status.PASS}


def test_a_control_plane_that_cannot_be_read_is_an_error_and_never_fine() -> None:
    def broken() -> PlatformState:
        raise OSError("no route")

    outcome = carried_out(config(check("api.state", "reads")), observe=broken)
    assert statuses(outcome) == {"api.state": Status.ERROR}
    assert outcome.state.unavailable[0].code == "ReaderFailed"


def test_a_secret_never_becomes_evidence(server: str) -> None:
    secret = "s3cr3t-" + "x" * 20
    redactor = Redactor()
    made = config(
        check("api.echo", "asks", principal="valid"), services={"api": Service(url=server)}
    )
    outcome = carried_out(made, credential=lambda _: Credential(secret), redactor=redactor)
    assert statuses(outcome) == {"api.echo": Status.PASS}
    assert secret[:8] not in repr(outcome.results)


def test_a_muted_check_runs_and_says_that_it_is_muted() -> None:
    mute = Mute(check="api.it", until=worlds.NOW.date().replace(year=2999), reason="known")
    (result,) = carried_out(config(check("api.it", "fails"), mutes=(mute,))).results
    assert result.status is Status.FAIL and result.muted == "until 2999-11-22: known"


def test_concurrency_is_bounded() -> None:
    seen: list[int] = []
    made = config(
        *(check(f"api.n{n}", seconds=0.05) for n in range(12)), run=RunLimits(concurrency=3)
    )
    carried_out(
        made,
        on_progress=lambda _: seen.append(
            sum(t.name.startswith("api.n") for t in threading.enumerate())
        ),
    )
    assert max(seen) <= 4  # a thread that has just reported may still be ending


def test_the_critical_path_is_the_longest_chain_over_needs_and_steps() -> None:
    made = config(
        check("api.a", seconds=0.1),
        check("api.b", seconds=0.2, needs=("api.a",)),
        check("api.c", seconds=0.15),
    )
    assert carried_out(made).critical_path_ms == pytest.approx(300, abs=1)


def test_steps_that_overlap_did_not_wait_for_each_other() -> None:
    step = worlds.Step
    sequential = (
        step(name="a", status=Status.PASS, started_ms=0, duration_ms=100),
        step(name="b", status=Status.PASS, started_ms=100, duration_ms=50),
    )
    beside = (*sequential, step(name="c", status=Status.PASS, started_ms=10, duration_ms=120))
    assert longest_sequence_ms(sequential) == 150
    assert longest_sequence_ms(beside) == 150
    assert critical_path_ms(()) == 0.0


@pytest.mark.parametrize(
    ("late", "ticks", "cpu", "wall", "starved"),
    [
        (0, 40, 0.5, 2.0, False),
        (30, 40, 0.1, 2.0, True),
        (0, 40, 1.95, 2.0, True),
        (2, 2, 1, 1, False),
    ],
)
def test_a_canary_without_cpu_knows_it(
    late: int, ticks: int, cpu: float, wall: float, starved: bool
) -> None:
    assert is_starved(late, ticks, cpu, wall) is starved
