"""When a composite alarm's actions run if another alarm can suppress them.

Source: CloudWatch User Guide, "Composite alarm action suppression". The state itself changes at
once; only its actions wait. On going into ALARM the composite waits for the suppressor for the wait
period; while the suppressor is in ALARM nothing runs; after it has left ALARM the extension period
passes. Then the actions of the state that holds at that moment run, unless they ran last.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from alarm_evaluator.states import ALARM, INSUFFICIENT_DATA, State

SuppressedBy = Literal["", "WaitPeriod", "Alarm", "ExtensionPeriod"]


class Periods(msgspec.Struct, frozen=True):
    """ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod, in seconds."""

    wait: float
    extension: float


class Suppression(msgspec.Struct, frozen=True):
    """The state of the suppression between two evaluations."""

    announced: State = INSUFFICIENT_DATA
    """The state whose actions ran last."""
    suppressed_by: SuppressedBy = ""
    since: float = 0.0
    """When `suppressed_by` began, in seconds of the caller's clock."""


class Moment(msgspec.Struct, frozen=True):
    """The result of one evaluation: the new suppression, and the state whose actions run now."""

    suppression: Suppression
    act: State | None = None


def advance(
    before: Suppression, state: State, suppressor: State, now: float, periods: Periods
) -> Moment:
    """Evaluate a composite alarm and its suppressor once."""
    phase, since = _phase(before, state, suppressor, now, periods)
    if phase:
        return Moment(Suppression(before.announced, phase, since))
    act = state if state != before.announced else None
    return Moment(Suppression(state, "", 0.0), act)


def _phase(
    before: Suppression, state: State, suppressor: State, now: float, periods: Periods
) -> tuple[SuppressedBy, float]:
    was = before.suppressed_by
    if suppressor == ALARM:
        return "Alarm", before.since if was == "Alarm" else now
    if was in ("Alarm", "ExtensionPeriod"):
        since = before.since if was == "ExtensionPeriod" else now
        return ("ExtensionPeriod", since) if now - since < periods.extension else ("", 0.0)
    if state == ALARM and before.announced != ALARM:
        since = before.since if was == "WaitPeriod" else now
        return ("WaitPeriod", since) if now - since < periods.wait else ("", 0.0)
    return "", 0.0
