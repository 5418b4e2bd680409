"""`ecs_service`: the desired tasks run, the rollout is complete, no task failed recently.

A running task may be unhealthy: the kind `target_group` checks whether tasks answer.
"""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Annotated

import msgspec

from canary.control_plane.ecs import (
    hinders,
    is_failure,
    is_steady,
    never_started,
    primary,
    rolled_back,
)
from canary.control_plane.state import EcsService, PlatformState, Task
from canary.model import Assertion, Check, Frozen, Step, parse_time
from canary.probes.base.api import Kind, ProbeContext
from canary.probes.base.evidence import (
    Stopwatch,
    assertion,
    could_not_tell,
    minutes_since,
    unavailable,
)

STEPS = ("tasks", "rollout", "stopped tasks")
_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


Minutes = Annotated[float, msgspec.Meta(ge=0)]


class EcsServiceSpec(Frozen, frozen=True, kw_only=True):
    """How long a rollout may take, and how long a failed task or a roll back counts."""

    rollout_minutes: Minutes = 15
    recent_minutes: Minutes = 15
    rollback_minutes: Minutes = 60  # a roll back is a failure for so long


def _find(state: PlatformState, name: str) -> EcsService | None:
    return next((s for s in state.ecs_services if s.name == name), None)


def run(check: Check, spec: EcsServiceSpec, context: ProbeContext) -> None:
    """Record the steps of an ECS service from the reading of the control plane."""
    watch = Stopwatch(context)
    state = context.state()
    name = context.service(check.service).ecs_service
    if not name:
        reason = f"service {check.service} names no ecs_service"
        steps = could_not_tell(watch, STEPS, reason)
    elif (service := _find(state, name)) is not None:
        now = context.clock.now()
        steps = [
            _tasks(watch, state, service, spec, now),
            rollout(watch, service, spec, now),
            stopped(watch, state, service, spec, now),
        ]
    elif state.cluster_missing or name in state.missing_services:
        there = "no such cluster" if state.cluster_missing else "no such service"
        made = [assertion(f"ECS service {name}", "exists", there, False)]
        steps = [watch.step(STEPS[0], made)]
    else:
        reason = unavailable(state, "ecs:") or f"{name} was not read"
        steps = could_not_tell(watch, STEPS, reason)
    for step in steps:
        context.record(step)


def facts(service: EcsService) -> dict[str, str]:
    """Return the revision and the newest event, for the reader of the report."""
    newest = service.events[0].message if service.events else ""
    revision = service.task_definition.rsplit("/", 1)[-1]
    return {"task definition": revision, "newest event": newest}


def _tasks(
    watch: Stopwatch,
    state: PlatformState,
    service: EcsService,
    spec: EcsServiceSpec,
    now: dt.datetime,
) -> Step:
    """Return the step of the running tasks; those that ECS is just starting are not missed."""
    blind = unavailable(state, "ecs:ListTasks", "ecs:DescribeTasks")
    starting = not blind and _starts_more(service, spec, now)
    known = facts(service)
    if starting:
        known["note"] = f"{service.running} of {service.desired} run, ECS starts the others"
    return watch.step(STEPS[0], tasks(service, starting=starting), facts=known)


def _starts_more(service: EcsService, spec: EcsServiceSpec, now: dt.datetime) -> bool:
    """Return whether ECS is under way to the desired count: nothing fails, and nothing hinders it.

    AWS does not say when a count was changed. What hinders ECS it tells in an event, or a task
    fails or comes too late.
    """
    coming = [t for t in service.tasks if t.last_status not in ("RUNNING", "STOPPED")]
    ages = [minutes_since(t.created_at, now) for t in coming]
    since = list(itertools.takewhile(lambda e: not is_steady(e), service.events))
    return (
        0 < service.running < service.desired
        and service.controller in ("", "ECS")
        and not recent_failures(service, spec, now)[0]
        and not any(map(hinders, since))
        and all(age is not None and age < spec.rollout_minutes for age in ages)
    )


def tasks(service: EcsService, *, starting: bool = False) -> list[Assertion]:
    """Return the assertions on a service's status and task counts."""
    return [
        assertion("status", "ACTIVE", service.status, service.status == "ACTIVE"),
        assertion("desired tasks", "at least 1", service.desired, service.desired > 0),
        assertion(
            "running tasks",
            f"{service.running} of {service.desired}" if starting else service.desired,
            service.running,
            starting or service.running >= service.desired,
        ),
    ]


def rollout(watch: Stopwatch, service: EcsService, spec: EcsServiceSpec, now: dt.datetime) -> Step:
    """Return the rollout step: completed, or in progress, young and without a failed task."""
    newest = primary(service)
    if newest is None:
        made = [assertion("primary deployment", "exists", "none", False)]
        return watch.step(STEPS[1], made)
    state = newest.rollout_state or "COMPLETED"  # other deployment controllers report no state
    age = minutes_since(newest.created_at, now)
    known = {"deployment": newest.id, "reason": newest.rollout_reason}
    back = rolled_back(service)
    if state == "IN_PROGRESS" and newest.failed_tasks == 0 and not back:
        young = age is not None and age < spec.rollout_minutes
        text = f"COMPLETED within {spec.rollout_minutes:.0f} minutes"
        shown = state if age is None else f"{state} for {age:.0f} minutes"
        if young:
            known["note"] = "a rollout is in progress"
        return watch.step(STEPS[1], [assertion("rollout", text, shown, young)], facts=known)
    shown = f"{state}, {newest.failed_tasks} failed tasks" if newest.failed_tasks else state
    holds = state == "COMPLETED"
    if back:
        holds = holds and age is not None and age > spec.rollback_minutes
        shown = f"{state} after a roll back: {back}"
    return watch.step(STEPS[1], [assertion("rollout", "COMPLETED", shown, holds)], facts=known)


def recent_failures(
    service: EcsService, spec: EcsServiceSpec, now: dt.datetime
) -> tuple[list[Task], list[Task]]:
    """Return the failed tasks that count, and those that are past.

    A failure counts while it belongs to the present deployment. It is past once ECS reported a
    steady state after it. A steady state between two crashes ends nothing: that is a crash loop.
    """
    newest = primary(service)
    failures = []
    for task in service.tasks:
        age = minutes_since(task.stopped_at, now)
        if age is None or age > spec.recent_minutes or not is_failure(task):
            continue
        if newest and task.started_by and task.started_by != newest.id:
            continue
        failures.append(task)
    crashes = [t for t in failures if not never_started(t)]
    crashes.sort(key=_stopped, reverse=True)
    steady = [at for e in service.events if is_steady(e) and (at := parse_time(e.at))]
    # the same instant counts: ECS reports "steady" once nothing is under way any more
    past = [t for t in failures if any(at >= _stopped(t) for at in steady)]
    if crashes and any(_stopped(crashes[-1]) < at < _stopped(crashes[0]) for at in steady):
        past = [t for t in past if t not in crashes]
    return [t for t in failures if t not in past], past


def _stopped(task: Task) -> dt.datetime:
    return parse_time(task.stopped_at) or _NEVER


def stopped(
    watch: Stopwatch,
    state: PlatformState,
    service: EcsService,
    spec: EcsServiceSpec,
    now: dt.datetime,
) -> Step:
    """Return the step of the recently stopped tasks."""
    reason = unavailable(state, "ecs:ListTasks", "ecs:DescribeTasks")
    if reason and not service.tasks:
        return could_not_tell(watch, STEPS[2:], reason)[0]
    failures, past = recent_failures(service, spec, now)
    known = {f"stopped {n}": _describe(task) for n, task in enumerate(failures[:3], start=1)}
    if past:
        known["note"] = f"{len(past)} failed before the present steady state: {_describe(past[0])}"
    text = f"none in {spec.recent_minutes:.0f} minutes"
    shown = f"{len(failures)}: {_describe(failures[0])}" if failures else "none"
    made = [assertion("failed tasks", text, shown, not failures)]
    return watch.step(STEPS[2], made, facts=known)


def _describe(task: Task) -> str:
    exits = [f"exit {c.exit_code}" for c in task.containers if c.exit_code is not None]
    return " ".join((task.stopped_at, task.stop_code, task.stopped_reason, *exits))[:240]


KIND = Kind(
    name="ecs_service",
    spec=EcsServiceSpec,
    run=run,
    summary="running tasks, a completed rollout, no recently failed task",
    reads_state=True,
    requests=lambda _spec: 0,
)
