"""Ports: everything outside itself that a run may touch, and its progress events."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping

from canary.comparison.previous import Previous
from canary.control_plane.baselines import Baselines
from canary.control_plane.state import PlatformState
from canary.control_plane.write_calls import Audit
from canary.model import Credential, Environment, Explanation, Frozen, Result
from canary.mutes.in_force import Stored
from canary.observe.edge.failed import Failed
from canary.observe.write_calls import Asked
from canary.probes.base.api import Clock, Connect, Http, Kind, unconnected
from canary.redaction.redactor import Redactor

Diagnose = Callable[
    [
        tuple[Result, ...],
        PlatformState,
        Environment,
        PlatformState | None,
        dt.datetime,
        Baselines,
        float,
    ],
    Explanation,
]
"""The last is the seconds that it may take; raises TimeoutError when it takes longer."""
Stoppable = Callable[[Callable[[], None], float], contextlib.AbstractContextManager[None]]
"""Stop, seconds -> a context in which a signal calls `stop` and waits at most so long for it."""
AskAudit = Callable[[Asked, float], Audit]
"""Objects with their time, seconds -> the write calls that CloudTrail told within the seconds."""
Within = Callable[[float, Callable[[], PlatformState]], PlatformState]
"""Seconds, action -> the action's value; raises TimeoutError when it takes longer."""


class Progress(Frozen, frozen=True, kw_only=True):
    """One event: a phase began, or a check started or ended."""

    phase: str = ""  # "observe", "probe", "diagnose", "publish"
    check_id: str = ""
    result: Result | None = None  # set when the check ended
    done: int = 0
    total: int = 0


OnProgress = Callable[[Progress], None]


def quiet(_progress: Progress) -> None:
    """Ignore the progress."""


@contextlib.contextmanager
def unstoppable(_stop: Callable[[], None], _limit_s: float) -> Iterator[None]:
    """Let nothing stop a run: a function is not interrupted."""
    yield


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
    refresh_failing: Callable[[PlatformState, Failed, float], PlatformState]
    """State, what failed, seconds -> the state with what failing services need, read by then."""
    diagnose: Diagnose
    read_state: Callable[[str, float], PlatformState]
    """Name of a stored state, seconds -> the state; raises where it cannot be read in time."""
    within: Within
    stoppable: Stoppable = unstoppable
    connect: Connect = unconnected
    audit: AskAudit | None = None
    """None where the canary reads no control plane."""
    mutes: Callable[[dt.datetime], Stored] = lambda _now: Stored()
    """Moment -> the mutes of the store that hold then."""
    end_requests: Callable[[Collection[int]], None] = lambda _threads: None
    """Ends the requests under way in threads, given by their identifiers."""
