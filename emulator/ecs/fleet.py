"""Start, stop and inspect a service's tasks, and record service events."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from emulator.ecs import definition as definitions
from emulator.ecs import moto_ecs, records
from emulator.ecs.deployments import Deployment
from emulator.ecs.events import Events
from emulator.ecs.rollouts import capacity, placement
from emulator.ecs.rollouts.placed import Placed
from emulator.ecs.task import TO_START, Task
from emulator.ecs.task_runtime import TaskRuntime


@dataclass(frozen=True)
class Unplaced:
    """A task that could not be placed: it never was, and counts as one that failed to start."""

    deployment_id: str
    made: float = field(default_factory=time.monotonic)
    gone: bool = True
    was_healthy: bool = False
    condemned: str = ""


class Fleet:
    """The tasks of one service that have not stopped yet."""

    def __init__(self, runtime: TaskRuntime, events: Events) -> None:
        self.tasks: list[Task] = []
        self._runtime = runtime
        self._speed = runtime.surroundings.speed
        self._events = events
        self._turn = 0
        self._deployments: dict[str, Deployment] = {}

    @property
    def alive(self) -> list[Task]:
        """Return the tasks that are neither stopped nor stopping."""
        return [t for t in self.tasks if t.alive]

    @property
    def healthy(self) -> list[Task]:
        """Return the healthy tasks."""
        return [t for t in self.alive if t.healthy(self._speed)]

    def of(self, deployment: Deployment) -> list[Task]:
        """Return a deployment's tasks."""
        return [t for t in self.alive if t.deployment_id == deployment.id]

    def serving(self, deployment: Deployment) -> list[Task]:
        """Return a deployment's tasks that need no replacement."""
        return [t for t in self.of(deployment) if not t.condemned]

    def newcomers(self) -> list[Task]:
        """Return the tasks that have not been healthy yet."""
        return [t for t in self.alive if not t.condemned and not t.was_healthy]

    def start(self, service: Any, deployment: Deployment, count: int) -> list[Task | Unplaced]:
        """Start tasks; a task that cannot start is `gone`, with the reason in its record."""
        if count <= 0:
            return []
        self._deployments[deployment.id] = deployment
        made: list[Task] = []
        unplaced: list[Unplaced] = []
        placed = Placed(service, deployment)
        for _ in range(count):
            subnet = self._subnet(placed, [*self.alive, *made])
            if reason := placement.refusal(subnet, public=_is_public(placed)):
                shape = f"was unable to place a task. Reason: {reason}."
                self._events.complain(service, shape, key=reason)
                unplaced.append(Unplaced(deployment.id))
            else:
                made.append(self._make(placed, deployment, subnet, made))
        return [*unplaced, *self._launch_all(service, made)]

    def _launch_all(self, service: Any, made: list[Task]) -> list[Task]:
        if not made:
            return []
        self._events.say(service, f"has started {len(made)} tasks: {_listed(made)}.")
        groups: list[str] = []
        for task in made:
            groups += self._launch(service, task)
        for arn, number in Counter(groups).items():
            self._events.say(service, f"registered {number} targets in (target-group {arn})")
        return made

    def _make(
        self, service: Placed, deployment: Deployment, subnet: str, beside: list[Task]
    ) -> Task:
        definition = moto_ecs.backend().describe_task_definition(deployment.definition_arn)
        record = records.create(service, definition, deployment.id, subnet)
        given = Counter(t.record.capacity_provider_name for t in [*self.alive, *beside])
        strategy = getattr(service, "capacity_provider_strategy", None)
        record.capacity_provider_name = capacity.provider(strategy, given)
        return Task(record, definitions.read(definition), deployment.id)

    def _subnet(self, service: Placed, tasks: list[Task]) -> str:
        """Return the subnet with the fewest tasks; of several the next in turn."""
        subnets: list[str] = service.network_configuration["awsvpcConfiguration"]["subnets"]
        taken = Counter(str(t.record.subnet_id) for t in tasks)
        turn, number = self._turn, len(subnets)
        at = min(range(number), key=lambda n: (taken[subnets[n]], (n - turn) % number))
        self._turn = at + 1
        return subnets[at]

    def _launch(self, service: Any, task: Task) -> list[str]:
        """Start a task's containers and register it; return its target groups."""
        reason = task.launch(self._runtime)
        if reason:
            task.close(TO_START[0], reason)
            shape = f"was unable to place a task. Reason: {reason.rstrip('.')}."
            self._events.complain(service, shape, key=reason[:150])
            return []
        if task.ended:
            task.close(*task.ended)
            return []
        self.tasks.append(task)
        return self._register(service, task)

    def _register(self, service: Any, task: Task) -> list[str]:
        """Register a task in its target groups once it runs; return them."""
        if not task.started or task.registered:
            return []
        deployment = self._deployments.get(task.deployment_id)
        return task.register(Placed(service, deployment) if deployment else service)

    def register(self, service: Any, task: Task) -> None:
        """Register a task whose last container has started just now."""
        for arn in self._register(service, task):
            self._events.say(service, f"registered 1 targets in (target-group {arn})")

    def stop(self, service: Any, tasks: list[Task], code: str, reason: str = "") -> None:
        """Begin to stop tasks, with a common reason or each with its own."""
        if not tasks:
            return
        left = [task.stop(code, reason or task.condemned, self._speed) for task in tasks]
        text = f"has stopped {len(tasks)} running tasks: {_listed(tasks)}."
        self._events.say(service, text)
        drained = len([groups for groups in left if groups])
        if drained:
            self._events.say(service, f"has begun draining connections on {drained} tasks.")
        self._say_deregistered(service, [arn for groups in left for arn in groups])

    def exited(self, service: Any, task: Task) -> None:
        """Stop a task that has ended by itself."""
        self._say_deregistered(service, task.end())

    def _say_deregistered(self, service: Any, groups: list[str]) -> None:
        for arn, number in Counter(groups).items():
            self._events.say(service, f"deregistered {number} targets in (target-group {arn})")


def _is_public(service: Placed) -> bool:
    network = service.network_configuration["awsvpcConfiguration"]
    return bool(network.get("assignPublicIp") == "ENABLED")


def _listed(tasks: list[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)
