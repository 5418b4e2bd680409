"""What a task wrote to its log before it ended."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.configured import can_be_named, is_readable, line_for
from canary.control_plane.log_lines import is_of, is_request
from canary.control_plane.state import Task
from canary.diagnose.core.case import Case
from canary.model import Evidence

MOST_CONTAINERS = 3  # whose last lines are shown


def last_words(case: Case, name: str, task: Task | None) -> tuple[Evidence, ...]:
    """Return what each container of a task wrote last before it ended, as evidence.

    `name` is its service. Of a log group that the canary may not read, the line of the environment
    file is given with which it may.
    """
    lines = case.state.last_lines.get(task.arn, ()) if task else ()
    last = {line.stream: line for line in lines if line.message}  # the last of each stream stays
    shown = tuple(
        Evidence(resource=f"last line of {line.stream}", seen=line.message, at=line.at)
        for line in list(last.values())[:MOST_CONTAINERS]
    )
    return (*shown, *(_not_read(case, name, task) if task else ()))


def _not_read(case: Case, name: str, task: Task) -> Iterator[Evidence]:
    """Yield each log group of containers that ended with an error which the canary may not read."""
    definition = case.definition(task.task_definition)
    failed = {c.name for c in task.containers if c.exit_code}
    groups = {
        c.log_group
        for c in (definition.containers if definition else ())
        if c.name in failed and can_be_named(c) and not is_readable(case.environment, c)
    }
    for group in sorted(groups):
        line = line_for(case.environment, name, group)
        yield Evidence(
            resource=f"log group {group}",
            seen="not read: the environment file does not name it",
            expected=f"{line} in [services.{name}], then deploy again",
        )


def own_words(case: Case, name: str, task: Task) -> tuple[str, str]:
    """Return a task's last lines, and the error lines of its stream, without those of requests.

    Only the task that ended tells why: another task, or a visitor, may have written anything.
    """
    last = [m for m in case.state.last_lines.get(task.arn, ()) if not is_request(m.message)]
    lines = [line for line in case.log_lines(name) if is_of(line, task)]
    return "\n".join(m.message for m in last), "\n".join(m.message for m in lines)
