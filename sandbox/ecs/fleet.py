"""A service's tasks: started, stopped, asked about; each step said in its events."""

from __future__ import annotations

import itertools
from typing import Any

from sandbox.ecs import definition as definitions
from sandbox.ecs import moto_ecs, records
from sandbox.ecs.deployments import Deployment
from sandbox.ecs.events import Events
from sandbox.ecs.task import Task
from sandbox.ecs.workshop import Workshop

TO_START = "TaskFailedToStart"
EXITED = "EssentialContainerExited"


class Fleet:
    """The tasks of one service that have not stopped yet."""

    def __init__(self, workshop: Workshop, events: Events) -> None:
        self.tasks: list[Task] = []
        self._workshop = workshop
        self._speed = workshop.surroundings.speed
        self._events = events
        self._subnets = itertools.count()

    @property
    def alive(self) -> list[Task]:
        """Those that neither stopped nor are on their way there."""
        return [t for t in self.tasks if t.alive]

    @property
    def healthy(self) -> list[Task]:
        """Those that count as healthy."""
        return [t for t in self.alive if t.healthy(self._speed)]

    def of(self, deployment: Deployment) -> list[Task]:
        """Those of one deployment."""
        return [t for t in self.alive if t.deployment_id == deployment.id]

    def serving(self, deployment: Deployment) -> list[Task]:
        """Those of one deployment that need no replacement."""
        return [t for t in self.of(deployment) if not t.condemned]

    def newcomers(self) -> list[Task]:
        """Those that have not been healthy yet."""
        return [t for t in self.alive if not t.condemned and not t.was_healthy]

    def start(self, service: Any, deployment: Deployment) -> Task:
        """Start a task; one that could not start is `gone`, its reasons are in its record."""
        definition = moto_ecs.backend().describe_task_definition(deployment.definition_arn)
        subnets = service.network_configuration["awsvpcConfiguration"]["subnets"]
        subnet = subnets[next(self._subnets) % len(subnets)]
        record = records.create(service, definition, deployment.id, subnet)
        task = Task(record, definitions.read(definition), deployment.id)
        self._events.say(service, f"has started 1 tasks: (task {task.id}).")
        reason = task.launch(self._workshop)
        if reason:
            task.close(TO_START, reason)
            shape = f"was unable to place a task. Reason: {reason.rstrip('.')}."
            self._events.complain(service, shape, key=reason[:150])
            return task
        self.tasks.append(task)
        for arn in task.register(service):
            self._events.say(service, f"registered 1 targets in (target-group {arn})")
        return task

    def stop(self, service: Any, task: Task, code: str, reason: str) -> None:
        """Begin to stop a task."""
        groups = task.stop(code, reason, self._speed)
        self._events.say(service, f"has stopped 1 running tasks: (task {task.id}).")
        if groups:
            self._events.say(service, "has begun draining connections on 1 tasks.")
        self._say_deregistered(service, groups)

    def exited(self, service: Any, task: Task) -> None:
        """Close a task whose process ended by itself."""
        groups = task.deregister()
        task.close(EXITED, "Essential container in task exited")
        self._say_deregistered(service, groups)

    def _say_deregistered(self, service: Any, groups: list[str]) -> None:
        for arn in groups:
            self._events.say(service, f"deregistered 1 targets in (target-group {arn})")
