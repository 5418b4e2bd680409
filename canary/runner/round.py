"""Read what only a failing run needs: the present once more, and earlier states.

All of it, with what CloudTrail is asked afterwards, takes three seconds at most (of a process that
gets its processor). What is late is unread, and the report says so: it is never taken for absent.
"""

from __future__ import annotations

from canary.control_plane.baselines import Baselines
from canary.control_plane.state import PlatformState
from canary.model import Frozen, Report
from canary.observe.edge.failed import NOTHING, failed_of
from canary.observe.failing.again import not_again
from canary.observe.threads import begin
from canary.runner.context import RunStart
from canary.runner.coordinator import Outcome
from canary.runner.earlier import earlier
from canary.runner.noting import Attempts
from canary.runner.ports import Ports

ROUND_S = 3.0
"""Most seconds for all that is read because something failed."""
STARVED_S = 9.0
"""The same where this process had too little of the processor: then late is its own doing."""
AUDIT_S = 0.7
"""Seconds of these that are kept for CloudTrail, which is asked last, about what was found."""
GUARD_S = 0.3
"""Seconds of these in which a reading is ended that does not end in its own time."""
NOT_AGAIN = "the control plane could not be read again"
NOT_FOLLOWED = "it was not read after the failures"


class Seen(Frozen, frozen=True, kw_only=True):
    """The control plane of the previous run, as it was while all was well, and as it is now."""

    before: PlatformState | None
    known: Baselines
    state: PlatformState
    left_s: float  # seconds of the round that CloudTrail may take


def after_failures(
    ports: Ports, start: RunStart, outcome: Outcome, judged: Report, end: float, attempts: Attempts
) -> Seen:
    """Read what the failures ask for, all at once; nothing later than `end`, a monotonic time."""
    began, again = ports.clock.monotonic(), Attempts()
    reading = attempts.run(
        NOT_AGAIN, lambda: begin(_refreshed, ports, start, outcome, end, again), None
    )
    before, known = earlier(ports, start, outcome.state, judged, end, attempts)
    state = attempts.run(NOT_AGAIN, reading.result, outcome.state) if reading else outcome.state
    attempts.notes += again.notes
    left = max(_most(outcome) - (ports.clock.monotonic() - began), 0.0)
    return Seen(before=before, known=known, state=state, left_s=left)


def _most(outcome: Outcome) -> float:
    return STARVED_S if outcome.cpu_starved else ROUND_S


def _refreshed(
    ports: Ports, start: RunStart, outcome: Outcome, end: float, attempts: Attempts
) -> PlatformState:
    """Read again what failing services need, so that no diagnosis argues from an older state."""
    standing = (r for r in start.reused.values() if r.blocking)
    before = start.previous.report.run.id if start.previous.report else ""
    results, run_ids = (*outcome.results, *standing), (start.run_id, before)
    note = "what the failures need could not be told"
    failed = attempts.run(note, lambda: failed_of(results, run_ids), NOTHING)
    if not failed.services or not start.plan.order:
        return outcome.state
    stands = attempts.run(
        "what was not read again could not be told",
        lambda: not_again(outcome.state, start.config.environment, failed.services, NOT_FOLLOWED),
        outcome.state,
    )
    kept = AUDIT_S if ports.audit else 0.0
    seconds = min(end - ports.clock.monotonic(), _most(outcome) - kept)
    if seconds <= GUARD_S:
        attempts.notes.append("no time was left to read the control plane again after the failures")
        return stands
    own = seconds - GUARD_S
    return attempts.run(
        NOT_AGAIN,
        lambda: ports.within(seconds, lambda: ports.refresh_failing(outcome.state, failed, own)),
        stands,
    )
