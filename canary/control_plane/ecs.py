"""What ECS's records mean: the deployment in force, roll backs, failed and running tasks.

AWS's messages stand in `aws_lists`; docs/decisions/0008 says what was decided where AWS leaves a
choice.
"""

from __future__ import annotations

from typing import Any

from canary.control_plane.aws_lists import service_events, stops
from canary.control_plane.aws_lists.form import match
from canary.control_plane.state import EcsDeployment, EcsService, Event, Task

_ON_PURPOSE = frozenset(form.text for form in stops.CODES if form.normal)
_ROLLING_BACK = (service_events.ROLLBACK, service_events.ROLLBACK_REASON)


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
    return next((m for m in messages if match(_ROLLING_BACK, m)), "")


def is_steady(event: Event) -> bool:
    """Return whether an event reports that a service reached its steady state."""
    return match((service_events.STEADY,), event.message) is not None


def hinders(event: Event) -> bool:
    """Return whether an event reports what keeps ECS from the tasks that a service wants."""
    return match(service_events.HINDERED, event.message) is not None


def interrupted(task: Task) -> bool:
    """Return whether AWS took the Spot capacity of a task back."""
    return task.stop_code == stops.SPOT.text


def is_failure(task: Task) -> bool:
    """Return whether a task stopped on its own or for its health, and not on purpose."""
    if not task.stopped_at or task.stop_code in _ON_PURPOSE:
        return False
    if never_started(task) or exited(task):
        return True
    known = match(stops.REASONS, task.stopped_reason)
    return bool(task.stopped_reason) and not (known and known.form.normal)


def never_started(task: Task) -> bool:
    """Return whether a task stopped before its containers ran."""
    return task.stop_code == stops.NEVER_STARTED.text


def exited(task: Task) -> bool:
    """Return whether a task stopped because an essential container ended."""
    return task.stop_code == stops.EXITED.text


def scaled_in(task: Task) -> bool:
    """Return whether ECS stopped a task because another replaced it, or fewer were wanted."""
    return match((stops.SCALED_IN,), task.stopped_reason) is not None


def live(service: EcsService | None) -> tuple[Task, ...]:
    """Return the running tasks of a service that have an address."""
    tasks = service.tasks if service else ()
    return tuple(t for t in tasks if t.last_status == "RUNNING" and t.address)


def connect_names(service: EcsService | None) -> dict[str, int]:
    """Return the names that Service Connect gives a service: name -> port, 0 for the default one.

    AWS, "ServiceConnectClientAlias" and "ServiceConnectService": without an alias a service is
    known by its discovery name, else by the port's name, in the namespace. One that is given by its
    ARN does not tell its name.
    """
    newest = primary(service)
    config = newest.service_connect if newest else {}
    space = str(config.get("namespace") or "")
    found: dict[str, int] = {}
    for each in config.get("services") or ():
        called = str(each.get("discoveryName") or each.get("portName") or "")
        default = f"{called}.{space}" if "/" not in space else ""
        aliases: list[dict[str, Any]] = each.get("clientAliases") or [{}]
        for alias in aliases:
            if name := str(alias.get("dnsName") or default).lower():
                found[name] = int(alias.get("port") or 0)
    return found if config.get("enabled") else {}
