"""Keep the recorded calls of an account, and switches for CloudTrail's delay and limit."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

import msgspec

from emulator.settings import ACCOUNT

KEPT = 5_000
"""Calls that are kept; AWS keeps those of 90 days."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded call: the fields that LookupEvents filters by, and the whole event."""

    event_id: str
    name: str
    source: str
    at: int  # seconds since 1970: AWS's events have no fractions
    username: str
    key_id: str
    resources: tuple[tuple[str, str], ...]  # type and name
    event: dict[str, Any]
    recorded: float  # time.monotonic


class Switches:
    """What AWS does and a test rarely wants: late events, and at most two look-ups a second.

    AWS delivers events within 15 minutes and refuses the third look-up of a second (LookupEvents:
    "The rate of lookup requests is limited to two per second, per account, per region").
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Deliver at once and refuse nothing."""
        self.delay_s = 0.0
        self.per_second = 0  # 0: as many as are asked
        self.answer_after_s = 0.0  # each answer takes so long


SWITCHES = Switches()
_LOCK = threading.Lock()


def backend(region: str) -> Any:
    """Return moto's CloudTrail of a region, which forgets everything when moto is reset."""
    from moto.cloudtrail.models import cloudtrail_backends

    return cloudtrail_backends[ACCOUNT][region]


def keep(region: str, call: Call) -> None:
    """Add a call to the history of its region."""
    with _LOCK:
        kept = backend(region).__dict__.setdefault("recorded_calls", deque(maxlen=KEPT))
        kept.append(call)


def calls(region: str) -> list[Call]:
    """Return the calls that were delivered by now, newest first."""
    with _LOCK:
        kept = list(backend(region).__dict__.get("recorded_calls", ()))
    known = time.monotonic() - SWITCHES.delay_s
    return [call for call in reversed(kept) if call.recorded <= known]


def throttled(region: str) -> bool:
    """Count a look-up, and return whether it is one too many of this second."""
    if not SWITCHES.per_second:
        return False
    now = time.monotonic()
    with _LOCK:
        asked = backend(region).__dict__.setdefault("look_ups", deque(maxlen=100))
        recent = [one for one in asked if one > now - 1.0]
        if len(recent) >= SWITCHES.per_second:
            return True
        asked.append(now)
    return False
