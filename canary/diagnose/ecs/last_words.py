"""What a task wrote to its log before it ended."""

from __future__ import annotations

from canary.control_plane.state import Task
from canary.diagnose.core.case import Case
from canary.model import Evidence


def last_words(case: Case, task: Task | None) -> tuple[Evidence, ...]:
    """Return what a task wrote last before it ended, as evidence."""
    lines = case.state.last_lines.get(task.arn, ()) if task else ()
    told = [line for line in lines if line.message]
    return tuple(
        Evidence(resource=f"last line of {line.stream}", seen=line.message, at=line.at)
        for line in told[-1:]
    )
