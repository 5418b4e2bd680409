"""Run tasks that belong to no service: RunTask makes their records, the agent starts them.

Source: the API's RunTask and TaskOverride; texts as ECS words them where they are known.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator
from typing import Any

from emulator.ecs import definition as definitions
from emulator.ecs import moto_ecs, records, refusals
from emulator.ecs.task import TO_START, Task
from emulator.ecs.task_runtime import TaskRuntime

MOST_TASKS = 10
NO_OVERRIDE = "Override for container named {name} is not a container in the TaskDefinition."
NO_FARGATE = "Task definition does not support launch_type FARGATE."
NO_NETWORK = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
NO_INSTANCE = "No Container Instances were found in your cluster."
log = logging.getLogger(__name__)


@functools.cache
def install() -> None:
    """Replace moto's RunTask on Fargate; call once."""
    from moto.ecs.models import EC2ContainerServiceBackend as Backend

    original = Backend.run_task

    def run_task(self: Any, cluster_str: str, definition: str, count: int, *a: Any) -> list[Any]:
        order = ("overrides", "started_by", "tags", "launch_type", "network", "group",
                 "platform_version", "strategy")  # fmt: skip
        given = dict(zip(order, a, strict=False))
        cluster = self._get_cluster(cluster_str)
        strategy = given.get("strategy") or cluster.default_capacity_provider_strategy or []
        provider = str(strategy[0]["capacityProvider"]) if strategy else ""
        on_fargate = given.get("launch_type") == "FARGATE" or (
            not given.get("launch_type") and provider.startswith("FARGATE")
        )
        if on_fargate:
            return _run(self, cluster.name, definition, int(count), given)
        if not self.container_instances.get(cluster.name):
            raise _invalid(NO_INSTANCE)
        return list(original(self, cluster_str, definition, count, *a))

    Backend.run_task = run_task  # type: ignore[method-assign,assignment]


def _run(backend: Any, cluster: str, wanted: str, count: int, given: dict[str, Any]) -> list[Any]:
    definition = moto_ecs.active_definition(backend, wanted)
    overrides = given.get("overrides") or {}
    network = (given.get("network") or {}).get("awsvpcConfiguration") or {}
    _refuse(definition, count, overrides, network)
    made = []
    for _ in range(count):
        task = records.make(
            cluster,
            definition,
            network,
            group=given.get("group") or f"family:{definition.family}",
            started_by=given.get("started_by") or "",
            overrides=overrides,
            tags=given.get("tags") or [],
        )
        task.runs_alone = True
        made.append(task)
    return made


def _refuse(definition: Any, count: int, overrides: Any, network: Any) -> None:
    """Raise RunTask's error for what cannot be run."""
    if not 1 <= count <= MOST_TASKS:
        raise _invalid(f"The count must be between 1 and {MOST_TASKS}.")
    if "FARGATE" not in definition.compatibilities:
        raise _invalid(NO_FARGATE)
    if not network.get("subnets"):
        raise _invalid(NO_NETWORK)
    refusals.refuse_network({"awsvpcConfiguration": network})
    known = {one["name"] for one in definition.container_definitions}
    for one in overrides.get("containerOverrides") or []:
        if one.get("name") not in known:
            raise _invalid(NO_OVERRIDE.format(name=one.get("name")))


def _invalid(text: str) -> Exception:
    from moto.ecs.exceptions import InvalidParameterException

    return InvalidParameterException(text)


class SingleTasks:
    """The tasks that RunTask has made and that have not stopped yet."""

    def __init__(self, runtime: TaskRuntime) -> None:
        self.tasks: list[Task] = []
        self._runtime = runtime
        self._seen: set[str] = set()

    def step(self) -> None:
        """Start the new ones, and follow the others to their end; nothing replaces them."""
        for record in list(_records()):
            if record.id not in self._seen:
                self._seen.add(record.id)
                self._launch(record)
        for task in self.tasks:
            try:
                self._follow(task)
            except Exception:
                log.exception("task %s", task.id)
        self.tasks = [task for task in self.tasks if not task.gone]

    def settled(self) -> bool:
        """Return whether all have started, and none is just ending."""
        new = any(record.id not in self._seen for record in list(_records()))
        return not new and all(task.started and not task.stopping for task in self.tasks)

    def end_all(self) -> None:
        """End every task, and forget the records of those that ran."""
        for task in self.tasks:
            task.close("ServiceSchedulerInitiated", "The account was reset")
            moto_ecs.backend().tasks.get(task.record.cluster_name, {}).pop(
                task.record.task_arn, None
            )
        self.tasks.clear()

    def _launch(self, record: Any) -> None:
        definition = moto_ecs.backend().describe_task_definition(record.task_definition_arn)
        task = Task(record, definitions.read(definition, record.overrides), "")
        reason = task.launch(self._runtime)
        if reason or task.ended:
            task.close(TO_START[0], reason or TO_START[1])
        else:
            self.tasks.append(task)

    def _follow(self, task: Task) -> None:
        task.watch(self._runtime.prober)
        if task.stopping:
            task.step_down()
        elif task.ended:
            task.end()
        elif task.record.desired_status == "STOPPED":
            task.stop("UserInitiated", "Task stopped by user", self._runtime.surroundings.speed)


def _records() -> Iterator[Any]:
    for tasks in list(moto_ecs.backend().tasks.values()):
        for record in list(tasks.values()):
            if getattr(record, "runs_alone", False) and record.last_status != "STOPPED":
                yield record
