"""Would it page? The promises of docs/decisions/0005, replayed through the planned alarms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from canary.alarms.plan import Alarms, plan_alarms
from canary.model import Check, Config, Environment, Load, Profile, Service, Severity, Suite
from canary.rehearsal.delays import Delays
from canary.rehearsal.replay import (
    Minute,
    Rehearsal,
    deploys,
    flapping,
    noise,
    outage,
    rehearse,
    silence,
)

CRITICAL = [f"registry.critical-{n}" for n in range(8)]
OTHERS = [f"registry.other-{n}" for n in range(32)]
DOCUMENT = "registry.document"
QUARTER = 90 * 1440


def check(name: str, severity: Severity) -> Check:
    return Check(
        id=name,
        title="Something that must hold",
        kind="endpoint",
        suite=Suite.ENDPOINTS,
        service="registry",
        severity=severity,
        runbook="docs/runbooks/registry.md",
    )


@pytest.fixture(scope="module")
def alarms() -> Alarms:
    environment = Environment(
        name="test",
        account="123456789012",
        region="us-east-1",
        cluster="test",
        profile=Profile.FULL,
        services={"registry": Service(url="https://registry.example.com")},
    )
    checks = [check(c, Severity.CRITICAL) for c in CRITICAL]
    checks += [check(c, Severity.MEDIUM) for c in OTHERS]
    document = check(DOCUMENT, Severity.HIGH)
    checks.append(replace(document, load=Load.BLOCKING, every=290, needs=(OTHERS[0],)))
    return plan_alarms(Config(environment=environment, checks=tuple(checks)), "fn", 60)


def replay(alarms: Alarms, outcomes: Iterator[Minute], seed: int = 1) -> Rehearsal:
    return rehearse(alarms, outcomes, frozenset(CRITICAL), seed=seed)


def told(rehearsal: Rehearsal) -> list[str]:
    return [p.alarm.removeprefix("hokusai-canary-test-") for p in rehearsal.pages()]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("length", [9, 40])
def test_a_hard_outage_pages_once_within_seven_minutes_and_clears_after_ten_good_ones(
    alarms: Alarms, seed: int, length: int
) -> None:
    seen = replay(alarms, outage([*CRITICAL, *OTHERS], 30, length, length + 90), seed)
    assert told(seen) == ["page"] and 2 < seen.pages()[0].minute - 30 <= 7
    (closed,) = [m for m in seen.messages if m.alarm.endswith("-page") and m.state == "OK"]
    assert 10 <= closed.minute - 30 - length <= 15


def test_silence_pages_within_seven_minutes_and_only_the_heartbeat(alarms: Alarms) -> None:
    seen = replay(alarms, silence(start=60, length=60, minutes=120))
    assert told(seen) == ["heartbeat"] and seen.pages()[0].minute - 60 <= 7


def test_late_points_are_no_silence(alarms: Alarms) -> None:
    late = Delays(late=0.05)
    for seed in range(3):
        seen = rehearse(alarms, silence(0, 0, 600), frozenset(CRITICAL), late, seed)
        assert seen.messages == ()


def test_a_deployment_that_heals_itself_pages_nobody(alarms: Alarms) -> None:
    assert replay(alarms, deploys(CRITICAL, days=1)).pages() == ()


def test_a_deployment_that_stays_broken_pages_once_after_a_quarter_of_an_hour(
    alarms: Alarms,
) -> None:
    seen = replay(alarms, deploys(CRITICAL, days=1, broken_minutes=60))
    assert told(seen) == ["page"] and 8 <= seen.pages()[0].minute - 602 <= 15


def test_a_deployment_that_is_announced_for_ever_holds_nothing_back_after_an_hour(
    alarms: Alarms,
) -> None:
    begin = 100
    minutes = (
        Minute(deploying=m >= 10, failed=frozenset(CRITICAL[:1] if m >= begin else ()))
        for m in range(140)
    )
    seen = replay(alarms, minutes)
    assert told(seen) == ["page"] and seen.pages()[0].minute - begin <= 7
    assert any(t.alarm.endswith("deploy-too-long") and t.minute < 75 for t in seen.tickets())


@pytest.mark.parametrize(("up", "down"), [(1, 2), (1, 1), (1, 4)])
def test_what_flaps_is_told_within_a_quarter_of_an_hour_and_once(
    alarms: Alarms, up: int, down: int
) -> None:
    seen = replay(alarms, flapping(CRITICAL[:2], up=up, down=down, minutes=90))
    assert told(seen) == ["page"] and seen.pages()[0].minute <= 16


def test_checks_that_cannot_be_tried_are_told_and_all_of_them_ring_the_heartbeat(
    alarms: Alarms,
) -> None:
    def skipped(checks: list[str]) -> Iterator[Minute]:
        return (Minute(skipped=frozenset(checks if m >= 30 else ())) for m in range(60))

    one = replay(alarms, skipped(CRITICAL[:1]))
    assert told(one) == []
    assert [t.alarm for t in one.tickets()] == ["hokusai-canary-test-checks-blind"]
    assert one.tickets()[0].minute - 30 <= 6
    assert told(replay(alarms, skipped(CRITICAL))) == ["heartbeat"]


@pytest.mark.parametrize("failing", [1, 8])
def test_with_its_state_lost_the_raw_alarms_page_once(alarms: Alarms, failing: int) -> None:
    outcomes = (
        Minute(
            state_lost=True,
            failed=frozenset(CRITICAL[:failing] if 20 < m <= 50 and m % 7 else ()),
        )
        for m in range(90)
    )
    seen = replay(alarms, outcomes)
    assert told(seen) == ["page"] and seen.pages()[0].minute - 22 <= 7


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("p", [0.001, 0.005])
def test_a_quarter_of_transient_failures_pages_nobody(alarms: Alarms, p: float) -> None:
    assert replay(alarms, noise([*CRITICAL, *OTHERS], p, QUARTER, seed=7)).pages() == ()


def test_a_blocking_check_has_two_periods_of_its_own_cadence(alarms: Alarms) -> None:
    (own,) = (a for a in alarms.alarms if a.check == DOCUMENT)
    assert (own.period, own.datapoints, own.periods, own.missing) == (300, 2, 2, "ignore")
    assert {a.period for a in alarms.alarms if a.key != DOCUMENT} == {60}


def states(alarms: Alarms, failing: range) -> list[tuple[int, str]]:
    """Return the minutes of the suite's ticket while only the document fails."""
    minutes = (Minute(failed=frozenset((DOCUMENT,) if m in failing else ())) for m in range(90))
    found = replay(alarms, minutes).messages
    return [(m.minute, m.state) for m in found if m.alarm.endswith("ticket-endpoints")]


@pytest.mark.parametrize("begin", range(31, 36))
def test_a_document_that_fails_opens_a_ticket_and_clears_it(alarms: Alarms, begin: int) -> None:
    """It is asked every five minutes; a ticket waits three for a page, which may report it."""
    (opened, _), (closed, _) = found = states(alarms, range(begin, 58))
    assert [state for _, state in found] == ["ALARM", "OK"]
    assert 9 <= opened - begin <= 20 and 58 < closed <= 70


def test_a_document_that_fails_once_opens_no_ticket(alarms: Alarms) -> None:
    assert states(alarms, range(33, 38)) == []
    minutes = (Minute(failed=frozenset({DOCUMENT}), unstable=frozenset({DOCUMENT})),) * 5
    found = replay(alarms, iter((*(Minute(),) * 30, *minutes, *(Minute(),) * 60)))
    assert found.tickets() == ()  # one first attempt that failed, not five
