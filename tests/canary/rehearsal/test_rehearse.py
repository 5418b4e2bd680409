"""Would it page? The promises of docs/decisions/0005, replayed through the planned alarms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from canary.alarms.plan import Alarms, plan_alarms
from canary.model import Check, Config, Environment, Load, Service, Severity, Suite
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
        services={"registry": Service(url="https://registry.example.com")},
    )
    checks = [check(c, Severity.CRITICAL) for c in CRITICAL]
    checks += [check(c, Severity.MEDIUM) for c in OTHERS]
    document = check(DOCUMENT, Severity.HIGH)
    checks.append(replace(document, load=Load.BLOCKING, every=290, needs=(OTHERS[0],)))
    return plan_alarms(Config(environment=environment, checks=tuple(checks)), "fn", 60)


def replay(alarms: Alarms, outcomes: Iterator[Minute]) -> Rehearsal:
    return rehearse(alarms, outcomes, frozenset(CRITICAL))


def test_a_hard_outage_pages_once_and_within_three_minutes(alarms: Alarms) -> None:
    told = replay(alarms, outage([*CRITICAL, *OTHERS], start=30, length=9, minutes=120))
    pages = told.pages()
    assert [p.alarm for p in pages] == ["hokusai-canary-test-page"]
    assert pages[0].minute - 30 <= 3
    closed = [m for m in told.messages if m.alarm == pages[0].alarm and m.state == "OK"]
    assert len(closed) == 1 and closed[0].minute >= 41  # three good runs end an incident


def test_an_outage_of_twenty_minutes_escalates_exactly_once_more(alarms: Alarms) -> None:
    told = replay(alarms, outage(CRITICAL, start=30, length=20, minutes=120))
    assert [p.alarm for p in told.pages()] == [
        "hokusai-canary-test-page",
        "hokusai-canary-test-critical-failed-long",
    ]


def test_silence_pages_within_five_minutes_and_only_the_heartbeat(alarms: Alarms) -> None:
    told = replay(alarms, silence(start=60, length=60, minutes=120))
    assert [p.alarm for p in told.pages()] == ["hokusai-canary-test-heartbeat"]
    assert told.pages()[0].minute - 60 <= 5


def test_a_deployment_that_heals_itself_pages_nobody(alarms: Alarms) -> None:
    assert replay(alarms, deploys(CRITICAL, days=3)).pages() == ()


def test_a_deployment_that_stays_broken_pages_after_it(alarms: Alarms) -> None:
    told = replay(alarms, deploys(CRITICAL, days=1, broken_minutes=60))
    assert told.pages()[0].alarm == "hokusai-canary-test-page" or "long" in told.pages()[0].alarm
    assert told.pages()[0].minute - 602 <= 15


def test_flapping_between_bad_minutes_opens_tickets_but_no_page(alarms: Alarms) -> None:
    told = replay(alarms, flapping(CRITICAL[:1], up=3, down=2, minutes=600))
    assert told.pages() == () and any("unstable" in t.alarm for t in told.tickets())


def test_an_incident_that_flaps_is_one_page(alarms: Alarms) -> None:
    told = replay(alarms, flapping(CRITICAL[:2], up=1, down=4, minutes=60))
    assert [p.alarm for p in told.pages()] == ["hokusai-canary-test-page"]


def test_with_its_state_lost_the_raw_alarms_page(alarms: Alarms) -> None:
    outcomes = (
        Minute(state_lost=True, failed=frozenset(CRITICAL[:1] if minute > 20 else ()))
        for minute in range(40)
    )
    assert replay(alarms, outcomes).pages()[0].alarm == "hokusai-canary-test-page"


def test_one_target_of_three_is_noticed_within_fifteen_minutes_by_instability(
    alarms: Alarms,
) -> None:
    """By target health it is seen in one run; this is what is left where that cannot be read."""
    seen = 0
    for seed in range(40):
        told = replay(alarms, outage(CRITICAL, 30, 15, 60, share=0.34, seed=seed))
        seen += any(30 <= m.minute < 48 for m in (*told.tickets(), *told.pages()))
    assert seen / 40 >= 0.6


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
def test_a_document_that_fails_opens_a_ticket_within_ten_minutes_and_clears_it_in_five(
    alarms: Alarms, begin: int
) -> None:
    """It is asked at 35 and 40; a ticket waits three minutes for a page, which may report it."""
    assert states(alarms, range(begin, 58)) == [(43, "ALARM"), (60, "OK")]


def test_a_document_that_fails_once_opens_no_ticket(alarms: Alarms) -> None:
    assert states(alarms, range(33, 38)) == []
    minutes = (Minute(failed=frozenset({DOCUMENT}), unstable=frozenset({DOCUMENT})),) * 5
    found = replay(alarms, iter((*(Minute(),) * 30, *minutes, *(Minute(),) * 60)))
    assert found.tickets() == ()  # one first attempt that failed, not five
