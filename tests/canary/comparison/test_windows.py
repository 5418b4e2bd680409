"""When a check is down, up again, or flapping, by its last outcomes."""

from __future__ import annotations

import pytest

from canary.comparison.windows import (
    DOWN,
    DOWN_BLOCKING,
    DOWN_CRITICAL,
    FLAPPING,
    UNSTABLE,
    Window,
    down_after,
    is_flapping,
    recent_changes,
    window_of,
)
from canary.model import Load, Severity


def test_the_windows_are_those_of_the_decision() -> None:
    windows = (DOWN_CRITICAL, DOWN, DOWN_BLOCKING, UNSTABLE, FLAPPING)
    assert [(w.bad, w.runs) for w in windows] == [(3, 3), (3, 5), (2, 2), (4, 10), (3, 10)]


@pytest.mark.parametrize("severity", Severity)
def test_load_then_severity_chooses_the_window(severity: Severity) -> None:
    light = DOWN_CRITICAL if severity is Severity.CRITICAL else DOWN
    assert window_of(severity) == window_of(severity, Load.LIGHT) == light
    assert window_of(severity, Load.BLOCKING) == DOWN_BLOCKING


@pytest.mark.parametrize(
    ("window", "outcomes", "down"),
    [
        (DOWN_CRITICAL, "", False),
        (DOWN_CRITICAL, "FF", False),
        (DOWN_CRITICAL, "FFF", True),
        (DOWN_CRITICAL, "FFPF", False),
        (DOWN_CRITICAL, "FFFPP", True),
        (DOWN_CRITICAL, "FFFPPP", False),
        (DOWN_CRITICAL, "FFFPPFPP", True),
        (DOWN_CRITICAL, "FFFPPPFF", False),
        (DOWN_CRITICAL, "FFFPPPFFF", True),
        (DOWN, "FPFPF", True),
        (DOWN, "FPFPPF", False),
        (DOWN, "FPFPFPP", True),
        (DOWN, "FPFPFPPP", False),
        (DOWN_BLOCKING, "F", False),
        (DOWN_BLOCKING, "FF", True),
        (DOWN_BLOCKING, "FFP", True),
        (DOWN_BLOCKING, "FFPP", False),  # a shorter window needs as many passes as it has runs
        (Window(bad=1, runs=1), "F", True),
        (Window(bad=1, runs=1), "FP", False),
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
