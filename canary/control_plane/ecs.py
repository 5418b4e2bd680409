"""What ECS's records mean: the deployment in force, roll backs, failed and running tasks.

The strings are those of "Service event messages" and "Stopped tasks error codes" in the Amazon ECS
Developer Guide; docs/decisions/0008 says what was decided where AWS leaves a choice.
"""

from __future__ import annotations

from canary.control_plane.state import EcsDeployment, EcsService, Event, Task

_ROLLING_BACK = "rolling back"  # in the deployment's reason, and in the event that names it
_STEADY = "has reached a steady state"
_ON_PURPOSE = ("UserInitiated", "SpotInterruption", "TerminationNotice")
_NEVER_STARTED, _EXITED = "TaskFailedToStart", "EssentialContainerExited"
# Stopped reasons of tasks that were replaced or no longer wanted, and of StopTask.
_SCALING = "scaling activity initiated by"
_HARMLESS = (_SCALING, "task stopped by user")


def is_primary(status: str) -> bool:
    """Return whether a deployment or a task set with this status is the one in force."""
    return status == "PRIMARY"


def primary(service: EcsService | None) -> EcsDeployment | None:
    """Return the deployment that a service is moving to, or stands at."""
    deployments = service.deployments if service else ()
    return next((d for d in deployments if is_primary(d.status)), None)


def rolled_back(service: EcsService) -> str:
    """Return the ECS message showing a roll back to the deployment in force, or an empty string."""
    newest = primary(service)
    if newest is None:
        return ""
    events = (e.message for e in service.events if newest.id in e.message)
    messages = (newest.rollout_reason, *events)
    return next((m for m in messages if _ROLLING_BACK in m.lower()), "")


def is_steady(event: Event) -> bool:
    """Return whether an event reports that a service reached its steady state."""
    return _STEADY in event.message


def is_failure(task: Task) -> bool:
    """Return whether a task stopped on its own or for its health, and not on purpose."""
    if not task.stopped_at or task.stop_code in _ON_PURPOSE:
        return False
    if never_started(task) or exited(task):
        return True
    reason = task.stopped_reason.lower()
    return bool(reason) and not reason.startswith(_HARMLESS)


def never_started(task: Task) -> bool:
    """Return whether a task stopped before its containers ran."""
    return task.stop_code == _NEVER_STARTED


def exited(task: Task) -> bool:
    """Return whether a task stopped because an essential container ended."""
    return task.stop_code == _EXITED


def scaled_in(task: Task) -> bool:
    """Return whether ECS stopped a task because another replaced it, or fewer were wanted."""
    return task.stopped_reason.lower().startswith(_SCALING)


def live(service: EcsService | None) -> tuple[Task, ...]:
    """Return the running tasks of a service that have an address."""
    tasks = service.tasks if service else ()
    return tuple(t for t in tasks if t.last_status == "RUNNING" and t.address)
