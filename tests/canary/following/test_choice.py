"""Which checks a run looks at that follows a change, and which changes need none."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from canary.following.choice import AGAIN_S, Covered, checks_of
from canary.model import Check, Config, Followed, Load, Service, Severity, Suite
from canary.probes import KINDS
from infra.following import GATHER_S
from tests.canary.support.servers.toolbox import environment

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def change(ago_s: float = 5, *, service: str = "api", **more: Any) -> Followed:
    at = (NOW - dt.timedelta(seconds=ago_s)).isoformat()
    return Followed(**{"service": service, "event": "E", "id": "1", "at": at} | more)


def check(name: str, service: str = "api", kind: str = "endpoint", **more: Any) -> Check:
    return Check(
        id=f"x.{name}", title="It holds", kind=kind, suite=Suite.ENDPOINTS, service=service,
        severity=Severity.HIGH, runbook="docs/x.md", **more,
    )  # fmt: skip


def test_the_changed_service_and_who_depends_on_it_are_looked_at() -> None:
    where = environment(
        services={
            "db": Service(), "api": Service(depends_on=("db",)),
            "front": Service(depends_on=("api",)), "far": Service(depends_on=("front",)),
        }
    )  # fmt: skip
    checks = (
        check("api"), check("front", "front"), check("far", "far"), check("db", "db"),
        check("flow", kind="registration"), check("ready", load=Load.BLOCKING),
        check("after", needs=("x.flow",)), check("later", needs=("x.api",)),
    )  # fmt: skip
    found = checks_of((change(),), Config(environment=where, checks=checks), KINDS)
    assert found == ("x.api", "x.front", "x.later")
    assert checks_of((), Config(environment=where, checks=checks), KINDS) == ()


def test_a_storm_of_events_is_one_run() -> None:
    covered = Covered()
    storm = [change(n / 10, id=str(n % 3)) for n in range(300)]
    left = covered.left(storm, NOW)
    assert len(left) == 3
    covered.began(left, NOW)
    assert covered.left(storm, NOW) == ()
    assert covered.left([change(-1)], NOW) == (change(-1),)  # it came after that run began
    assert covered.left([change(service="front")], NOW) == (change(service="front"),)


def test_a_second_look_is_due_two_minutes_after_the_change() -> None:
    covered, again = Covered(), change(125, again=True)
    covered.began([change()], NOW - dt.timedelta(seconds=60))
    assert covered.left([again], NOW) == (again,)
    covered.began([change()], NOW - dt.timedelta(seconds=4))
    assert covered.left([again], NOW) == ()


def test_what_is_long_over_or_in_the_future_is_not_followed() -> None:
    assert Covered().left([change(901), change(-121), change(at="x")], NOW) == ()


def told_after(shows_s: float, run_s: float) -> float:
    """Return the seconds from a change until a run that sees its failure has ended.

    The failure shows `shows_s` after the change. Both queues deliver; runs are once at a time.
    """
    covered, free = Covered(), 0.0
    for delay, again in ((0, False), (AGAIN_S, True)):
        begins = max(delay + GATHER_S, free)
        now = NOW + dt.timedelta(seconds=begins)
        left = covered.left([change(0, again=again)], now)
        if not left:
            continue
        covered.began(left, now)
        free = begins + run_s
        if begins >= shows_s:
            return free
    raise AssertionError("no run saw it")


@pytest.mark.parametrize("run_s", [2, 20, 50])
@pytest.mark.parametrize("shows_s", [0, 5, 6, 60, 125])
def test_what_a_change_broke_is_told_within_three_minutes(shows_s: float, run_s: float) -> None:
    assert told_after(shows_s, run_s) <= 180
    assert (told_after(shows_s, run_s) <= GATHER_S + run_s) == (shows_s <= GATHER_S)
