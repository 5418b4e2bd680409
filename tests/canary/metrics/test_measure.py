"""Metrics: one table, and the points that a report gives."""

from __future__ import annotations

import msgspec

from canary.comparison.history import KEPT, updated
from canary.metrics.measure import Point, measure, measure_explained
from canary.metrics.table import BY_NAME, METRICS, MOST_OWN
from canary.model import CheckHistory, Comparison, Report, Residue, Severity
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
    assert found["CheckFailed", "api.it"] == 1.0


def test_a_critical_check_is_down_by_its_own_window() -> None:
    def down(outcomes: str) -> float:
        return points(report(result(), history={"api.it": CheckHistory(outcomes=outcomes)}))[
            "CriticalDown",
        ]

    assert [down(o) for o in ("PPF", "PFF", "FFF", "FSFSF", "FFFP", "FFFPPP")] == [0, 0, 1, 1, 1, 0]


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
    for _ in range(3):
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
