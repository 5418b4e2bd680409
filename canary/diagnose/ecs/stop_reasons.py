"""What ECS says of a task that stopped, or that it cannot place, by AWS's own lists."""

from __future__ import annotations

from canary.control_plane.aws_lists import image_pulls, no_room, service_events, stops, task_starts
from canary.control_plane.aws_lists.form import Form, Hit, match
from canary.control_plane.state import Event, Task

STARTS: tuple[Form, ...] = (*image_pulls.PULLS, *task_starts.LIST.forms, *no_room.REASONS)
_WRAPPED = (service_events.REASON, service_events.LAUNCH)


def of_task(task: Task) -> Form | None:
    """Return the form of what kept a task from its start or ended it, None for none.

    A form without a cause, of a task or of one of its containers, tells nothing.
    """
    for text in (task.stopped_reason, *(c.reason for c in task.containers)):
        if (hit := match(STARTS, text)) and hit.form.causes:
            return hit.form
    return None


def of_health(task: Task) -> Form | None:
    """Return the form of the health check for which ECS stopped a task, None for none."""
    hit = match(stops.REASONS, task.stopped_reason)
    checks = (stops.OWN_CHECK, stops.TARGET_CHECK, stops.CLASSIC_CHECK)
    return hit.form if hit and hit.form in checks else None


def of_event(event: Event) -> Form | None:
    """Return the form of what hinders ECS; of a reason within an event, the reason's own."""
    hit = match(service_events.HINDERED, event.message)
    if hit is None:
        return None
    inner = _inner(hit) if hit.form in _WRAPPED else None
    return inner.form if inner and inner.form.causes else hit.form


def _inner(hit: Hit) -> Hit | None:
    return match(STARTS, hit.fields["reason_text"])
