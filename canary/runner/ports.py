"""Ports: everything outside itself that a run may touch, as plain callables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from canary.comparison.previous import Previous
from canary.control_plane.state import PlatformState
from canary.model import Credential, Environment, Explanation, Frozen, Result
from canary.probes.base.api import Clock, Http, Kind
from canary.redaction.redactor import Redactor

Diagnose = Callable[
    [tuple[Result, ...], PlatformState, Environment, PlatformState | None, dt.datetime], Explanation
]
Within = Callable[[float, Callable[[], PlatformState]], PlatformState]
"""Seconds, action -> the action's value; raises TimeoutError when it takes longer."""


class Ports(Frozen, frozen=True, kw_only=True):
    """What a run may touch; `wiring` makes it for a process, a test makes its own."""

    kinds: Mapping[str, Kind]
    http: Callable[[str], Http]
    """Run id -> HTTP client, which sends the run id with its requests."""
    clock: Clock
    credential: Callable[[str], Credential | None]
    forget_credential: Callable[[str], None]
    observe: Callable[[], PlatformState]
    redactor: Redactor
    previous: Callable[[], Previous]
    refresh_failing: Callable[[PlatformState, frozenset[str]], PlatformState]
    """State, names of failing services -> the state with what these services need read again."""
    diagnose: Diagnose
    within: Within
