"""Which alarms and metrics a profile has, of values made by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from canary.alarms.profile import (
    LEAN_FIRST,
    LEAN_NEVER,
    Counted,
    down,
    has_tickets,
    holds_page,
    kept,
    parts,
    selection,
)
from canary.comparison.windows import Window
from canary.config import load
from canary.metrics.table import METRICS, NAMESPACE
from canary.model import Profile, Suite

CHECKS = {c.suite: c for c in reversed(load("development").checks)}


def test_lean_keeps_its_own_ten_in_their_order_of_need() -> None:
    every = (*LEAN_NEVER, "other-b", "other-a", *reversed(LEAN_FIRST))
    assert kept(Profile.LEAN, every) == set(LEAN_FIRST)
    # what is not planned makes room for others, in the order of the plan
    fewer = ("other-b", "other-a", *LEAN_NEVER, *LEAN_FIRST[1:])
    assert kept(Profile.LEAN, fewer) == {*LEAN_FIRST[1:], "other-b"}
    assert kept(Profile.LEAN, LEAN_NEVER) == frozenset()
    for profile in (Profile.STANDARD, Profile.FULL):
        assert kept(profile, every) == set(every)


def test_what_lean_never_has() -> None:
    assert set(LEAN_NEVER) == {
        *("near-timeout", "lambda-errors", "lambda-throttles", "executions-failed"),
        *("executions-timed-out", "changes-late", "follow-errors"),
        *("deploy-in-progress", "deploy-too-long"),
    }
    assert not set(LEAN_NEVER) & set(LEAN_FIRST)


@pytest.mark.parametrize(
    ("profile", "tickets", "holds"),
    [
        (Profile.FULL, True, True),
        (Profile.STANDARD, False, True),
        (Profile.LEAN, False, False),
    ],
)
def test_composites_by_profile(profile: Profile, tickets: bool, holds: bool) -> None:
    assert (has_tickets(profile), holds_page(profile)) == (tickets, holds)


@pytest.mark.parametrize(
    ("outcomes", "count"),
    [
        ({}, 0.0),
        ({"a": "FF"}, 0.0),
        ({"a": "FFF"}, 1.0),
        ({"a": "FFf"}, 0.0),  # passed at last
        ({"a": "FFF", "b": "FFF"}, 1.0),  # b needs four
        ({"a": "PFFF", "b": "FFFF", "c": "FFFF"}, 2.0),
        ({"a": "FFFPP"}, 0.0),
        ({"a": "FFFfP"}, 0.0),
        ({"a": "FFFf"}, 1.0),
    ],
)
def test_how_many_checks_are_down(outcomes: dict[str, str], count: float) -> None:
    three, four = (Window(bad=n, runs=n, recovered=2) for n in (3, 4))
    counted = [
        Counted(check=check, period=60, window=window, every=60)
        for check, window in (("a", three), ("b", four))
    ]
    assert down(counted, outcomes) == count


def test_in_standard_each_suite_has_a_part_with_its_own_checks() -> None:
    two = replace(CHECKS[Suite.ENDPOINTS], id="endpoints.zz")
    found = parts(Profile.STANDARD, [two, *CHECKS.values()])
    assert {p.suite: [c.id for c in p.checks] for p in found} == {
        suite.value: sorted(c.id for c in (two, *CHECKS.values()) if c.suite is suite)
        for suite in CHECKS
    }
    for part in found:
        assert (part.purpose.key, part.purpose.metric) == (f"suite-{part.suite}", "SuiteDown")
        assert part.purpose.runbook == "ticket" and part.suite in part.purpose.when
    assert parts(Profile.STANDARD, []) == ()


@pytest.mark.parametrize("profile", [Profile.FULL, Profile.LEAN])
def test_elsewhere_one_alarm_tells_of_all(profile: Profile) -> None:
    (found,) = parts(profile, CHECKS.values())
    assert [c.id for c in found.checks] == sorted(c.id for c in CHECKS.values())
    assert (found.suite, found.purpose.key, found.purpose.metric) == (
        "",
        "checks-down",
        "ChecksDown",
    )
    assert parts(profile, []) == ()


READ = [(NAMESPACE, "RunCompleted"), (NAMESPACE, "Score"), ("AWS/Lambda", "Errors")]


@pytest.mark.parametrize(
    ("profile", "names"),
    [
        (Profile.LEAN, {"RunCompleted", "Score"}),
        (Profile.STANDARD, {"RunCompleted", "Score", "CheckFailed"}),
        (Profile.FULL, {m.name for m in METRICS} - {"SuiteDown"}),
    ],
)
def test_what_is_published(profile: Profile, names: set[str]) -> None:
    found = selection(profile, READ)
    assert (found.profile, found.names) == (profile, names)
