"""Burn rates: two pairs of windows over what the critical checks count, in the one page."""

from __future__ import annotations

import msgspec
import pytest

from canary.alarms.composites import Route
from canary.alarms.plan import Alarms, plan_alarms
from canary.config.aws_limits import problems
from canary.metrics.profile import Selection
from canary.model import Config, Profile, Schedule, Severity
from tests.canary.alarms.test_plan import ENVIRONMENT, check

CRITICAL = tuple(check(f"web.c{n}", Severity.CRITICAL) for n in range(8))
CHECKS = (*CRITICAL, check("web.low"), check("web.off", Severity.CRITICAL))
EVERY_MINUTE = Schedule(expression="rate(1 minute)")


def planned(*checks: object, **more: object) -> Alarms:
    settings = {"schedule": EVERY_MINUTE, "burn_rates": True, **more}
    where = msgspec.structs.replace(ENVIRONMENT, **settings)
    return plan_alarms(Config(environment=where, checks=checks), "fn", 60)  # type: ignore[arg-type]


def windows(alarms: Alarms) -> dict[str, tuple[int, float]]:
    return {a.key: (a.period, a.threshold) for a in alarms.alarms if a.key.startswith("burn")}


def test_each_window_has_the_sum_that_its_factor_allows() -> None:
    """Eight critical checks that run each minute; the one that is disabled does not count."""
    assert windows(planned(*CHECKS)) == {
        "burn-60m": (3600, 6.912), "burn-5m": (300, 0.576),
        "burn-360m": (21600, 17.28), "burn-30m": (1800, 1.44),
    }  # fmt: skip
    assert windows(planned(*CHECKS, slo=99.0))["burn-60m"] == (3600, 69.12)
    slow = windows(planned(*CHECKS, schedule=Schedule(expression="rate(10 minutes)")))
    assert (slow["burn-60m"], slow["burn-5m"]) == ((3600, 0.691), (600, 0.115))


def test_a_pair_pages_where_both_of_its_windows_ring_and_sends_nothing_by_itself() -> None:
    alarms = planned(*CHECKS)
    names = [f"hokusai-canary-test-burn-{m}m" for m in (60, 5, 360, 30)]
    rang = [f'ALARM("{name}")' for name in names]
    assert alarms.page.rule.endswith(f" OR ({rang[0]} AND {rang[1]}) OR ({rang[2]} AND {rang[3]})")
    assert set(names) < set(alarms.page.listens)
    burning = [a for a in alarms.alarms if a.name in names]
    assert {(a.route, a.series[0].stat, a.series[0].name) for a in burning} == {
        (Route.VIA_COMPOSITE, "Sum", "CriticalFailed")
    }


def test_an_alarm_on_a_window_is_one_sum_and_has_its_runbook() -> None:
    (first, *_) = [a for a in planned(*CHECKS).alarms if a.key == "burn-60m"]
    assert (first.datapoints, first.periods) == (1, 1)
    assert (
        "critical checks spend the error budget 14.4 times faster than allowed, over 60 minutes"
    ) in first.description
    (series,) = first.series
    assert (series.id, series.dimensions) == ("m", {"Environment": "test"})


def test_there_are_none_unless_they_are_asked_for_and_something_is_critical() -> None:
    assert windows(planned(*CHECKS, burn_rates=False)) == {}
    assert windows(planned(check("web.low"))) == {}
    assert "burn" not in planned(*CHECKS, burn_rates=False).page.rule


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, []),
        ({"profile": Profile.LEAN},
         ["burn_rates: the profile lean has no room for these alarms: choose standard or full"]),
        ({"slo": 93.0}, ["burn_rates: needs an slo of 93.1 or more, not 93"]),
        ({"slo": 93.1}, []),
    ],
)  # fmt: skip
def test_what_cannot_ring_is_refused(more: dict[str, object], told: list[str]) -> None:
    where = msgspec.structs.replace(ENVIRONMENT, burn_rates=True, **more)
    assert [p for p in problems(where) if p.startswith("burn_rates")] == told


def test_they_read_no_metric_that_is_not_there_anyway() -> None:
    assert Selection().has("CriticalFailed")
    assert {s.name for a in planned(*CHECKS).alarms for s in a.series} == {
        s.name for a in planned(*CHECKS, burn_rates=False).alarms for s in a.series
    }
