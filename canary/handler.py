"""The Lambda function: one run for each invocation.

Event: `{}` runs everything; `only`, `suites` narrow it; `trigger`, `scheduled_at`, `execution_id`
say why and when. `mode` is for a run over several functions: "plan", "shard" or "conclude"
(docs/decisions/0006). `Records` are messages of a queue that announce changes of the platform; that
run looks at what changed alone (docs/decisions/0017). Returns a small summary; an event that names
an unknown check or suite is answered with REFUSED and the reason. It raises only where the
configuration or a schedule's own event is wrong, or where the run could be published nowhere.
"""

from __future__ import annotations

import gc

# Objects made while importing stay for ever: the collector would walk through them a dozen times,
# a twelfth of a cold start. `freeze` then takes them out of every later collection.
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
from canary.adapters.store.protocol import run_name
from canary.following.announced import followed
from canary.following.choice import Covered, checks_of
from canary.model import Environment, Report
from canary.model.schedule import EVERY, SLOW, schedule_period
from canary.pipeline import run_once
from canary.plan import PlanError, Selection
from canary.probes.plugged import ALL_KINDS
from canary.publish import (
    Published,
    publish_followed,
    publish_metrics,
    publish_report,
)
from canary.report.summary import summary
from canary.report.text import line
from canary.runner import RunRequest
from canary.runner.context import GATE
from canary.wiring.run import Runtime, make_ports, make_runtime

gc.enable()
gc.freeze()

MARGIN_S = 1.5
"""Seconds between the end of a run and the function's time-out, for the runtime itself."""
MOST_FOLLOWED = 20
"""Changes that one report names: an event's storm needs one run."""
COVERED = Covered()
LONGEST_WORD, LONGEST_REASON = 100, 400
"""Characters kept of an event's texts, which are shown in reports and in the log."""


class Context(Protocol):
    """The Lambda context, as far as the handler needs it."""

    def get_remaining_time_in_millis(self) -> int:
        """Return milliseconds until the time-out."""
        ...


class EventError(ValueError):
    """The event does not have the form of an event."""


class NotPublishedError(Exception):
    """The report reached neither the store, nor the metrics, nor the log."""


def handler(event: Mapping[str, Any] | None, context: Context) -> dict[str, Any]:
    """Run once and return the summary."""
    runtime = _runtime(os.environ["CANARY_ENVIRONMENT"], os.environ.get("CANARY_STORE", ""))
    log = Log()
    try:
        return _answer(runtime, event, context, log)
    except (EventError, PlanError) as error:
        if _trigger(event).startswith("schedule"):
            raise  # nobody reads a schedule's answer; Lambda keeps the event in its queue
        reason = runtime.redactor.text(line(str(error), LONGEST_REASON))
        log.problem("event refused", reason=reason)
        return {"run_id": "", "status": "REFUSED", "reason": reason}


def _answer(
    runtime: Runtime, event: Mapping[str, Any] | None, context: Context, log: Log
) -> dict[str, Any]:
    if event and "Records" in event:
        return _follow(runtime, event["Records"], context, log)
    request = request_of(event or {}, runtime.environment)
    late = lateness(request, runtime.environment, runtime.clock.now())
    if late:
        log.problem("run is stale", reason=late, trigger=request.trigger)
        return {"run_id": "", "status": "STALE", "reason": late}
    budget = _budget(runtime, context)
    request = msgspec.structs.replace(request, budget_s=budget)
    done = Published()
    on_judged = functools.partial(publish_metrics, emit=emf.emit, done=done, config=runtime.config)
    mode = str((event or {}).get("mode", ""))
    if not mode:
        report = run_once(make_ports(runtime), runtime.config, request, on_judged)
        return _published(runtime, report, request, done, log)

    from canary.sharding import modes  # only a run over several functions needs it

    if mode == "plan":
        return modes.plan_run(runtime, request)
    if mode == "shard":
        return modes.probe_shard(runtime, event or {}, budget)
    if mode != "conclude":
        raise ValueError(f"unknown mode {mode!r}; it is plan, shard or conclude")
    whole, report = modes.conclude_run(runtime, event or {}, budget, on_judged)
    return _published(runtime, report, whole, done, log)


def _budget(runtime: Runtime, context: Context) -> float:
    limit = context.get_remaining_time_in_millis() / 1000 - MARGIN_S
    return max(min(runtime.environment.run.budget, limit), 1.0)


def _follow(runtime: Runtime, records: object, context: Context, log: Log) -> dict[str, Any]:
    """Run the checks of what changed, unless a run did since; answer FOLLOWED for nothing new."""
    from canary.wiring import notify
    from canary.wiring.guards import guards

    now = runtime.clock.now()
    known = functools.partial(guards, runtime)
    changes = COVERED.left(followed(records, runtime.environment, known), now)
    checks = checks_of(changes, runtime.config, ALL_KINDS)
    if not checks:
        return {"run_id": "", "status": "FOLLOWED", "reason": "no change that was not looked at"}
    request = RunRequest(
        selection=Selection(only=checks),
        trigger="change",
        budget_s=_budget(runtime, context),
        followed=changes[:MOST_FOLLOWED],
    )
    report = run_once(make_ports(runtime), runtime.config, request)
    done, send = Published(), notify.notifier(runtime, notify.channels())
    publish_followed(runtime, report, done, log=log, notify=send)
    COVERED.began(changes, now)  # where the run raises, the queue gives its changes once more
    return _checked(runtime, report, done, log)


def _published(
    runtime: Runtime, report: Report, request: RunRequest, done: Published, log: Log
) -> dict[str, Any]:
    """Publish the report and return its summary; raises NotPublishedError."""
    from canary.wiring import notify  # a cold start need not wait for what comes last

    send = notify.notifier(runtime, notify.channels())
    publish_report(runtime, report, done, latest=request.whole, emit=emf.emit, log=log, notify=send)
    return _checked(runtime, report, done, log)


def _checked(runtime: Runtime, report: Report, done: Published, log: Log) -> dict[str, Any]:
    """Log the problems and return the summary; raises NotPublishedError."""
    problems = [runtime.redactor.text(problem) for problem in done.problems]
    for problem in problems:
        log.problem("publishing", run_id=report.run.id, problem=problem)
    if not done.anywhere:
        raise NotPublishedError("; ".join(problems))
    return summary(report, f"{runtime.store.place}/{run_name(report.run.id)}")


@functools.cache
def _runtime(name: str, store: str) -> Runtime:
    """Return what stays warm between invocations."""
    loaded = config.load(name, authoring=False)
    place = store or loaded.environment.store or "/tmp/hokusai-canary"  # noqa: S108 - all that a function may write to
    return make_runtime(loaded, place)


def _trigger(event: object) -> str:
    return str(event.get("trigger", "invoke")) if isinstance(event, Mapping) else ""


def _texts(event: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = event.get(key) or ()
    if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
        raise EventError(f"{key}: must be a list of texts")
    return tuple(found)


def request_of(event: Mapping[str, Any], environment: Environment) -> RunRequest:
    """Return the request of an event; scheduled runs leave slow checks to their own schedule.

    Raises EventError for an event of another form.
    """
    if not isinstance(event, Mapping):
        raise EventError("the event must be an object")
    trigger = line(_trigger(event), LONGEST_WORD)
    slow = environment.schedule.slow_checks if environment.schedule.slow_expression else ()
    return RunRequest(
        selection=Selection(
            only=_texts(event, "only"),
            suites=_texts(event, "suites"),
            without=slow if trigger == EVERY else (),
            due_only=trigger.startswith("schedule"),
        ),
        trigger=trigger,
        scheduled_at=line(str(event.get("scheduled_at", "")), LONGEST_WORD),
        reuse_rest=trigger.startswith("schedule"),
        aside=trigger == GATE,
    )


def lateness(request: RunRequest, environment: Environment, now: dt.datetime) -> str:
    """Return why a run comes too late, "" if it does not.

    A throttled event waits in Lambda's queue; when it comes back after its period, the next run is
    due already.
    """
    schedule = environment.schedule
    expression = schedule.slow_expression if request.trigger == SLOW else schedule.expression
    try:
        planned = dt.datetime.fromisoformat(request.scheduled_at)
    except ValueError:
        return ""  # invoked by hand, or a placeholder that nobody filled in
    planned = planned if planned.tzinfo else planned.replace(tzinfo=dt.UTC)
    age, period = (now - planned).total_seconds(), schedule_period(expression)
    # the scheduler is exact to the minute only
    return f"scheduled {age:.0f} s ago, period {period} s" if age > period + 60 else ""
