"""The run held against the runs before: its history, what changed, what drifted. Pure."""

from __future__ import annotations

import msgspec

from canary.attempts import Attempts
from canary.comparison import history as past
from canary.comparison.drift import drift
from canary.comparison.previous import Previous
from canary.comparison.transitions import compare
from canary.control_plane.state import PlatformState
from canary.model import CheckHistory, Comparison, Drift, Frozen, Result

NO_DRIFT: tuple[Drift, ...] = ()


class Against(Frozen, frozen=True, kw_only=True):
    """What the past says of a run. The comparison's note says what could not be made of it."""

    history: dict[str, CheckHistory]
    comparison: Comparison


def hold_against(
    previous: Previous,
    results: tuple[Result, ...],
    states: tuple[PlatformState | None, PlatformState],
    *,
    now: str,
    trusted: bool,
    whole: bool,
) -> Against:
    """Return what the past says of these results; what fails on the way is left out and noted.

    `states` are the control plane of the previous run and of this one, `now` is ISO 8601.
    """
    report, attempts = previous.report, Attempts()
    known = report.history if report else {}
    history = attempts.of(
        "the history could not be continued",
        lambda: past.updated(known, results, now, latency_valid=trusted),
        known,
    )
    comparison = attempts.of(
        "the run could not be held against the previous one",
        lambda: compare(
            report, results, history, now=now, latency_valid=trusted, narrowed=not whole
        ),
        Comparison(),
    )
    before, after = states
    drifted = attempts.of(
        "what drifted could not be found",
        lambda: drift(before, after) if before is not None else NO_DRIFT,
        NO_DRIFT,
    )
    note = "; ".join(filter(None, (previous.note, *attempts.notes)))
    return Against(
        history=history,
        comparison=msgspec.structs.replace(comparison, drift=drifted, note=note),
    )
