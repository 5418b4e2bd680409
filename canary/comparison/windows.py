"""The windows in which a check counts as down, for alarms, history and messages alike."""

from __future__ import annotations

import itertools

from canary.model import Frozen, Load, Severity


class Window(Frozen, frozen=True, kw_only=True):
    """So many bad runs of the newest `runs`; an alarm calls them datapoints of periods."""

    bad: int
    runs: int


DOWN_CRITICAL = Window(bad=3, runs=3)
DOWN = Window(bad=3, runs=5)
DOWN_BLOCKING = Window(bad=2, runs=2)  # asked every five minutes only, see docs/decisions/0011
UNSTABLE = Window(bad=4, runs=10)  # first attempts
FLAPPING = Window(bad=3, runs=10)  # changes between passing and not passing
RECOVERED = 3  # passes in a row; hysteresis on the way up, so that flapping is one incident


def window_of(severity: Severity, load: Load = Load.LIGHT) -> Window:
    """Return the window in which a check of this severity and load counts as down."""
    if load is Load.BLOCKING:
        return DOWN_BLOCKING
    return DOWN_CRITICAL if severity is Severity.CRITICAL else DOWN


def down_after(outcomes: str, window: Window) -> bool:
    """Return whether a check is down after these outcomes ("P" and "F", newest last).

    The window puts it down, three passes in a row take it up, of a shorter window as many as it
    has runs. Replayed over all outcomes, so that no further state is needed.
    """
    down, recovered = False, min(RECOVERED, window.runs)
    for end in range(1, len(outcomes) + 1):
        seen = outcomes[:end]
        if not down:
            down = seen[-window.runs :].count("F") >= window.bad
        elif "F" not in seen[-recovered:]:
            down = False
    return down


def recent_changes(outcomes: str) -> int:
    """Return how often the outcome recently changed between passing and not passing."""
    seen = ["P" if o == "P" else "F" for o in outcomes if o != "S"][-FLAPPING.runs :]
    return sum(a != b for a, b in itertools.pairwise(seen))


def is_flapping(outcomes: str) -> bool:
    """Return whether the outcome recently changed so often that one failure says little."""
    return recent_changes(outcomes) >= FLAPPING.bad
