"""The Lambda function: one run for each invocation.

Event: `{}` runs everything; `only`, `suites` narrow it; `trigger`, `scheduled_at`, `execution_id`
say why and when. `mode` is for a run that is spread over functions: "plan", "shard" or "conclude"
(docs/decisions/0006). Returns a small summary; an event that asks for what does not exist is
answered with REFUSED and the reason. It raises only where the configuration is wrong, where a
schedule's own event is, or where nobody could be told of the run at all.
"""

from __future__ import annotations

import gc

# All that is made while importing stays: the collector would walk through it a dozen times,
# which is a twelfth of a cold start. What is there at the end it never looks at again.
gc.disable()

import datetime as dt
import functools
import os
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from canary import config
from canary.adapters.aws import emf
from canary.adapters.log import Log
from canary.model import Environment, Report
from canary.model.schedule import schedule_period
from canary.pipeline import Asked, run_once
from canary.plan import PlanError, Selection
from canary.publish import summary
from canary.report.text import line
from canary.wiring import run as wire

gc.enable()
gc.freeze()

MARGIN_S = 1.5
"""Seconds between the end of a run and the function's time-out, for the runtime itself."""
SLOW = "schedule-slow"
LONGEST_WORD, LONGEST_REASON = 100, 400
"""Characters kept of what an event says: it stands in reports and in the log."""


class Context(Protocol):
    """What the handler asks of the Lambda context."""

    def get_remaining_time_in_millis(self) -> int:
        """Return milliseconds until the time-out."""
        ...


class EventError(ValueError):
    """The event has a form that says nothing."""


class NobodyToldError(Exception):
    """The report reached neither the store, nor the metrics, nor the log."""


def handler(event: Mapping[str, Any] | None, context: Context) -> dict[str, Any]:
    """Run once and return the summary."""
    made = _world(os.environ["CANARY_ENVIRONMENT"], os.environ.get("CANARY_STORE", ""))
    log = Log()
    try:
        return _carried_out(made, event, context, log)
    except (EventError, PlanError) as error:
        if _trigger(event).startswith("schedule"):
            raise  # nobody reads a schedule's answer; Lambda keeps the event in its queue
        reason = made.redactor.text(line(str(error), LONGEST_REASON))
        log.problem("event refused", reason=reason)
        return {"run_id": "", "status": "REFUSED", "reason": reason}


def _carried_out(
    made: wire.World, event: Mapping[str, Any] | None, context: Context, log: Log
) -> dict[str, Any]:
    asked = asked_by(event or {}, made.environment)
    late = lateness(asked, made.environment, made.clock.now())
    if late:
        log.problem("run is stale", reason=late, trigger=asked.trigger)
        return {"run_id": "", "status": "STALE", "reason": late}
    limit = context.get_remaining_time_in_millis() / 1000 - MARGIN_S
    budget = max(min(made.environment.run.budget, limit), 1.0)
    asked = _with_budget(asked, budget)
    mode = (event or {}).get("mode", "")
    if mode:
        return _spread(made, str(mode), event or {}, asked, log)
    return _published(made, run_once(made.config, wire.parts(made), asked), asked, log)


def _spread(
    made: wire.World, mode: str, event: Mapping[str, Any], asked: Asked, log: Log
) -> dict[str, Any]:
    from canary.sharding import modes as spread  # only the second shape needs it

    if mode == "plan":
        return spread.plan_run(made, asked)
    if mode == "shard":
        return spread.probe_shard(made, event, asked.budget_s)
    if mode != "conclude":
        raise ValueError(f"unknown mode {mode!r}; it is plan, shard or conclude")
    whole, report = spread.conclude_run(made, event, asked.budget_s)
    return _published(made, report, whole, log)


def _published(made: wire.World, report: Report, asked: Asked, log: Log) -> dict[str, Any]:
    """Leave the report behind and return its summary; raises NobodyToldError."""
    from canary.wiring import notify as tell  # a cold start need not wait for what comes last

    done = wire.leave_behind(
        made,
        report,
        latest=asked.whole,
        emit=lambda e: emf.emit(e.points, e.run_id),
        say=lambda s: log.event(s.message, **s.fields),
        whole=lambda message, text: log.whole(message, text, run_id=report.run.id),
        notify=tell.notifier(made, tell.channels()),
    )
    problems = [made.redactor.text(problem) for problem in done.problems]
    for problem in problems:
        log.problem("publishing", run_id=report.run.id, problem=problem)
    if not done.anywhere:
        raise NobodyToldError("; ".join(problems))
    return summary(report, made.store.place)


@functools.cache
def _world(name: str, store: str) -> wire.World:
    """Return what stays warm between invocations."""
    loaded = config.load(name, desk=False)
    return wire.world(loaded, store or loaded.environment.store or "/tmp/hokusai-canary")  # noqa: S108 - all that a function may write to


def _trigger(event: object) -> str:
    return str(event.get("trigger", "invoke")) if isinstance(event, Mapping) else ""


def _texts(event: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = event.get(key) or ()
    if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
        raise EventError(f"{key}: must be a list of texts")
    return tuple(found)


def asked_by(event: Mapping[str, Any], environment: Environment) -> Asked:
    """Return what an event asks for; the scheduled runs leave slow checks to their own schedule.

    Raises EventError for an event of another form.
    """
    if not isinstance(event, Mapping):
        raise EventError("the event must be an object")
    trigger = line(_trigger(event), LONGEST_WORD)
    slow = environment.schedule.slow_checks if environment.schedule.slow_expression else ()
    return Asked(
        selection=Selection(
            only=_texts(event, "only"),
            suites=_texts(event, "suites"),
            without=slow if trigger == "schedule" else (),
            due_only=trigger.startswith("schedule"),
        ),
        trigger=trigger,
        scheduled_at=line(str(event.get("scheduled_at", "")), LONGEST_WORD),
        carry_rest=trigger.startswith("schedule"),
    )


def _with_budget(asked: Asked, budget_s: float) -> Asked:
    return msgspec.structs.replace(asked, budget_s=budget_s)


def lateness(asked: Asked, environment: Environment, now: dt.datetime) -> str:
    """Return why a run is not worth carrying out any more, "" if it is.

    A throttled event waits in Lambda's queue; when it comes back after its period, the next run is
    due already, and this one would judge the past.
    """
    schedule = environment.schedule
    expression = schedule.slow_expression if asked.trigger == SLOW else schedule.expression
    try:
        planned = dt.datetime.fromisoformat(asked.scheduled_at)
    except ValueError:
        return ""  # invoked by hand, or a placeholder that nobody filled in
    planned = planned if planned.tzinfo else planned.replace(tzinfo=dt.UTC)
    age, period = (now - planned).total_seconds(), schedule_period(expression)
    # the scheduler is exact to the minute only
    return f"scheduled {age:.0f} s ago, period {period} s" if age > period + 60 else ""
