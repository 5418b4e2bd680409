"""Transitions: what broke, was fixed, still fails, flickers or slowed."""

from __future__ import annotations

import msgspec
import pytest

from canary.comparison import history as past
from canary.comparison.transitions import compare
from canary.model import Change, CheckHistory, Exchange, Report, Severity, Status, Step
from tests.canary.support.made import report, result

ANSWER = Exchange(method="GET", url="https://registry.example.com/live", status=200)


def replay(outcomes: str, **changes: object) -> tuple[Report | None, list[Change]]:
    """Return the report before the last outcome, and the last outcome's transitions."""
    previous: Report | None = None
    found: list[Change] = []
    for number, letter in enumerate(outcomes):
        seen = result(letter, **(changes if number == len(outcomes) - 1 else {}))
        known = previous.history if previous else {}
        after = past.updated(known, [seen], f"t{number}", latency_valid=True)
        made = compare(previous, [seen], after, now=f"t{number}")
        found = [t.change for t in made.transitions]
        previous = report(seen, history=after, comparison=made)
    return previous, found


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("P", []),
        ("F", [Change.BROKE]),
        ("PP", []),
        ("PF", [Change.BROKE]),
        ("PE", [Change.BROKE]),
        ("FF", [Change.STILL_FAILING]),
        ("FE", [Change.STILL_FAILING]),
        ("FP", [Change.FIXED]),
        ("PS", []),
        ("PSP", []),
        ("FSF", [Change.STILL_FAILING]),
        ("FS", [Change.STILL_FAILING]),
        ("FSP", [Change.FIXED]),
        ("PFPF", [Change.BROKE, Change.FLAKY]),
        ("FPFP", [Change.FIXED, Change.FLAKY]),
    ],
)
def test_outcomes_give_transitions(outcomes: str, expected: list[Change]) -> None:
    assert replay(outcomes)[1] == expected


def test_a_pass_at_the_second_attempt_is_flaky() -> None:
    assert replay("PP", attempts=2)[1] == [Change.FLAKY]


def test_still_failing_says_since_when() -> None:
    last, _ = replay("PPFFSF")
    assert last is not None
    assert [t.since for t in last.comparison.transitions] == ["t2"]


def test_slower_is_said_once_and_not_of_a_starved_run() -> None:
    latency = (100.0,) * 12
    before = report(
        result(),
        history={
            "api.it": CheckHistory(
                outcomes="P" * 12, latency_ms=latency, since="t", last_run_at="t"
            )
        },
    )
    said = []
    for latency_valid in (True, True, False):
        slow = result(duration_ms=900.0)
        after = past.updated(before.history, [slow], "now", latency_valid=latency_valid)
        made = compare(before, [slow], after, now="now", latency_valid=latency_valid)
        said += [t.change for t in made.transitions]
        before = report(slow, history=after)
    slow = result(duration_ms=900.0)
    after = past.updated(before.history, [slow], "now", latency_valid=True)
    made = compare(before, [slow], after, now="now")
    assert said == [Change.SLOWER] and made.transitions == ()


@pytest.mark.parametrize(
    ("usual", "recent", "slower"),
    [
        (10.0, 100.0, False),  # ten times, but a tenth of a second
        (1000.0, 1200.0, False),
        (150.0, 300.0, False),  # exactly twice, and exactly 150 ms more
        (150.0, 300.2, True),
        (100.0, 250.0, False),
        (100.0, 250.2, True),
    ],
)
def test_slower_is_twice_the_usual_and_a_noticeable_time(
    usual: float, recent: float, slower: bool
) -> None:
    before = CheckHistory(latency_ms=(usual,) * 11 + (recent,), last_run_at="t", since="t")
    known = {"api.it": before}
    seen = [result(duration_ms=recent)]
    after = past.updated(known, seen, "now", latency_valid=True)
    found = compare(report(history=known), seen, after, now="now").transitions
    assert [(t.change, t.note) for t in found] == (
        [(Change.SLOWER, f"{recent:.0f} ms where {usual:.0f} ms were usual")] if slower else []
    )


def test_usual_are_all_passes_but_the_last_three_and_recent_are_these() -> None:
    latency = (100.0, 110.0) * 5 + (800.0, 300.0)
    known = {"api.it": CheckHistory(latency_ms=latency, last_run_at="t", since="t")}
    seen = [result(duration_ms=900.0)]
    after = past.updated(known, seen, "now", latency_valid=True)
    (found,) = compare(report(history=known), seen, after, now="now").transitions
    assert (found.change, found.note) == (Change.SLOWER, "800 ms where 105 ms were usual")


def test_a_run_with_too_little_cpu_says_slower_of_nothing() -> None:
    known = {"api.it": CheckHistory(latency_ms=(1.0,) * 11 + (900.0,), last_run_at="t")}
    seen = [result(duration_ms=900.0)]
    after = past.updated(known, seen, "now", latency_valid=True)
    before = report(history=known)
    assert compare(before, seen, after, now="n", latency_valid=False).transitions == ()
    assert [t.change for t in compare(before, seen, after, now="n").transitions] == [Change.SLOWER]


def test_slower_needs_ten_usual_passes_and_a_pass() -> None:
    def slower(passes: int, status: str = "P") -> list[Change]:
        known = {"api.it": CheckHistory(latency_ms=(1.0,) * passes + (900.0,), last_run_at="t")}
        seen = [result(status, duration_ms=900.0)]
        after = past.updated(known, seen, "now", latency_valid=True)
        return [t.change for t in compare(report(history=known), seen, after, now="n").transitions]

    assert (slower(11), slower(10)) == ([Change.SLOWER], [])
    assert Change.SLOWER not in slower(12, "F")


def test_a_transition_says_since_when_and_why() -> None:
    failed = CheckHistory(since="t2", last_run_at="t3", last_status=Status.FAIL, outcomes="F")
    passed = CheckHistory(since="t1", last_run_at="t3", last_status=Status.PASS, outcomes="P")

    def told(status: str, known: CheckHistory | None, **more: object) -> list[object]:
        seen = [result(status, reason="it is so", **more)]
        before = {"api.it": known} if known else {}
        after = past.updated(before, seen, "now", latency_valid=True)
        found = compare(report(history=before), seen, after, now="now").transitions
        return [(t.change, t.before, t.after, t.since, t.note) for t in found]

    assert told("P", failed) == [
        (Change.FIXED, Status.FAIL, Status.PASS, "now", "had been FAIL since t2")
    ]
    assert told("F", passed) == [(Change.BROKE, Status.PASS, Status.FAIL, "now", "it is so")]
    assert told("E", failed) == [
        (Change.STILL_FAILING, Status.FAIL, Status.ERROR, "t2", "it is so")
    ]
    assert told("P", passed, attempts=3) == [
        (Change.FLAKY, Status.PASS, Status.PASS, "now", "passed at attempt 3")
    ]
    assert told("F", None) == [
        (Change.BROKE, None, Status.FAIL, "now", "it is so"),
        (Change.NEW, None, Status.FAIL, "now", ""),
    ]
    skipped = CheckHistory(outcomes="S")  # it was never asked
    assert told("F", skipped) == [(Change.BROKE, None, Status.FAIL, "now", "it is so")]
    assert told("P", skipped) == []
    restless = msgspec.structs.replace(passed, outcomes="FPFP")
    note = "changed 4 times in its last 10 runs"
    assert told("F", restless)[1] == (Change.FLAKY, Status.PASS, Status.FAIL, "now", note)


def test_a_comparison_names_the_run_before() -> None:
    first = compare(None, [result("F")], {}, now="t1")
    assert (first.previous, first.previous_at) == ("", "")
    later = compare(report(), [], {}, now="t1")
    assert (later.previous, later.previous_at, later.transitions) == ("r", "t0", ())
    gone = {"api.gone": CheckHistory(last_status=Status.FAIL, last_run_at="t0")}
    (removed,) = compare(report(history=gone), [], {}, now="t1").transitions
    assert (removed.before, removed.after, removed.since, removed.note) == (
        Status.FAIL, None, "t1", "",
    )  # fmt: skip
    assert compare(None, [], {}, now="t1").transitions == ()


def test_new_and_removed_checks_are_named_but_not_on_the_first_or_a_narrowed_run() -> None:
    first, _ = replay("P")
    other = [result(check_id="api.other")]
    after = past.updated(first.history, other, "t", latency_valid=True)  # type: ignore[union-attr]
    made = compare(first, other, after, now="t")
    assert {(t.check_id, t.change) for t in made.transitions} == {
        ("api.other", Change.NEW),
        ("api.it", Change.REMOVED),
    }
    narrow = compare(first, other, after, now="t", narrowed=True)
    assert [t.change for t in narrow.transitions] == [Change.NEW]
    assert compare(None, other, after, now="t").transitions == ()


def test_a_carried_result_changes_neither_history_nor_transitions() -> None:
    known = {"api.it": CheckHistory(outcomes="P", last_run_at="t0", since="t0")}
    reused = [result("F", reused=True)]
    assert past.updated(known, reused, "t1", latency_valid=True) == known
    assert compare(report(history=known), reused, known, now="t1").transitions == ()
    new = compare(report(), reused, {}, now="t1")
    assert (new.transitions, new.previous) == ((), "r")


@pytest.mark.parametrize(("evidence", "last"), [((), "t0"), ((ANSWER,), "t1")])
def test_a_skip_counts_as_a_run_only_if_something_was_asked(
    evidence: tuple[Exchange, ...], last: str
) -> None:
    known = {"api.it": CheckHistory(outcomes="P", last_run_at="t0", since="t0")}
    step = Step(name="second", status=Status.SKIP, evidence=evidence)
    after = past.updated(known, [result("S", steps=(step,))], "t1", latency_valid=True)
    assert (after["api.it"].last_run_at, after["api.it"].outcomes) == (last, "PS")
    assert past.updated({}, [result("S", steps=(step,))], "t1", latency_valid=True)[
        "api.it"
    ] == CheckHistory(outcomes="S")


def test_transitions_come_by_change_then_severity_then_id() -> None:
    names = {"api.z": Severity.CRITICAL, "api.b": Severity.LOW, "api.a": Severity.LOW}
    seen = [result("F", check_id=n, severity=s) for n, s in reversed(names.items())]
    fixed = [result("P", check_id="api.y", severity=Severity.CRITICAL)]
    known = {"api.gone": CheckHistory(outcomes="F", last_run_at="t", last_status=Status.FAIL)}
    known["api.y"] = known["api.gone"]
    made = compare(report(history=known), [*fixed, *seen], known, now="t1")
    assert [(t.change, t.check_id) for t in made.transitions] == [
        *((Change.BROKE, name) for name in ("api.z", "api.a", "api.b")),
        (Change.FIXED, "api.y"),
        *((Change.NEW, name) for name in ("api.z", "api.a", "api.b")),
        (Change.REMOVED, "api.gone"),
    ]
