"""The order in which the containers of a task start and stop: dependsOn.

Source: the API's ContainerDependency and ContainerDefinition (startTimeout).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.ecs.containers.container import PENDING, RUNNING, STOPPED, Container

WAITING, READY, NEVER = "waiting", "ready", "never"


def readiness(container: Container, others: Mapping[str, Container], elapsed_s: float) -> str:
    """Return whether a container may start now, later, or never, as its dependencies are.

    elapsed_s counts from the start of the task, in AWS's seconds.
    """
    verdicts = [
        _verdict(others[one.container], one.condition, elapsed_s)
        for one in container.definition.depends_on
    ]
    if NEVER in verdicts:
        return NEVER
    return WAITING if WAITING in verdicts else READY


def _verdict(other: Container, condition: str, elapsed_s: float) -> str:
    if other.failed_to_start:
        return NEVER
    if _holds(other, condition):
        return READY
    if other.status == STOPPED and condition != "COMPLETE":
        return NEVER
    timeout = other.definition.start_timeout_s
    return NEVER if timeout and elapsed_s > timeout else WAITING


def _holds(other: Container, condition: str) -> bool:
    if condition == "START":
        return other.status != PENDING
    if condition == "HEALTHY":
        return other.status == RUNNING and other.health_status == "HEALTHY"
    return other.status == STOPPED and (condition == "COMPLETE" or other.exit_code == 0)


def may_stop(container: Container, containers: Sequence[Container]) -> bool:
    """Return whether nothing that depends on a container still runs: the order is reversed."""
    return not any(
        one.status == RUNNING
        for one in containers
        if any(d.container == container.definition.name for d in one.definition.depends_on)
    )


def refusal(containers: Sequence[Mapping[str, Any]]) -> str:
    """Return why RegisterTaskDefinition refuses the dependencies of containers, or nothing."""
    known = {str(one.get("name")): one for one in containers}
    for one in containers:
        for given in one.get("dependsOn") or []:
            name, condition = str(given.get("containerName")), given.get("condition")
            other = known.get(name)
            if other is None:
                return f"Container '{one['name']}' depends on '{name}', which does not exist."
            if condition in ("COMPLETE", "SUCCESS") and other.get("essential", True):
                return f"The condition {condition} cannot be set on the essential container {name}."
            if condition == "HEALTHY" and not other.get("healthCheck"):
                return f"The condition HEALTHY needs a health check of the container {name}."
    if _has_circle(known):
        return "The dependencies of the containers contain a circle."
    return ""


def _has_circle(known: Mapping[str, Mapping[str, Any]]) -> bool:
    left = {
        name: {str(d.get("containerName")) for d in one.get("dependsOn") or []}
        for name, one in known.items()
    }
    while free := [name for name, needed in left.items() if not needed & left.keys()]:
        for name in free:
            del left[name]
    return bool(left)
