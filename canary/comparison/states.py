"""A state of the control plane as the store keeps it: named by its content."""

from __future__ import annotations

from typing import Any

import msgspec

from canary.control_plane.stable import reference
from canary.control_plane.state import PlatformState
from canary.model import Frozen, Report

STATE_SCHEMA = "hokusai-canary/state/1"


class StateError(Exception):
    """A stored state is missing, unreadable, or does not fit its name."""


class StoredState(Frozen, frozen=True, kw_only=True):
    """One whole reading, and the checks that failed in its run.

    Its name stands for its stable part; the volatile rest is that of the latest run that wrote it.
    """

    platform: PlatformState
    failing: tuple[str, ...] = ()
    schema: str = STATE_SCHEMA

    @property
    def reference(self) -> str:
        """Return the name of this state."""
        return reference(self.platform, self.failing)


def state_of(report: Report) -> StoredState | None:
    """Return the state that a run read, None where it read nothing. Its lines of logs are left out.

    Raises msgspec.ValidationError for a form of another version.
    """
    if report.platform is None:
        return None
    platform = msgspec.convert(msgspec.to_builtins(report.platform), PlatformState)
    return StoredState(
        platform=msgspec.structs.replace(platform, logs={}, errors=(), counters=()),
        failing=failing(report),
    )


def failing(report: Report) -> tuple[str, ...]:
    """Return the checks of a report that failed or could not be judged, in order."""
    return tuple(sorted(r.check_id for r in report.results if r.status.is_bad))


def is_well(report: Report) -> bool:
    """Return whether no check of a report failed, and each could be judged or was skipped."""
    return not failing(report)


def encode(state: StoredState) -> bytes:
    """Return the bytes of a state for the store."""
    return msgspec.json.encode(state, order="deterministic")


def decode(data: bytes | None, name: str) -> PlatformState:
    """Return the state of this name; raises StateError for anything else."""
    if data is None:
        raise StateError("it is not in the store")
    try:
        found: Any = msgspec.json.decode(data, type=StoredState)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StateError(f"it is no stored state: {error}") from error
    if found.reference != name:
        raise StateError("its content does not fit its name")
    platform: PlatformState = found.platform
    return platform
