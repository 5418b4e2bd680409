"""The control plane as it was while the checks that fail now were well."""

from __future__ import annotations

import msgspec

from canary.control_plane.state import PlatformState
from canary.model import Frozen


class Baseline(Frozen, frozen=True, kw_only=True):
    """One state, and the last run in which it stood while a check had passed three times running.

    `state.read_at` is when this very reading was made, which may be hours before `at`: what a
    person changes was the same at both times.
    """

    reference: str
    state: PlatformState
    at: str  # ISO 8601: the start of that run


class Baselines(Frozen, frozen=True, kw_only=True):
    """The baselines of the failing checks that have one, and that of the incident."""

    of: dict[str, Baseline] = msgspec.field(default_factory=dict)  # by check
    incident: Baseline | None = None
    """The newest one that is older than the incident."""
    day_before: dict[str, Baseline] = msgspec.field(default_factory=dict)
    """By check, the baseline that it had a day or two before its last one."""


NO_BASELINES = Baselines()
