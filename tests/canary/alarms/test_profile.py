"""Profiles: fewer metrics and alarms, and each check still reaches somebody."""

from __future__ import annotations

import msgspec
import pytest

from canary.alarms.composites import Route
from canary.alarms.plan import Alarms, plan_alarms
from canary.alarms.profile import LEAN_FIRST, LEAN_NEVER, MOST_LEAN, kept
from canary.alarms.published import selection_of
from canary.config import load
from canary.metrics.measure import measure, measure_explained
from canary.metrics.table import BY_NAME, METRICS, NAMESPACE
from canary.model import CheckHistory, Config, Profile, Result, Severity, Suite
from tests.canary.support.made import report, result

DEVELOPMENT = load("development", authoring=False)


def of(profile: Profile, config: Config = DEVELOPMENT) -> Config:
    where = msgspec.structs.replace(config.environment, profile=profile)
    return msgspec.structs.replace(config, environment=where)


def planned(profile: Profile) -> Alarms:
    return plan_alarms(of(profile), "fn", 50)


def told(alarms: Alarms) -> set[str]:
    """Return the checks of which an alarm with an action tells, by itself or through others."""
    acting = {a.name for a in alarms.alarms if a.route in (Route.PAGE, Route.TICKET)}
    heard = {name for c in alarms.composites for name in c.listens}
    reached = [a for a in alarms.alarms if a.name in acting | heard]
    counted = {c.check for a in reached for c in a.counts}
    return counted | {a.check for a in reached if a.check}


@pytest.mark.parametrize("profile", Profile)
def test_every_check_reaches_an_alarm_that_reaches_an_action(profile: Profile) -> None:
    assert told(planned(profile)) == {c.id for c in DEVELOPMENT.checks}


def test_an_environment_that_says_nothing_has_the_standard_profile() -> None:
    assert DEVELOPMENT.environment.profile is Profile.STANDARD


def test_standard_has_an_alarm_for_each_critical_check_and_one_for_each_suite() -> None:
    alarms = planned(Profile.STANDARD)
    critical = {c.id for c in DEVELOPMENT.checks if c.severity is Severity.CRITICAL}
    assert {a.check for a in alarms.alarms if a.check} == critical
    suites = [a for a in alarms.alarms if a.key.startswith("suite-")]
    assert {a.key for a in suites} == {f"suite-{s.value}" for s in Suite}
    assert {(a.route, a.series[0].name, a.datapoints, a.periods) for a in suites} == {
        (Route.TICKET, "SuiteDown", 1, 1)
    }
    assert all("Runbook: docs/runbooks/canary.md#ticket." in a.description for a in suites)


def test_lean_has_ten_alarms_and_ten_metrics_at_most_and_one_composite() -> None:
    alarms = planned(Profile.LEAN)
    assert len(alarms.alarms) <= MOST_LEAN == 10
    assert alarms.tickets == () and not [a for a in alarms.alarms if a.check]
    assert (alarms.composites, alarms.page.suppressor) == ((alarms.page,), "")
    assert len(selection_of(of(Profile.LEAN)).names) <= 10
    assert not {a.key for a in alarms.alarms} & set(LEAN_NEVER)
    assert {"heartbeat", "checks-down", "state-lost"} <= {a.key for a in alarms.alarms}


def test_lean_has_what_it_never_goes_without_and_no_alarm_more() -> None:
    """The order decides, so that an alarm that is added later cannot push out the heartbeat."""
    keys = [a.key for a in planned(Profile.FULL).alarms if not a.check] + ["checks-down"]
    assert kept(Profile.LEAN, ["new-0", *keys]) == frozenset(LEAN_FIRST)
    assert len(LEAN_FIRST) == MOST_LEAN


@pytest.mark.parametrize("profile", [Profile.STANDARD, Profile.LEAN])
def test_what_an_alarm_reads_is_published_and_nothing_else(profile: Profile) -> None:
    alarms, names = planned(profile), selection_of(of(profile)).names
    read = {s.name for a in alarms.alarms for s in a.series if s.namespace == NAMESPACE}
    assert names == read
    every = [result(check_id=c.id, severity=c.severity, suite=c.suite) for c in DEVELOPMENT.checks]
    made = report(*every)
    selection = selection_of(of(profile))
    points = (*measure(made, selection), *measure_explained(made, selection))
    by_pipelines = names - BY_NAME.keys()
    assert {p.metric for p in points} == names - by_pipelines
    ours = {
        (s.name, tuple(sorted(s.dimensions.items())))
        for a in alarms.alarms
        for s in a.series
        if s.name in BY_NAME
    }
    test = DEVELOPMENT.environment.name
    assert {
        (p.metric, tuple(sorted({**dict(p.dimensions), "Environment": test}.items())))
        for p in points
    } == ours


def test_full_publishes_all_but_what_only_a_suite_s_alarm_reads() -> None:
    assert selection_of(of(Profile.FULL)).names == {m.name for m in METRICS} - {"SuiteDown"}


FAILED = CheckHistory(outcomes="P" * 9 + "FFF")
MENDED = CheckHistory(outcomes="P" * 9 + "FFF" + "P" * 7)


def values(*results: Result, **history: CheckHistory) -> dict[tuple[str, ...], float]:
    made = report(*results, history={f"api.{k}": v for k, v in history.items()})
    selection = selection_of(of(Profile.STANDARD))
    return {
        (p.metric, *(v for _, v in p.dimensions[1:])): p.value for p in measure(made, selection)
    }


def test_a_check_that_is_not_critical_has_a_metric_while_it_fails_and_six_runs_after() -> None:
    low = {"severity": Severity.LOW}
    now = values(
        result(check_id="api.critical"),
        result(check_id="api.good", **low),
        result("F", "api.bad", **low),
        result(check_id="api.late", **low),
        result(check_id="api.mended", **low),
        late=CheckHistory(outcomes="F" + "P" * 5),
        mended=CheckHistory(outcomes="F" + "P" * 6),
    )
    assert {k[1]: v for k, v in now.items() if k[0] == "CheckFailed"} == {
        "api.critical": 0.0, "api.bad": 1.0, "api.late": 0.0,
    }  # fmt: skip


def test_a_suite_is_down_with_its_own_checks_unless_the_page_reports_it() -> None:
    bad = result("F", "api.bad", severity=Severity.HIGH)
    core = result("F", "api.core")
    other = result(check_id="api.other", severity=Severity.LOW, suite=Suite.REGISTRATION)
    alone = values(bad, result(check_id="api.core"), other, bad=FAILED)
    assert (alone["SuiteDown", "endpoints"], alone["SuiteDown", "registration"]) == (1.0, 0.0)
    both = values(bad, core, other, bad=FAILED, core=FAILED)
    assert (both["CriticalDown",], both["SuiteDown", "endpoints"]) == (1.0, 0.0)
    muted = values(msgspec.structs.replace(bad, muted="until then"), other, bad=FAILED)
    assert muted["SuiteDown", "endpoints"] == 0.0
