"""The main path: plan -> observe + probe -> diagnose -> compare -> a report to publish.

Everything it touches is handed in; `wire` makes it for the Lambda function and the command line.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping

import msgspec

import canary
from canary.attempts import Attempts
from canary.comparison.against import hold_against
from canary.comparison.previous import Previous, carried, previous_state, pruned, rate_limited
from canary.conclude import Facts, assemble, in_order
from canary.control_plane.state import PlatformState
from canary.model import Config, Environment, Explanation, Frozen, Report, Result, Status
from canary.plan import Plan, Selection, make_plan
from canary.probes.base.api import Kind
from canary.runner import Doors, Outcome, Progress, carry_out
from canary.runner.progress import Tell, quiet

PUBLISHING_S = 2.0
"""Seconds kept back from reading more of the control plane."""
DEEPEN_S = 10.0
EVERYTHING = Selection()
UNREAD = "the control plane of the previous run could not be read"
BAD = (Status.FAIL, Status.ERROR)

Diagnose = Callable[
    [tuple[Result, ...], PlatformState, Environment, PlatformState | None, dt.datetime], Explanation
]
Within = Callable[[float, Callable[[], PlatformState]], PlatformState]
"""Seconds, action: the action's value; raises TimeoutError when it takes longer."""


class Parts(Frozen, frozen=True, kw_only=True):
    """What a run is made of."""

    kinds: Mapping[str, Kind]
    doors: Doors
    previous: Callable[[], Previous]
    deepen: Callable[[PlatformState, frozenset[str]], PlatformState]
    diagnose: Diagnose
    within: Within


class Asked(Frozen, frozen=True, kw_only=True):
    """What this run was asked for; `budget_s` 0 takes the environment's own."""

    selection: Selection = EVERYTHING
    trigger: str = "manual"
    scheduled_at: str = ""
    budget_s: float = 0.0
    carry_rest: bool = False
    """A narrowed run that stands for the whole environment: what it does not run is carried."""

    @property
    def whole(self) -> bool:
        """Return whether the report speaks of the whole environment."""
        return self.carry_rest or not self.selection.narrow


def new_run_id(moment: str) -> str:
    """Return an id that sorts by time to the millisecond; `moment` is ISO 8601 in UTC.

    An id of an earlier version, which had no milliseconds, sorts before the ids of its second.
    """
    stamp = moment[:19].replace("-", "").replace(":", "").lower()
    fraction = moment[20:23] if moment[19:20] == "." else ""
    return f"{stamp}{fraction.ljust(3, '0')}-{secrets.token_hex(3)}"


class Begun(Frozen, frozen=True, kw_only=True):
    """A run that was planned: what it carries over, and when it began."""

    run_id: str
    started: dt.datetime
    start: float  # of the monotonic clock
    previous: Previous
    plan: Plan
    kept: dict[str, Result]


def run_once(config: Config, parts: Parts, asked: Asked, tell: Tell = quiet) -> Report:
    """Carry one run out and return its report; publishing it is the next word."""
    begun = begin(config, parts, asked)
    outcome = carry_out(
        begun.plan,
        parts.kinds,
        parts.doors,
        begun.run_id,
        begun.kept,
        tell,
        begun.start,
        rate_limited(begun.previous.report),
    )
    tell(Progress(phase="diagnose"))
    return conclude(config, parts, asked, begun, outcome)


def begin(config: Config, parts: Parts, asked: Asked) -> Begun:
    """Read the past and plan."""
    clock = parts.doors.clock
    start, started = clock.monotonic(), clock.now()
    previous = parts.previous()
    report = previous.report
    have = {r.check_id for r in report.results} if report else set()
    # of what has no result that could be carried nothing is known
    known = {i: h for i, h in report.history.items() if i in have} if report else {}
    plan = make_plan(config, parts.kinds, known, started, asked.selection, asked.budget_s)
    return Begun(
        run_id=new_run_id(started.isoformat()),
        started=started,
        start=start,
        previous=previous,
        plan=plan,
        kept=carried(previous.report, plan.not_due) if asked.whole else {},
    )


def conclude(config: Config, parts: Parts, asked: Asked, begun: Begun, outcome: Outcome) -> Report:
    """Diagnose what a run found and hold it against the run before.

    The results stand: a bug in what is said of them is a note of the report, which rings as
    StateLost where the past is concerned (`Against`).
    """
    clock, previous = parts.doors.clock, begun.previous
    results = in_order(config, outcome, begun.kept)
    attempts = Attempts()
    before = attempts.of(UNREAD, lambda: previous_state(previous.report), None)
    state = _deepened(parts, outcome, begun.plan, attempts)
    explained = _explained(parts, results, state, before, attempts)
    started_at = begun.started.isoformat(timespec="seconds")
    against = hold_against(
        previous,
        results,
        (before, state),
        now=started_at,
        trusted=not outcome.starved,
        whole=asked.whole,
    )
    facts = Facts(
        id=begun.run_id,
        environment=config.environment.name,
        started_at=started_at,
        finished_at=clock.now().isoformat(timespec="seconds"),
        duration_ms=(clock.monotonic() - begun.start) * 1000,
        version=canary.__version__,
        trigger=asked.trigger,
        scheduled_at=asked.scheduled_at,
    )
    report = assemble(facts, results, outcome, explained, against, state, attempts)
    kept = pruned(report.history, config) if asked.whole else report.history
    return parts.doors.redactor.clean(msgspec.structs.replace(report, history=kept))


def _deepened(parts: Parts, outcome: Outcome, plan: Plan, attempts: Attempts) -> PlatformState:
    """Read again what failing services need, so that no diagnosis argues from an older state."""
    failing = frozenset(r.service for r in outcome.results if r.status in BAD)
    left = outcome.times.end - parts.doors.clock.monotonic() - PUBLISHING_S
    if not failing or not plan.order:
        return outcome.state
    if left <= 0:
        attempts.notes.append("no time was left to read the control plane again after the failures")
        return outcome.state
    return attempts.of(
        "the control plane could not be read again",
        lambda: parts.within(min(left, DEEPEN_S), lambda: parts.deepen(outcome.state, failing)),
        outcome.state,
    )


def _explained(
    parts: Parts,
    results: tuple[Result, ...],
    state: PlatformState,
    before: PlatformState | None,
    attempts: Attempts,
) -> Explanation:
    if not state.unavailable and all(r.status is Status.PASS for r in results):
        return Explanation()  # nothing is wrong, and nothing was kept from us
    environment, now = parts.doors.environment, parts.doors.clock.now()
    undiagnosed = Explanation(unexplained=tuple(r.check_id for r in results if r.status in BAD))
    return attempts.of(
        "diagnosis failed",
        lambda: parts.diagnose(results, state, environment, before, now),
        undiagnosed,
    )
