"""What is remembered of each check from run to run."""

from __future__ import annotations

from canary.model.base import Frozen, Status


class Kept(Frozen, frozen=True, kw_only=True):
    """A state of the control plane by its name, and the start of a run that read it."""

    state: str
    at: str  # ISO 8601


class CheckHistory(Frozen, frozen=True, kw_only=True):
    """The last outcomes of a check, newest last, kept from run to run."""

    outcomes: str = ""  # one letter a run: P F E S W, at most 60
    first_attempts: str = ""  # P where the first attempt was good, F where it was not
    latency_ms: tuple[float, ...] = ()  # of passes, at most 60
    since: str = ""  # when the present status began
    last_run_at: str = ""
    last_status: Status = Status.PASS
    baseline: str = ""  # the state in the last run that was its third pass in a row, or more
    baseline_at: str = ""  # when that run started
    day_before: tuple[Kept, ...] = ()
    """At most two baselines of earlier days; the first is the one that a diagnosis asks for."""
