"""What the control-plane kinds share: a reading that was not taken is never "fine"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from canary.control_plane.state import PlatformState
from canary.model import Assertion, Status, Step, parse_time
from canary.probes.base.evidence import Stopwatch

ACTUAL_CHARACTERS = 1000  # a value of an answer may be as long as the answer


def assertion(subject: str, expected: object, actual: object, holds: bool) -> Assertion:
    """Make one judgement of a reading."""
    shown = str(actual)[:ACTUAL_CHARACTERS]
    return Assertion(subject=subject, expected=str(expected), actual=shown, holds=holds)


def unavailable(state: PlatformState, *actions: str) -> str:
    """Return why the readings of some IAM actions are missing, or an empty string."""
    if not state.read_at:
        return "the control plane was not read"
    lost = [u for u in state.unavailable if u.action.startswith(actions)]
    return "; ".join(f"{u.action} on {u.resource or '*'}: {u.code} {u.reason}" for u in lost[:2])


def could_not_tell(watch: Stopwatch, names: Sequence[str], reason: str) -> list[Step]:
    """Return ERROR steps: the canary could not tell."""
    return [watch.step(n, status=Status.ERROR, reason=f"could not tell: {reason}") for n in names]


def minutes_since(text: str, now: dt.datetime) -> float | None:
    """Return the minutes since a time, None when it is not known."""
    read = parse_time(text)
    return None if read is None else (now - read).total_seconds() / 60
