"""Read what a task that ended by itself wrote last, from its own log stream."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from canary.control_plane.configured import is_readable
from canary.control_plane.ecs import exited
from canary.control_plane.state import Container, EcsService, LogLine, Task, TaskDefinition
from canary.model import parse_time
from canary.observe.calls import Permission, Reader
from canary.observe.logs import log_line

ACTIONS = (
    Permission(
        action="logs:GetLogEvents",
        resource="arn:aws:logs:{region}:{account}:log-group:{task_log_group}:log-stream:*",
    ),
)
MAX_LINES = 12  # a stack trace's end and what it says
MAX_TASKS = 2  # of each service
_RECENT_S = 3600.0
Redact = Callable[[str], str]


def read(
    reader: Reader,
    services: tuple[EcsService, ...],
    definitions: tuple[TaskDefinition, ...],
    now: dt.datetime,
    redact: Redact,
) -> dict[str, tuple[LogLine, ...]]:
    """Return the last lines of the newest tasks that ended with an error, by the task's ARN."""
    known = {d.arn: d for d in definitions}
    found: dict[str, tuple[LogLine, ...]] = {}
    for service in services:
        for task in [t for t in service.tasks if _crashed(t, now)][:MAX_TASKS]:
            definition = known.get(task.task_definition)
            for container in definition.containers if definition else ():
                if _failed(task, container) and is_readable(reader.environment, container):
                    lines = _last(reader, container, task, redact)
                    found[task.arn] = (*found.get(task.arn, ()), *lines)
    return {arn: lines for arn, lines in found.items() if lines}


def _crashed(task: Task, now: dt.datetime) -> bool:
    ended = parse_time(task.stopped_at)
    recent = ended is not None and (now - ended).total_seconds() < _RECENT_S
    return recent and (exited(task) or any(c.exit_code for c in task.containers))


def _failed(task: Task, container: Container) -> bool:
    return any(c.name == container.name and c.exit_code != 0 for c in task.containers)


def _last(reader: Reader, container: Container, task: Task, redact: Redact) -> tuple[LogLine, ...]:
    """Return the last lines of a container; without `startFromHead` the newest come first."""
    stream = f"{container.log_prefix}/{container.name}/{task.arn.rpartition('/')[2]}"
    return reader.answer(
        "logs:GetLogEvents",
        container.log_group,
        lambda raw: tuple(log_line({**e, "logStreamName": stream}, redact) for e in raw["events"]),
        (),
        {"ResourceNotFoundException": ()},
        logGroupName=container.log_group,
        logStreamName=stream,
        limit=MAX_LINES,
    )
