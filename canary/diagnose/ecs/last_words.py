"""What a task wrote to its log before it ended."""

from __future__ import annotations

from canary.control_plane.log_lines import is_of, is_request
from canary.control_plane.state import Task
from canary.diagnose.core.case import Case
from canary.model import Evidence

MOST_CONTAINERS = 3  # whose last lines are shown


def last_words(case: Case, task: Task | None) -> tuple[Evidence, ...]:
    """Return what each container of a task wrote last before it ended, as evidence."""
    lines = case.state.last_lines.get(task.arn, ()) if task else ()
    last = {line.stream: line for line in lines if line.message}  # the last of each stream stays
    return tuple(
        Evidence(resource=f"last line of {line.stream}", seen=line.message, at=line.at)
        for line in list(last.values())[:MOST_CONTAINERS]
    )


def own_words(case: Case, name: str, task: Task) -> tuple[str, str]:
    """Return a task's last lines, and the error lines of its stream, without those of requests.

    Only the task that ended tells why: another task, or a visitor, may have written anything.
    """
    last = [m for m in case.state.last_lines.get(task.arn, ()) if not is_request(m.message)]
    lines = [line for line in case.log_lines(name) if is_of(line, task)]
    return "\n".join(m.message for m in last), "\n".join(m.message for m in lines)
