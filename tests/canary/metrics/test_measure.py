"""Metrics: one table, and the points that a report gives."""

from __future__ import annotations

import msgspec

from canary.comparison.history import KEPT, updated
from canary.metrics.measure import Point, measure, measure_explained
from canary.metrics.table import BY_NAME, METRICS, MOST_OWN
from canary.model import (
    AlarmWindow,
    CheckHistory,
    Comparison,
    Load,
    Report,
    Residue,
    Result,
    Severity,
    Status,
)
from tests.canary.support.made import report, result


def every_point(made: Report) -> tuple[Point, ...]:
    return (*measure(made), *measure_explained(made))


def points(made: Report) -> dict[tuple[str, ...], float]:
    return {(p.metric, *(v for _, v in p.dimensions[1:])): p.value for p in every_point(made)}


def test_failed_and_passed_checks_have_a_point_others_none() -> None:
    found = points(report(*(result(s, f"api.{s.lower()}") for s in "PFES")))
    assert found["CheckFailed", "api.p"] == 0.0 and found["CheckFailed", "api.f"] == 1.0
    assert ("CheckFailed", "api.e") not in found and ("CheckFailed", "api.s") not in found
    assert found["ChecksErrored",] == 1.0 and found["ChecksSkipped",] == 1.0
    assert found["Score", "endpoints"] == 25.0


def test_every_metric_of_the_table_is_published() -> None:
    found = [p.metric for p in every_point(report(result()))]
    assert set(found) == set(BY_NAME) and len(BY_NAME) == len(METRICS)
    assert len(found) == len(set(found))  # none is published twice


def test_residue_lost_state_and_muted_checks_are_counted_as_they_should() -> None:
    left = (
        Residue(kind="run", name="a", removed=False),
        Residue(kind="run", name="b", removed=True),
    )
    muted = result("F", muted="until then")
    found = points(report(muted, residue=left, comparison=Comparison(note="unreadable")))
    assert found["CleanupResidue",] == 1.0 and found["OrphansRemoved",] == 1.0
    assert found["StateLost",] == 1.0 and found["CriticalFailed",] == 0.0
    assert found["CheckFailed", "api.it"] == 0.0  # its alarm knows nothing of mutes


OUTCOMES = ("PPF", "PFF", "FFF", "FSFSF", "FFFPPP", "FFF" + 10 * "P", 6 * "FP")


def test_a_window_of_its_own_puts_a_check_down_in_the_count() -> None:
    own = AlarmWindow(datapoints=2, periods=6)
    for severity, metric in ((Severity.CRITICAL, "CriticalDown"), (Severity.LOW, "ChecksDown")):
        it = result("F", severity=severity, alarm=own)
        known = (CheckHistory(outcomes=o) for o in ("FPPPPPF", "FPPPPF"))
        found = [points(report(it, history={"api.it": h}))[metric,] for h in known]
        assert found == [0.0, 1.0]


def blind(*checks: Result, outcomes: str = "PSSS") -> tuple[float, float]:
    """Return ChecksBlind and RunCompleted where each check that is no PASS was so for long."""
    history = {
        r.check_id: CheckHistory(outcomes="PPPP" if r.status is Status.PASS else outcomes)
        for r in checks
    }
    found = points(report(*checks, history=history))
    assert found["CriticalDown",] == 0.0  # the canary's own blindness is no failing platform
    return found["ChecksBlind",], found["RunCompleted",]


def test_critical_checks_that_are_not_tried_are_told_and_all_of_them_cost_the_heartbeat() -> None:
    a, b = result("S", "api.a"), result("S", "api.b")
    seen = result("P", "api.seen")
    assert blind(a, seen) == (1.0, 1.0)
    assert blind(a, b) == (2.0, 0.0)
    assert blind(a, result("E", "api.e"), outcomes="PSES") == (1.0, 0.0)
    assert blind(result("E", "api.e"), outcomes="EEE") == (0.0, 0.0)  # ChecksErrored tells it
    assert blind(a, outcomes="SS") == blind(a, outcomes="SSPSS") == (0.0, 0.0)
    assert blind(result("S", "api.low", severity=Severity.LOW), seen) == (0.0, 1.0)
    assert blind(result("S", "api.m", muted="until then"), seen) == (0.0, 1.0)


def test_the_heartbeat_counts_critical_checks_of_this_run_that_are_not_muted() -> None:
    low = result("P", "api.low", severity=Severity.LOW)
    assert blind(result("E", "api.e"), low) == (0.0, 0.0)
    assert blind(result("F", "api.e"), result("E", "api.f")) == (0.0, 1.0)
    assert blind(result("E", "api.old", reused=True), low) == (0.0, 1.0)
    assert blind(result("E", "api.m", muted="until then")) == (0.0, 1.0)
    assert blind(result("E", "api.l", severity=Severity.LOW)) == (0.0, 0.0)


def test_a_skip_is_explained_by_a_failure_that_pages_and_by_no_other() -> None:
    def waits(need: Result) -> float:
        between = result("S", "api.between", needs=("api.need",), severity=Severity.LOW)
        last = result("S", "api.last", needs=("api.between",))
        return blind(need, between, last, result("P", "api.well"))[0]

    assert waits(result("F", "api.need")) == 0.0
    assert waits(result("F", "api.need", severity=Severity.HIGH)) == 1.0
    assert waits(result("F", "api.need", muted="until then")) == 1.0
    assert waits(result("E", "api.need")) == 1.0


def test_a_critical_check_is_down_by_its_own_window() -> None:
    def down(outcomes: str) -> float:
        return points(report(result(), history={"api.it": CheckHistory(outcomes=outcomes)}))[
            "CriticalDown",
        ]

    assert [down(o) for o in OUTCOMES] == [0, 0, 1, 1, 1, 0, 1]


def in_turn(*outcomes: str, **more: object) -> float:
    """Return CriticalDown where each critical check has had these outcomes."""
    results = [result("P", f"api.{n}", **more) for n in range(len(outcomes))]
    history = {f"api.{n}": CheckHistory(outcomes=o) for n, o in enumerate(outcomes)}
    return points(report(*results, history=history))["CriticalDown",]


def test_critical_checks_that_fail_in_turn_are_down_until_ten_clean_runs() -> None:
    one, other, clean = "FPPP" * 4, "PPFP" * 4, 10 * "P"  # 4 failures of 15 each, 8 of 16 together
    assert in_turn(one, other) == in_turn(one) == 0.0
    third = "PPPF" * 4
    assert in_turn(one, other, third) == 1.0  # 12 of 16
    assert in_turn(one + clean[1:], other + clean[1:], third + clean[1:]) == 1.0
    assert in_turn(one + clean, other + clean, third + clean) == 0.0
    # undecided runs count nowhere, and the newest outcomes are those of the same runs
    assert in_turn("E" + one, "S" + other, third) == in_turn(one, other, "P" * 40 + third) == 1.0
    assert in_turn(one, other, third, load=Load.BLOCKING) == 0.0  # of other runs each
    assert in_turn(one, other, third, muted="until then") == 0.0


def test_a_check_that_recovers_ends_no_outage_in_which_others_still_fail() -> None:
    """A slow degradation paged twice: one check passed ten times, another had failed meanwhile."""
    one, other = "P" * 9 + "FFF" + 10 * "P", "P" * 17 + "F" + 4 * "P"
    assert (in_turn(one), in_turn(other), in_turn(one, other)) == (0.0, 0.0, 1.0)
    assert in_turn(one + 5 * "P", other + 5 * "P") == 1.0
    assert in_turn(one + 6 * "P", other + 6 * "P") == 0.0
    assert in_turn(one + 6 * "P" + "F", other + 7 * "P") == 0.0  # after it, one failure is none
    assert in_turn("P" * 30, other) == 0.0


def test_unstable_counts_first_attempts() -> None:
    known = {"api.it": CheckHistory(first_attempts="PFPFPFPFPP")}
    assert points(report(result(), history=known))["UnstableChecks",] == 1.0


def test_a_muted_check_that_cannot_be_judged_wakes_nobody() -> None:
    found = points(report(result("E", "api.a", muted="until then"), result("E", "api.b")))
    assert found["ChecksErrored",] == 1.0


def test_a_check_that_is_down_stays_down_while_nothing_can_be_judged() -> None:
    """A page that clears after an hour of ERROR would say that the outage is over."""
    history: dict[str, CheckHistory] = {}
    for letter in ["P"] * 30 + ["F"] * 5 + ["E", "S"] * 100:
        history = updated(
            history, [result(letter)], "2026-11-22T10:00:00+00:00", latency_valid=True
        )
    assert len(history["api.it"].outcomes) == KEPT
    assert points(report(result("E"), history=history))["CriticalDown",] == 1.0
    for _ in range(10):
        history = updated(history, [result("P")], "2026-11-22T14:00:00+00:00", latency_valid=True)
    assert points(report(result("P"), history=history))["CriticalDown",] == 0.0


def test_of_very_many_checks_the_most_severe_and_what_failed_of_late_have_a_metric() -> None:
    severe = [result("P", f"a.severe-{n}", severity=Severity.HIGH) for n in range(MOST_OWN)]
    low = [result("P", f"a.low-{n}", severity=Severity.LOW) for n in range(50)]
    fails = result("F", "a.fails", severity=Severity.LOW)
    outcomes = {"a.low-1": "P" * 9 + "FPPPPP", "a.low-2": "F" + "P" * 20}
    history = {name: CheckHistory(outcomes=said) for name, said in outcomes.items()}
    made = msgspec.structs.replace(report(*severe, *low, fails), history=history)
    named = {name[1] for name in points(made) if name[0] == "CheckFailed"}
    assert named == {*(r.check_id for r in severe), "a.fails", "a.low-1"}
