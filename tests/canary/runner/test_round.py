"""What is read because something failed takes three seconds in sum, whatever of it hangs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from canary.adapters.deadlines import within
from canary.comparison.previous import Previous
from canary.conclude import judge
from canary.control_plane.state import NOT_IN_TIME, PlatformState
from canary.control_plane.write_calls import Audit
from canary.model import Explanation, Report
from canary.observe.edge.failed import Failed
from canary.observe.failing.again import PARTS
from canary.observe.write_calls import Asked
from canary.pipeline import begin, run_once
from canary.runner import RunRequest, carry_out
from canary.runner.changers import LEAST_S
from canary.runner.earlier import STATES_S
from canary.runner.noting import Attempts
from canary.runner.round import AUDIT_S, GUARD_S, ROUND_S, STARVED_S, after_failures
from tests.canary.runner.test_changers import DIAGNOSIS
from tests.canary.support import made, worlds

FIRST = PlatformState(read_at="2026-11-30T10:00:00+00:00")


def hang(*_: Any) -> Any:
    time.sleep(30)


def run(kind: str = "fails", budget_s: float = 20, **changes: Any) -> tuple[Report, Any]:
    """Carry out a run, and return its report and what the diagnosis was given."""
    given: list[PlatformState] = []

    def diagnose(_results: Any, state: PlatformState, *_: Any) -> Explanation:
        given.append(state)
        return Explanation(diagnoses=(DIAGNOSIS,))

    config = worlds.config(worlds.check("api.it", kind))
    ports = worlds.ports(
        config.environment,
        **{"observe": lambda: FIRST, "diagnose": diagnose, "within": within, **changes},
    )
    return run_once(ports, config, RunRequest(budget_s=budget_s)), given


def asked(seen: list[float], answer: Callable[[PlatformState], PlatformState] = lambda s: s) -> Any:
    """Return a port that notes the seconds that it has."""

    def refresh(state: PlatformState, _failed: Failed, seconds: float) -> PlatformState:
        seen.append(seconds)
        return answer(state)

    return refresh


@pytest.mark.parametrize(
    ("audit", "seconds"),
    [(None, ROUND_S - GUARD_S), (lambda *_: Audit(), ROUND_S - AUDIT_S - GUARD_S)],
)
def test_the_second_reading_leaves_cloudtrail_its_part_of_the_time(
    audit: Any, seconds: float
) -> None:
    seen: list[float] = []
    run(refresh_failing=asked(seen), audit=audit)
    assert seen == [pytest.approx(seconds)]


def test_cloudtrail_has_what_the_readings_before_have_left() -> None:
    left: list[float] = []

    def audit(_asked: Asked, seconds: float) -> Audit:
        left.append(seconds)
        return Audit()

    def slow(state: PlatformState) -> PlatformState:
        time.sleep(0.4)
        return state

    run(refresh_failing=asked([], slow), audit=audit)
    (seconds,) = left
    assert AUDIT_S < seconds <= ROUND_S - 0.4


def test_a_healthy_run_reads_nothing_again() -> None:
    seen: list[float] = []
    report, _ = run("passes", refresh_failing=asked(seen))
    assert (seen, report.run.notes) == ([], ())


def test_a_reading_that_ends_by_a_bug_leaves_its_parts_unread() -> None:
    def broken(state: PlatformState) -> PlatformState:
        raise ValueError("a bug")

    report, given = run(refresh_failing=asked([], broken))
    assert report.run.notes == ("the control plane could not be read again: ValueError: a bug",)
    (state,) = given
    assert (state.read_at, set(state.unread)) == (FIRST.read_at, {*PARTS})
    assert {u.code for u in state.unavailable} == {NOT_IN_TIME}


def test_without_time_the_parts_are_unread_and_a_note_says_so() -> None:
    seen: list[float] = []
    report, given = run(budget_s=2, refresh_failing=asked(seen))
    assert seen == []
    assert "no time was left to read the control plane again after the failures" in report.run.notes
    assert [set(state.unread) for state in given] == [{*PARTS}]


@pytest.mark.slow
def test_all_that_hangs_at_once_takes_three_seconds_in_sum() -> None:
    """The store's states, the control plane and CloudTrail, by the clock."""
    moments: list[float] = []
    had = made.report(made.result("F", "api.it"), platform_state="one")

    def refresh(*_: Any) -> Any:
        moments.append(time.monotonic())
        return hang()

    def audit(_asked: Asked, seconds: float) -> Audit:
        time.sleep(seconds)  # as the adapter does, which gives what came by then
        moments.append(time.monotonic())
        return Audit(problem="CloudTrail did not answer in time")

    report, given = run(
        refresh_failing=refresh,
        audit=audit,
        previous=lambda: Previous(report=had),
        read_state=lambda _name, seconds: within(seconds, hang),
    )
    begun, ended = moments
    assert ended - begun <= ROUND_S + 0.2
    assert [set(state.unread) for state in given] == [{*PARTS}]
    told = " ".join(report.run.notes)
    assert "the control plane could not be read again: TimeoutError" in told
    assert "CloudTrail did not answer in time" in told
    assert "the control plane of the previous run could not be read" in told


def test_what_is_kept_for_cloudtrail_is_worth_a_question() -> None:
    assert AUDIT_S > LEAST_S and pytest.approx(ROUND_S - AUDIT_S) == STATES_S


@pytest.mark.parametrize(("starved", "most"), [(False, ROUND_S), (True, STARVED_S)])
def test_a_process_without_its_processor_has_more_time(starved: bool, most: float) -> None:
    """What is late is then the process's own doing, and not AWS's."""
    seen: list[float] = []
    config = worlds.config(worlds.check("api.it", "fails"))
    ports = worlds.ports(config.environment, refresh_failing=asked(seen))
    start = begin(ports, config, RunRequest(budget_s=60))
    outcome = msgspec.structs.replace(carry_out(ports, start), cpu_starved=starved)
    judged = judge(start, outcome, Attempts())
    found = after_failures(ports, start, outcome, judged, outcome.times.end, Attempts())
    assert seen == [pytest.approx(most - GUARD_S)]
    assert most - 1 < found.left_s <= most
