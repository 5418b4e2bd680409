"""Every alarm of an environment as a whole; run as a module it writes them anew."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from canary.alarms.composites import MAX_CHILDREN, MAX_RULE, PAGES_ON, page_of, tickets_of
from canary.alarms.plan import Alarms, plan_alarms
from canary.metrics.table import MOST_OWN
from canary.model import (
    AlarmWindow,
    Check,
    Config,
    Environment,
    Load,
    Mute,
    Profile,
    Schedule,
    Service,
    Severity,
    Suite,
)

PLANNED = Path(__file__).with_name("planned.json")
ENVIRONMENT = Environment(
    name="test",
    account="123456789012",
    region="us-east-1",
    cluster="test",
    profile=Profile.FULL,
    services={"web": Service(url="https://web.example.com")},
    schedule=Schedule(expression="rate(2 minutes)"),
    disable=("web.off",),
    mutes=(Mute(check="web.muted", reason="it moves", until=dt.date(2026, 12, 1)),),
)


def check(name: str, severity: Severity = Severity.LOW, **more: object) -> Check:
    return Check(
        **{  # type: ignore[arg-type]
            "id": name, "title": f"That {name} holds", "kind": "endpoint", "severity": severity,
            "suite": Suite.ENDPOINTS, "service": "web", "runbook": "docs/runbooks/web.md", **more,
        }
    )  # fmt: skip


CHECKS = (
    check("web.live", Severity.CRITICAL),
    check("web.data", Severity.HIGH, suite=Suite.REGISTRATION),
    check("web.document", Severity.CRITICAL, load=Load.BLOCKING, every=290),
    check("web.often", load=Load.BLOCKING, every=61),
    check("web.muted", Severity.CRITICAL),
    check("web.off", Severity.CRITICAL),
    check("web.own", alarm=AlarmWindow(datapoints=4, periods=9)),
)


def planned(*checks: Check, environment: Environment = ENVIRONMENT) -> Alarms:
    return plan_alarms(Config(environment=environment, checks=checks), "the-function", 60)


def text(alarms: Alarms) -> str:
    return msgspec.json.format(msgspec.json.encode(alarms), indent=1).decode() + "\n"


def test_every_alarm_is_as_it_is_kept() -> None:
    assert text(planned(*CHECKS)) == PLANNED.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("every", "schedule", "period"),
    [(60, 1, 60), (61, 1, 120), (120, 1, 120), (290, 1, 300), (60, 5, 300), (330, 5, 360)],
)
def test_a_blocking_check_has_whole_minutes_of_its_interval(
    every: int, schedule: int, period: int
) -> None:
    unit = "minute" if schedule == 1 else "minutes"
    environment = msgspec.structs.replace(
        ENVIRONMENT, schedule=Schedule(expression=f"rate({schedule} {unit})")
    )
    blocking = check("web.b", load=Load.BLOCKING, every=every)
    light = check("web.a", every=every)
    found = planned(light, blocking, environment=environment).alarms[:2]
    assert [a.period for a in found] == [60 * schedule, period]


@pytest.mark.parametrize(
    ("schedule", "periods"),
    [("rate(1 minute)", 6), ("rate(2 minutes)", 5), ("rate(5 minutes)", 5), ("rate(1 hour)", 5)],
)
def test_the_heartbeat_waits_until_late_points_have_come(schedule: str, periods: int) -> None:
    """A point comes up to seven minutes late: of slower schedules that is few periods."""
    environment = msgspec.structs.replace(ENVIRONMENT, schedule=Schedule(expression=schedule))
    alarms = planned(*CHECKS, environment=environment).alarms
    found = [(a.datapoints, a.periods) for a in alarms if a.key == "heartbeat"]
    assert found == [(periods, periods)]


def test_of_very_many_checks_the_most_severe_have_an_alarm_each() -> None:
    mild = [check(f"web.a{n:03}") for n in range(MOST_OWN)]
    exactly = planned(*mild).alarms
    assert [a.check for a in exactly if a.check] == [c.id for c in mild]
    assert "checks-down" not in {a.key for a in exactly}
    more = planned(*mild, check("web.z", Severity.HIGH)).alarms
    assert [a.check for a in more if a.check] == [*(c.id for c in mild[:-1]), "web.z"]
    rest = more[-1]
    assert (rest.key, rest.datapoints, rest.periods, rest.missing) == (
        "checks-down",
        1,
        1,
        "ignore",
    )
    assert (rest.threshold, rest.route, rest.series[0].name) == (0, "ticket", "ChecksDown")
    assert (
        rest.purpose
        == "checks are down in their own windows, of which not every one has an alarm of its own"
    )


OWN = dict(zip(PAGES_ON, "dlsf", strict=True))


def page(*critical: str) -> tuple[str, tuple[str, ...]]:
    found = page_of(ENVIRONMENT, OWN, critical=critical, suppressor="x")
    return found.rule, found.listens


def test_the_page_holds_the_first_critical_checks_that_fit_into_one_rule() -> None:
    assert (MAX_CHILDREN, MAX_RULE) == (100, 10_240)
    remembered = 'ALARM("d") OR ALARM("l") OR (ALARM("s") AND (ALARM("f")'
    assert page() == (f"{remembered}))", tuple("dlsf"))
    assert page("a")[0] == f'{remembered} OR ALARM("a")))'
    names = tuple(f"n{n:03}" for n in range(200))
    assert page(*names)[1] == (*names[: MAX_CHILDREN - 4], *"dlsf")
    rule, listens = page(*(f"{n:03}" + 197 * "n" for n in range(60)))
    assert 40 < len(listens) < 60 and MAX_RULE - 250 < len(rule) <= MAX_RULE


def parts(*alarms: str) -> dict[str, tuple[str, ...]]:
    found = tickets_of(ENVIRONMENT, {"access": alarms}, suppressor="page")
    assert all(len(t.rule) <= MAX_RULE and t.rule.count('ALARM("') == len(t.listens) for t in found)
    return {t.key: t.listens for t in found}


def test_a_suite_that_is_too_large_for_one_rule_has_several_tickets() -> None:
    names = tuple(f"n{n:03}" for n in range(2 * MAX_CHILDREN + 1))
    assert parts() == {}
    assert parts(*names[:MAX_CHILDREN]) == {"ticket-access": names[:MAX_CHILDREN]}
    assert parts(*names) == {
        "ticket-access": names[:MAX_CHILDREN],
        "ticket-access-2": names[MAX_CHILDREN : 2 * MAX_CHILDREN],
        "ticket-access-3": names[2 * MAX_CHILDREN :],
    }
    long = "n" * (MAX_RULE - len('ALARM("a") OR ALARM("")'))
    assert parts("a", long, "b") == {"ticket-access": ("a", long), "ticket-access-2": ("b",)}
    assert parts("a", long + "n", "b") == {
        "ticket-access": ("a",), "ticket-access-2": (long + "n",), "ticket-access-3": ("b",)
    }  # fmt: skip


def test_a_description_is_cut_where_cloudwatch_cuts_it() -> None:
    title = "That " + "x" * 115
    long = check("web.live", title=title, runbook="r" * 1000)
    described = planned(long).alarms[0].description
    report = "Report: s3://hokusai-canary-test-123456789012-us-east-1/canary/latest/test.html"
    assert described == (f"The check requires: {title}. {report} Runbook: " + "r" * 1000)[:1024]


if __name__ == "__main__":
    PLANNED.write_text(text(planned(*CHECKS)), encoding="utf-8")


def test_an_alarm_of_a_check_without_a_runbook_names_none() -> None:
    bare = msgspec.structs.replace(CHECKS[0], runbook="")
    (alarm,) = (a for a in planned(bare).alarms if a.check == bare.id)
    assert "Runbook" not in alarm.description
    assert "Report: " in alarm.description and " First: python -m canary" in alarm.description
