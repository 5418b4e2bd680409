"""Planning: what is due, what it needs, in which order."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from canary.deployment import cost, prices
from canary.deployment.counts import Counts
from canary.model import CheckHistory, Deployment, Load, Network, Service, Status, Suite
from canary.plan import Plan, PlanError, Selection, is_due, make_plan
from tests.canary.support.worlds import KINDS, NOW, check, config

MADE = config(
    check("api.root"),
    check("api.leaf", needs=("api.root",)),
    check("api.rare", every=300, suite=Suite.REGISTRATION),
)
COUNTS = Counts(metrics=60, documents=50, alarms=14, composites=5, period_s=60)


def ago(seconds: float, status: Status = Status.PASS) -> CheckHistory:
    at = (NOW - dt.timedelta(seconds=seconds)).isoformat()
    return CheckHistory(outcomes="P", last_run_at=at, last_status=status)


def plan(history: dict[str, CheckHistory] | None = None, **selection: object) -> Plan:
    return make_plan(MADE, KINDS, history or {}, NOW, Selection(**selection))  # type: ignore[arg-type]


def ids(made: Plan) -> list[str]:
    return [p.check.id for p in made.order]


def test_everything_runs_the_first_time() -> None:
    assert sorted(ids(plan(due_only=True))) == ["api.leaf", "api.rare", "api.root"]


@pytest.mark.parametrize(
    ("seconds", "due"),
    [(60, False), (240, False), (269, False), (271, True), (300, True), (-5, True)],
)
def test_a_check_keeps_its_own_cadence_with_the_schedulers_jitter(seconds: int, due: bool) -> None:
    assert is_due(check(every=300), ago(seconds), NOW) is due


def test_a_failing_check_is_looked_at_in_every_run() -> None:
    assert is_due(check(every=300), ago(10, Status.FAIL), NOW)


@pytest.mark.parametrize(("passes", "due"), [(1, True), (9, True), (10, False)])
def test_a_check_that_failed_is_looked_at_in_every_run_until_it_recovered(
    passes: int, due: bool
) -> None:
    kept = msgspec.structs.replace(ago(60), outcomes="PF" + passes * "P")
    assert is_due(check(every=300), kept, NOW) is due


def test_a_check_that_could_not_be_judged_is_looked_at_in_every_run() -> None:
    """Its alarm (ChecksErrored, 3 of 5) would never hear of one run in five."""
    assert is_due(check(every=300), ago(10, Status.ERROR), NOW)


def test_a_check_that_the_last_run_skipped_is_not_carried_as_a_skip() -> None:
    """Passed two minutes ago, skipped since (no time, a need): its score would stay below 100 %."""
    kept = msgspec.structs.replace(ago(120), outcomes="PPS")
    assert is_due(check(every=300), kept, NOW)
    assert "api.rare" in ids(plan({"api.rare": kept}, without=("api.rare",)))


@pytest.mark.parametrize("at", ["yesterday", "", "2026-11-22T11:59:00"])
def test_a_history_with_a_time_that_is_none_ends_no_run(at: str) -> None:
    kept = CheckHistory(outcomes="P", last_run_at=at)
    assert is_due(check(every=300), kept, NOW) is (at[:1] != "2")


def test_a_scheduled_run_leaves_out_what_is_not_due() -> None:
    made = plan({"api.rare": ago(60)}, due_only=True)
    assert sorted(ids(made)) == ["api.leaf", "api.root"]
    assert made.not_due == ("api.rare",)


def test_a_person_who_asks_gets_everything() -> None:
    assert len(ids(plan({"api.rare": ago(60)}))) == 3


def test_a_selection_brings_its_needs_along() -> None:
    made = plan(only=("api.leaf",))
    assert sorted(ids(made)) == ["api.leaf", "api.root"]
    assert made.narrowed
    assert [p.because for p in made.order if p.check.id == "api.root"] == [
        "needed by another check"
    ]


def test_a_suite_can_be_selected() -> None:
    assert ids(plan(suites=("registration",))) == ["api.rare"]


def test_another_schedules_checks_are_left_to_it() -> None:
    made = plan({"api.rare": ago(1000)}, without=("api.rare",))
    assert sorted(ids(made)) == ["api.leaf", "api.root"]


@pytest.mark.parametrize("status", [Status.FAIL, Status.ERROR])
def test_another_schedules_check_runs_in_every_run_while_it_does_not_pass(status: Status) -> None:
    """Its alarm counts this schedule's periods: once an hour it would never ring."""
    made = plan({"api.rare": ago(60, status)}, without=("api.rare",), due_only=True)
    assert "api.rare" in ids(made)


def test_another_schedules_check_is_not_missing_where_nothing_is_known_of_it() -> None:
    assert "api.rare" in ids(plan(without=("api.rare",), due_only=True))


@pytest.mark.parametrize("wrong", [{"only": ("api.nothing",)}, {"suites": ("nothing",)}])
def test_an_unknown_selection_is_refused(wrong: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(PlanError, match=r"no such check or suite here: .*nothing"):
        plan(**wrong)


def test_what_others_wait_for_and_what_takes_long_starts_first() -> None:
    history = {
        "api.rare": CheckHistory(latency_ms=(900.0,)),
        "api.leaf": CheckHistory(latency_ms=(2000.0,)),
    }
    assert ids(plan(history)) == ["api.root", "api.leaf", "api.rare"]


def test_the_bill_names_its_items_and_endpoints_cost_extra() -> None:
    lines = {line.item: line.dollars for line in cost.monthly(MADE, plan(), COUNTS)}
    assert lines["custom metrics"] == pytest.approx(18.0)
    assert "interface endpoints" not in lines
    assert (lines["dashboard"], lines["key"]) == (prices.DASHBOARD, prices.KEY) == (3.0, 1.0)
    assert lines["NAT"] > 0


def test_a_dashboard_of_fifty_metrics_and_topics_without_a_key_are_free() -> None:
    few = msgspec.structs.replace(COUNTS, metrics=50, keys=0)
    lines = {line.item: line.dollars for line in cost.monthly(MADE, plan(), few)}
    assert lines["dashboard"] == 0.0 and "key" not in lines
    more = msgspec.structs.replace(COUNTS, metrics=51)
    assert {line.item: line.dollars for line in cost.monthly(MADE, plan(), more)}["dashboard"] == 3


def test_a_store_behind_a_gateway_endpoint_sends_nothing_through_the_nat() -> None:
    def nat(**network: object) -> float | None:
        where = msgspec.structs.replace(MADE.environment, network=Network(**network))  # type: ignore[arg-type]
        made = msgspec.structs.replace(MADE, environment=where)
        lines = {line.item: line.dollars for line in cost.monthly(made, plan(), COUNTS)}
        return lines.get("NAT")

    through, beside = nat(), nat(route_tables=("rtb-1",))
    assert through is not None and beside is not None and through > beside > 0
    assert nat(egress="endpoints") is None


def test_the_bill_names_the_queues_of_who_follows_changes() -> None:
    where = msgspec.structs.replace(MADE.environment, cluster="main")
    made = msgspec.structs.replace(MADE, environment=where)
    lines = {line.item: line for line in cost.monthly(made, plan(), COUNTS)}
    # two queues, five long polls each, three a minute, 43,800 minutes, 0.40 $ a million
    assert lines["changes"].dollars == pytest.approx(0.53)
    quiet = msgspec.structs.replace(where, deployment=Deployment(follow_changes=False))
    made = msgspec.structs.replace(MADE, environment=quiet)
    assert "changes" not in {line.item for line in cost.monthly(made, plan(), COUNTS)}


def test_the_bill_names_what_failing_runs_ask_of_cloudwatch() -> None:
    def bill(**services: Service) -> list[tuple[str, float, str]]:
        where = msgspec.structs.replace(MADE.environment, services=services)
        made = msgspec.structs.replace(MADE, environment=where)
        lines = cost.monthly(made, plan(), COUNTS)
        return [(x.item, x.dollars, x.how) for x in lines if x.item == "failing runs"]

    web = Service(load_balancer="public", target_groups=("web",))
    # a balancer 14, a group 6, a store 2; 0.01 $ for 1,000 metrics, 438 of 43,800 runs
    how = "none while all is well; 1% of runs ask for {} metrics each ({} if all did)"
    assert bill(web=web) == [("failing runs", 0.09, how.format(20, "8.76"))]
    both = Service(load_balancer="public", target_groups=("web", "api"))
    stores = {"db": Service(instance="main"), "cache": Service(instance="sessions")}
    assert bill(web=web, api=both, **stores) == [("failing runs", 0.13, how.format(30, "13.14"))]
    inner = Service(load_balancer="internal", target_groups=("inner",))
    assert bill(web=web, inner=inner) == [("failing runs", 0.18, how.format(40, "17.52"))]
    assert bill(db=Service(url="https://db.example.com")) == []
    assert prices.METRIC_READ == 0.00001


def test_the_bill_of_a_spread_run_names_its_state_machine() -> None:
    where = msgspec.structs.replace(MADE.environment, deployment=Deployment(scale="map"))
    made = msgspec.structs.replace(MADE, environment=where)
    spread = {line.item: line for line in cost.monthly(made, plan(), COUNTS)}
    # 43,800 runs a month, each five transitions at 0.025 $ a thousand and one shard
    assert spread["workflow"].dollars == pytest.approx(5.52, abs=0.01)
    assert "workflow" not in {line.item for line in cost.monthly(MADE, plan(), COUNTS)}


BLOCKED = config(
    check("api.root", every=900),
    check("api.light", needs=("api.root",), every=900),
    check("api.slow", every=900),
    check("api.one", needs=("api.light",), every=300, load=Load.BLOCKING),
    check("api.two", needs=("api.light", "api.slow"), every=300, load=Load.BLOCKING),
)
ONE = next(c for c in BLOCKED.checks if c.id == "api.one")


def plan_blocked(history: dict[str, CheckHistory], **selection: object) -> Plan:
    return make_plan(BLOCKED, KINDS, history, NOW, Selection(**selection))  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [Status.PASS, Status.FAIL, Status.ERROR])
@pytest.mark.parametrize(("seconds", "due"), [(60, False), (240, False), (271, True)])
def test_a_blocking_check_never_leaves_its_cadence(status: Status, seconds: int, due: bool) -> None:
    kept = msgspec.structs.replace(ago(seconds, status), outcomes="PFE" + status.value[0])
    assert is_due(ONE, kept, NOW) is due
    made = plan_blocked({"api.one": kept, "api.two": ago(1)}, without=("api.one",), due_only=True)
    assert ("api.one" in ids(made)) is (due and status is not Status.PASS)


def test_a_blocking_check_that_was_skipped_is_tried_from_its_next_due_time_on() -> None:
    skipped = msgspec.structs.replace(ago(120), outcomes="PPS")
    assert not is_due(ONE, skipped, NOW)
    assert is_due(ONE, msgspec.structs.replace(ago(360), outcomes="PPSSS"), NOW)


def test_a_person_who_asks_gets_a_blocking_check_at_any_time() -> None:
    asked = {i: ago(1) for i in ("api.one", "api.two")}
    assert ids(plan_blocked(asked))[-2:] == ["api.one", "api.two"]
    assert ids(plan_blocked(asked, only=("api.one",))) == ["api.root", "api.light", "api.one"]


def test_a_need_of_a_blocking_check_runs_though_it_is_not_due_and_though_it_was_left_out() -> None:
    fresh = {i: ago(100) for i in ("api.root", "api.light", "api.slow")}
    made = plan_blocked({**fresh, "api.one": ago(900), "api.two": ago(100)}, due_only=True)
    assert ids(made) == ["api.light", "api.one"]  # what its need needs may be an earlier outcome
    assert made.not_due == ("api.root", "api.slow", "api.two")
    assert [p.needs for p in made.order] == [(), ("api.light",)]
    left_out = plan_blocked(fresh, without=("api.light", "api.slow"), due_only=True)
    assert sorted(ids(left_out)) == ["api.light", "api.one", "api.slow", "api.two"]


def test_blocking_checks_come_last_and_one_by_one_in_the_time_that_a_run_takes() -> None:
    took = {"api.root": 10.0, "api.light": 20.0, "api.slow": 40.0, "api.one": 500.0}
    made = plan_blocked({i: CheckHistory(latency_ms=(ms,)) for i, ms in took.items()})
    assert ids(made) == ["api.slow", "api.root", "api.light", "api.one", "api.two"]
    assert made.expected_ms == 40 + 500 + 60  # the last one is a guess
