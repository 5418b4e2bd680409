"""Which of a task's containers ended it, and how."""

from __future__ import annotations

from canary.control_plane.aws_lists.form import Form, match
from canary.control_plane.state import StoppedContainer, Task, TaskDefinition

# What ECS leaves when it stops the others: an end by itself, SIGKILL, SIGTERM.
_STOPPED_BY_ECS = (0, 137, 143)


def codes(task: Task) -> str:
    """Return the exit codes of a task, with the containers' names where there are several."""
    ended = [c for c in task.containers if c.exit_code is not None]
    if len(task.containers) < 2:
        return f"exit code {', '.join(str(c.exit_code) for c in ended) or 'unknown'}"
    return "; ".join(f"container {c.name}: exit code {c.exit_code}" for c in ended)


def first(task: Task, definition: TaskDefinition | None) -> str:
    """Name the container that ended a task of several, where their codes tell it."""
    if len(task.containers) < 2:
        return ""
    known = {c.name: c.essential for c in definition.containers} if definition else {}
    ended = [c for c in task.containers if c.exit_code is not None and known.get(c.name, True)]
    own = [c for c in ended if c.exit_code not in _STOPPED_BY_ECS] or ended
    return _named(own[0]) if len(own) == 1 else ""


def by_reason(task: Task, form: Form) -> str:
    """Name the container of several whose own reason has a form."""
    fitting = [c for c in task.containers if match((form,), c.reason)]
    return _named(fitting[0]) if len(task.containers) > 1 and len(fitting) == 1 else ""


def _named(container: StoppedContainer) -> str:
    return f"container {container.name}"
