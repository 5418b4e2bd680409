"""When a check is down, up again, or flapping, by its last outcomes."""

from __future__ import annotations

import pytest

from canary.comparison.windows import (
    DOWN,
    DOWN_BLOCKING,
    DOWN_CRITICAL,
    FLAPPING,
    LAST_RESORT,
    UNSTABLE,
    Window,
    down_after,
    is_flapping,
    recent_changes,
    recovering,
    window_of,
)
from canary.model import AlarmWindow, Load, Severity


def test_the_windows_are_those_of_the_decision() -> None:
    windows = (DOWN_CRITICAL, DOWN, DOWN_BLOCKING, UNSTABLE, FLAPPING, LAST_RESORT)
    assert [(w.bad, w.runs) for w in windows] == [(3, 3), (3, 5), (2, 2), (4, 10), (3, 10), (8, 12)]
    assert [w.often for w in windows[:3]] == [(6, 15), None, None]
    assert [w.recovered for w in windows[:3]] == [10, 10, 2]


@pytest.mark.parametrize("severity", Severity)
def test_load_then_severity_chooses_the_window(severity: Severity) -> None:
    light = DOWN_CRITICAL if severity is Severity.CRITICAL else DOWN
    assert window_of(severity) == window_of(severity, Load.LIGHT) == light
    assert window_of(severity, Load.BLOCKING) == DOWN_BLOCKING


def test_a_window_of_the_users_own_comes_before_that_of_the_severity() -> None:
    own = AlarmWindow(datapoints=4, periods=9)
    assert window_of(Severity.CRITICAL, own=own) == Window(bad=4, runs=9)
    assert window_of(Severity.LOW, Load.BLOCKING, own) == Window(bad=4, runs=9, recovered=2)


@pytest.mark.parametrize(
    ("outcomes", "still"),
    [("", False), ("PPP", False), ("F", True), ("F" + 9 * "P", True), ("F" + 10 * "P", False),
     ("F" + 9 * "PS", True), ("F" + 10 * "SP", False), ("ESS", False)],
)  # fmt: skip
def test_a_check_recovers_with_ten_passes_whatever_lies_between(outcomes: str, still: bool) -> None:
    assert recovering(outcomes) is still


@pytest.mark.parametrize(
    ("window", "outcomes", "down"),
    [
        (DOWN_CRITICAL, "", False),
        (DOWN_CRITICAL, "FF", False),
        (DOWN_CRITICAL, "FFF", True),
        (DOWN_CRITICAL, "FFPF", False),
        (DOWN_CRITICAL, "FFF" + 9 * "P", True),
        (DOWN_CRITICAL, "FFF" + 10 * "P", False),
        (DOWN_CRITICAL, "FFFPPF" + 9 * "P", True),
        (DOWN_CRITICAL, "FFF" + 10 * "P" + "FF", False),
        (DOWN_CRITICAL, "FFF" + 10 * "P" + "FFF", True),
        (DOWN_CRITICAL, 5 * "FP", False),
        (DOWN_CRITICAL, 6 * "FP", True),  # one of two runs, in twelve minutes
        (DOWN_CRITICAL, 2 * "FFP" + "FF", True),
        (DOWN_CRITICAL, "F" + 10 * "P" + 5 * "FPP", False),  # the six lie too far apart
        (DOWN, "FPFPF", True),
        (DOWN, "FPFPPF", False),
        (DOWN, "FPFPF" + 9 * "P", True),
        (DOWN, "FPFPF" + 10 * "P", False),
        (Window(bad=2, runs=4), "FPPF", True),
        (Window(bad=2, runs=4), "FPPPF", False),
        (DOWN_BLOCKING, "F", False),
        (DOWN_BLOCKING, "FF", True),
        (DOWN_BLOCKING, "FFP", True),
        (DOWN_BLOCKING, "FFPP", False),  # a shorter window needs as many passes as it has runs
        (Window(bad=1, runs=1), "F", True),
        (Window(bad=1, runs=1, recovered=1), "FP", False),
    ],
)
def test_a_check_goes_down_in_its_window_and_up_after_passes_in_a_row(
    window: Window, outcomes: str, down: bool
) -> None:
    assert down_after(outcomes, window) is down


@pytest.mark.parametrize(
    ("outcomes", "changes"),
    [
        ("", 0),
        ("PPPP", 0),
        ("PF", 1),
        ("PEP", 2),  # what could not be judged did not pass
        ("FEF", 0),
        ("PSSF", 1),  # what was not tried is left out
        ("PSP", 0),
        ("PFPF", 3),
        ("PF" + "P" * 9, 1),  # ten runs count
        ("PF" + "P" * 10, 0),
        ("P" + "F" * 10, 0),
    ],
)
def test_changes_count_in_the_last_ten_runs(outcomes: str, changes: int) -> None:
    assert recent_changes(outcomes) == changes
    assert is_flapping(outcomes) is (changes >= 3)
