"""Choose how a service is run by its deployment controller and its strategy."""

from __future__ import annotations

from typing import Any

from emulator.ecs.rollouts import production
from emulator.ecs.rollouts.blue_green import BlueGreenScheduler
from emulator.ecs.rollouts.task_sets import TaskSetScheduler
from emulator.ecs.service import ServiceScheduler
from emulator.ecs.task_runtime import TaskRuntime

ROLLING, BY_SETS = "ROLLING", ("CODE_DEPLOY", "EXTERNAL")


def kind_of(service: Any) -> type[ServiceScheduler]:
    """Return the scheduler's type for a service."""
    if (service.deployment_controller or {}).get("type") in BY_SETS:
        return TaskSetScheduler
    strategy = (getattr(service, "deployment_configuration", None) or {}).get("strategy")
    return ServiceScheduler if strategy in (None, ROLLING) else BlueGreenScheduler


def scheduler(
    known: ServiceScheduler | None, runtime: TaskRuntime, service: Any
) -> ServiceScheduler:
    """Return a service's scheduler: the known one while its type fits, or one that goes on."""
    kind = kind_of(service)
    if known is not None and type(known) is kind:
        return known
    made = kind(runtime, service)
    if known is not None:
        _go_on(made, known)
    return made


def _go_on(made: ServiceScheduler, before: ServiceScheduler) -> None:
    """Let a scheduler take over the tasks of one of another type."""
    made.deployments, made.fleet = before.deployments, before.fleet
    made._events, made._asked = before._events, before._asked
    made._last_completed = before._last_completed


def groups_of(service: Any) -> list[str]:
    """Return every target group in which a service may have tasks."""
    entries = [*service.load_balancers, *(b for s in service.task_sets for b in s.load_balancers)]
    alternate = [group for _, _, group in production.pairs(service.load_balancers)]
    found = [
        *(str(one["targetGroupArn"]) for one in entries if "targetGroupArn" in one),
        *alternate,
    ]
    return list(dict.fromkeys(found))
