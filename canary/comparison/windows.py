"""The windows in which a check counts as down, for alarms, history and messages alike."""

from __future__ import annotations

import itertools
import re

from canary.model import AlarmWindow, Frozen, Load, Severity

RECOVERED = 10
"""Passes in a row that take a check up again, so that a flapping fault is one incident."""


class Window(Frozen, frozen=True, kw_only=True):
    """So many bad runs of the newest `runs`; an alarm calls them datapoints of periods.

    `often` is a second, longer window that puts a check down as well: it sees what flaps.
    """

    bad: int
    runs: int
    recovered: int = RECOVERED
    often: tuple[int, int] | None = None


OFTEN = (6, 15)
"""Bad runs of the newest 15: two of three runs in nine minutes, one of two in twelve."""
DOWN_CRITICAL = Window(bad=3, runs=3, often=OFTEN)
DOWN = Window(bad=3, runs=5)
# asked every five minutes only, see docs/decisions/0011
DOWN_BLOCKING = Window(bad=2, runs=2, recovered=2)
UNSTABLE = Window(bad=4, runs=10)  # first attempts
FLAPPING = Window(bad=3, runs=10)  # changes between passing and not passing
LAST_RESORT = Window(bad=8, runs=12)  # runs with a failing critical check, whichever it is
BLIND = 3  # runs in a row in which a check was not tried


OUTAGE = "-"
"""Stands for a failure among so many in a row that the check was down, and not unstable."""


def without_outages(outcomes: str) -> str:
    """Return outcomes, "F" is a failure, without the failures that are one outage."""
    lasting = rf"F{{{DOWN_CRITICAL.bad},}}"
    return re.sub(lasting, lambda found: OUTAGE * len(found[0]), outcomes)


def window_of(
    severity: Severity, load: Load = Load.LIGHT, own: AlarmWindow | None = None
) -> Window:
    """Return the window in which a check of this severity and load counts as down."""
    if own is not None:
        recovered = DOWN_BLOCKING.recovered if load is Load.BLOCKING else RECOVERED
        return Window(bad=own.datapoints, runs=own.periods, recovered=recovered)
    if load is Load.BLOCKING:
        return DOWN_BLOCKING
    return DOWN_CRITICAL if severity is Severity.CRITICAL else DOWN


def down_after(outcomes: str, window: Window) -> bool:
    """Return whether a check is down after these outcomes ("P" and "F", newest last)."""
    return next(reversed(down_along(outcomes, window)), False)


def down_along(outcomes: str, window: Window) -> list[bool]:
    """Return for each outcome ("P" and "F", newest last) whether the check was down after it.

    The window puts it down, passes in a row take it up. Replayed over all outcomes, so that no
    further state is needed.
    """
    bad, often = window.bad, window.often
    if outcomes.count("F") < (min(bad, often[0]) if often else bad):
        return [False] * len(outcomes)
    begin = outcomes.index("F")
    along, down, up = [False] * begin, False, "P" * window.recovered
    for end in range(begin + 1, len(outcomes) + 1):
        if not down:
            down = outcomes.count("F", max(end - window.runs, 0), end) >= bad or (
                often is not None and outcomes.count("F", max(end - often[1], 0), end) >= often[0]
            )
        elif outcomes.endswith(up, 0, end):
            down = False
        along.append(down)
    return along


def recovering(outcomes: str) -> bool:
    """Return whether a check failed and has not passed often enough in a row since."""
    return "F" in "".join(o for o in outcomes if o in "PF")[-RECOVERED:]


def recent_changes(outcomes: str) -> int:
    """Return how often the outcome recently changed between passing and not passing."""
    seen = ["P" if o == "P" else "F" for o in outcomes if o != "S"][-FLAPPING.runs :]
    return sum(a != b for a, b in itertools.pairwise(seen))


def is_flapping(outcomes: str) -> bool:
    """Return whether the outcome recently changed so often that one failure says little."""
    return recent_changes(outcomes) >= FLAPPING.bad
