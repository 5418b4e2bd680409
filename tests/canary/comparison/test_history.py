"""What is kept of each check from run to run, and how much of it."""

from __future__ import annotations

import msgspec
import pytest

from canary.comparison.history import KEPT, is_down, is_unstable, updated
from canary.comparison.median import median
from canary.comparison.windows import DOWN, DOWN_CRITICAL
from canary.model import CheckHistory, Exchange, Kept, Status, Step
from tests.canary.support.made import result

ASKED = Exchange(method="GET", url="https://registry.example.com/live", status=200)
KNOWN = CheckHistory(
    outcomes="PP", first_attempts="PP", latency_ms=(1.0, 2.0), since="t0", last_run_at="t1",
    last_status=Status.PASS, baseline="well", baseline_at="t1",
    day_before=(Kept(state="day", at="t0"),),
)  # fmt: skip


def after(known: CheckHistory, status: str, latency_valid: bool = True, **more: object) -> object:
    seen = [result(status, **more)]
    return updated({"api.it": known}, seen, "now", latency_valid=latency_valid)["api.it"]


def changed(**fields: object) -> CheckHistory:
    return msgspec.structs.replace(KNOWN, last_run_at="now", **fields)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([7.0], 7), ([3, 1], 2), ([9, 1, 4], 4), ([8, 1, 2, 100], 5), ([5, 1, 4, 2, 3], 3)],
)
def test_the_median_is_the_middle_or_between_the_two_middles(
    values: list[float], expected: float
) -> None:
    assert median(values) == expected


def test_a_pass_is_kept_with_its_latency() -> None:
    passed = changed(outcomes="PPP", first_attempts="PPP", latency_ms=(1.0, 2.0, 123.5))
    assert after(KNOWN, "P", duration_ms=123.456) == passed
    starved = changed(outcomes="PPP", first_attempts="PPP")
    assert after(KNOWN, "P", latency_valid=False) == starved


def test_a_pass_at_the_second_attempt_is_no_good_first_attempt() -> None:
    found = changed(outcomes="PPP", first_attempts="PPF", latency_ms=(1.0, 2.0, 100.0))
    assert after(KNOWN, "P", attempts=2) == found


@pytest.mark.parametrize(("status", "first"), [("F", "PPF"), ("E", "PP")])
def test_a_failure_has_no_latency_and_begins_now(status: str, first: str) -> None:
    failed = Status.FAIL if status == "F" else Status.ERROR
    found = changed(
        outcomes="PP" + status, first_attempts=first, since="now", last_status=failed
    )  # fmt: skip
    assert after(KNOWN, status) == found
    lasting = changed(last_status=Status.FAIL)
    kept = after(lasting, status)
    assert isinstance(kept, CheckHistory)
    assert (kept.since, kept.last_status) == ("t0", failed)


def test_the_first_outcome_begins_now_and_a_skip_begins_nothing() -> None:
    found = after(CheckHistory(), "P", duration_ms=1.0)
    assert found == CheckHistory(
        outcomes="P", first_attempts="P", latency_ms=(1.0,), since="now", last_run_at="now",
        last_status=Status.PASS,
    )  # fmt: skip
    assert after(CheckHistory(), "S") == CheckHistory(outcomes="S")


def test_a_skip_that_asked_in_one_of_its_steps_ran() -> None:
    asked = Step(name="one", status=Status.PASS, evidence=(ASKED,))
    steps = (asked, Step(name="two", status=Status.SKIP))
    assert after(KNOWN, "S", steps=steps) == changed(outcomes="PPS")
    skipped = after(KNOWN, "S", steps=steps[1:])
    assert isinstance(skipped, CheckHistory) and skipped.last_run_at == "t1"


def test_sixty_of_each_are_kept() -> None:
    full = CheckHistory(
        outcomes="F" + "P" * 59, first_attempts="F" + "P" * 59,
        latency_ms=(5.0, *(1.0,) * 59), since="t0", last_status=Status.PASS,
    )  # fmt: skip
    found = after(full, "P", duration_ms=2.0)
    assert isinstance(found, CheckHistory)
    assert (found.outcomes, found.first_attempts) == ("P" * KEPT, "P" * KEPT)
    assert found.latency_ms == (*(1.0,) * 59, 2.0)


@pytest.mark.parametrize(
    ("before", "new", "kept"),
    [
        ("P" * 59 + "S", "S", "P" * 58 + "SS"),
        ("F" * 25 + "S" * 35, "S", "F" * 25 + "S" * 35),  # 25 that were judged stay
        ("F" * 26 + "S" * 34, "S", "F" * 25 + "S" * 35),
        ("S" + "F" * 9 + "E" * 50, "E", "F" * 9 + "E" * 51),
        ("FE" + "F" * 8 + "E" * 50, "P", "FF" + "F" * 7 + "E" * 50 + "P"),
        ("F" * 59, "S", "F" * 59 + "S"),
    ],
)
def test_what_was_not_judged_pushes_out_no_outcome_that_a_window_needs(
    before: str, new: str, kept: str
) -> None:
    found = after(CheckHistory(outcomes=before), new)
    assert isinstance(found, CheckHistory) and found.outcomes == kept


def test_a_run_beside_the_schedule_fills_no_window_and_is_a_change_nevertheless() -> None:
    known = {"api.it": CheckHistory(outcomes="PP", first_attempts="PP", last_run_at="2026-11-22")}
    found = updated(known, [result("F")], "now", latency_valid=True, aside=True)["api.it"]
    assert (found.outcomes, found.first_attempts, found.last_run_at) == ("PP", "PP", "2026-11-22")
    assert (found.last_status, found.since) == (Status.FAIL, "now")
    new = updated({}, [result("F")], "now", latency_valid=True, aside=True)["api.it"]
    assert (new.outcomes, new.last_run_at) == ("", "now")


def test_what_could_not_be_judged_does_not_count_for_down() -> None:
    assert is_down(CheckHistory(outcomes="FSFEF"), DOWN_CRITICAL)
    assert not is_down(CheckHistory(outcomes="FSFPF"), DOWN_CRITICAL)
    assert is_down(CheckHistory(outcomes="FSFPF"), DOWN)
    assert not is_down(CheckHistory(outcomes="FEE"), DOWN_CRITICAL)


@pytest.mark.parametrize(
    ("first", "unstable"),
    [("FFF", False), ("FFFF", True), ("FFF" + "P" * 6 + "F", True), ("FFF" + "P" * 7 + "F", False)],
)
def test_four_bad_first_attempts_of_ten_are_unstable(first: str, unstable: bool) -> None:
    assert is_unstable(CheckHistory(first_attempts=first)) is unstable


@pytest.mark.parametrize(
    ("outcomes", "first", "unstable"),
    [
        ("PPPP" + "F" * 20, "PPPP" + "F" * 20, False),  # down, and no second attempt helps
        ("F" * 20 + "P" * 6, "F" * 20 + "P" * 6, False),  # its end tells nothing else
        ("FFPFFPFFP", "FFPFFPFFP", True),
        ("PPPPPPPPPP", "PFPPFPFPFP", True),  # the second attempts helped
        ("FFF" + "P" * 7, "FFF" + "FFFF" + "PPP", True),  # down before, unstable since
        ("FFF" + "P" * 7, "FFF" + "FFF" + "PPPP", False),
        ("FSFEFWFF", "FFFFF", False),  # what was not judged parts no outage
    ],
)
def test_what_is_down_is_not_unstable(outcomes: str, first: str, unstable: bool) -> None:
    """Each outage opened a second ticket, which said that one target of several may be bad."""
    assert is_unstable(CheckHistory(outcomes=outcomes, first_attempts=first)) is unstable
