"""Run a service of the CODE_DEPLOY or EXTERNAL controller by its task sets.

Source: the API's TaskSet and CreateTaskSet. CodeDeploy itself does not run: whoever plays its part
makes task sets, changes the listener's rule and makes a set the primary one.
"""

from __future__ import annotations

import math
import time
from typing import Any

from emulator.ecs import choose, deletion, moto_ecs
from emulator.ecs.deployments import Deployment
from emulator.ecs.service import BY_SCHEDULER, ServiceScheduler

STEADY, STABILIZING = "STEADY_STATE", "STABILIZING"


def wanted(task_set: Any, desired: int) -> int:
    """Return how many tasks a set has: its share of the service's count, rounded up."""
    return math.ceil(desired * float((task_set.scale or {}).get("value", 100.0)) / 100)


class TaskSetScheduler(ServiceScheduler):
    """Runs one of moto's services by its task sets."""

    def asked(self, service: Any) -> tuple[object, ...]:
        """Return the requested settings: the count and every task set."""
        sets = [(one.id, repr(one.scale), one.status) for one in service.task_sets]
        return (service.desired_count if service.status == "ACTIVE" else 0, tuple(sets))

    def settled(self, service: Any) -> bool:
        """Return whether every set is as it is defined; without a set whether no task is left."""
        if self.deployments:
            return super().settled(service)
        return not self.fleet.tasks and self._asked == self.asked(service)

    def _follow(self, service: Any) -> None:
        asked = self.asked(service)
        if asked == self._asked:
            return
        known = {deployment.id: deployment for deployment in self.deployments}
        first = sorted(service.task_sets, key=lambda one: one.status != "PRIMARY")
        self.deployments = [known.get(one.id) or _deployment(service, one) for one in first]
        for one, deployment in zip(first, self.deployments, strict=True):
            deployment.status = one.status
        if set(known) != {one.id for one in first}:
            self._backoff.reset()
            self._events.solved()
        self._asked = asked
        self._steady = False

    def _complete(self, service: Any, desired: int) -> None:
        sets = {one.id: one for one in service.task_sets}
        done = len(self.fleet.alive) == sum(wanted(one, desired) for one in sets.values())
        for deployment in self.deployments:
            mine = self.fleet.of(deployment)
            steady = len(mine) == wanted(sets[deployment.id], desired) and all(
                t.healthy(self._speed) for t in mine
            )
            _stability(sets[deployment.id], STEADY if steady else STABILIZING)
            done = done and steady
        if not done:
            self._steady = False
        elif not self._steady and not any(t.stopping for t in self.fleet.tasks):
            self._steady = True
            self._backoff.reset()
            self._events.solved()
            self._events.say(service, "has reached a steady state.")

    def _break_circuit(self, service: Any, desired: int) -> None:
        """Do nothing: the circuit breaker belongs to the rolling update."""

    def _scale(self, service: Any, desired: int) -> None:
        sets = {one.id: one for one in service.task_sets}
        may_start = time.monotonic() >= self._backoff.until
        most = 2 * sum(wanted(one, desired) for one in sets.values())
        self._stop(service, choose.replaced(self.fleet, self._speed, most, may_start), BY_SCHEDULER)
        leaving = [t for t in self.fleet.alive if t.deployment_id not in sets]
        for deployment in self.deployments:
            count = wanted(sets[deployment.id], desired)
            leaving += choose.surplus(self.fleet, deployment, count)
        scaling = f"Scaling activity initiated by (task-set {{}}) of {service.name}"
        for task in leaving:
            self._stop(service, [task], BY_SCHEDULER, scaling.format(task.deployment_id))
        for deployment in self.deployments if may_start else []:
            missing = wanted(sets[deployment.id], desired) - len(self.fleet.serving(deployment))
            for started in self.fleet.start(service, deployment, missing):
                if started.gone:
                    self._failed(service, started, reached_running=False)

    def _show(self, service: Any, desired: int) -> None:
        if not self.fleet.tasks:
            deletion.finish(service)
        alive = self.fleet.alive
        service.running_count = len([t for t in alive if t.started])
        service.pending_count = len(alive) - service.running_count
        service.deployments = []
        for one in service.task_sets:
            mine = [t for t in alive if t.deployment_id == one.id]
            one.computed_desired_count = wanted(one, desired)
            one.running_count = len([t for t in mine if t.started])
            one.pending_count = len(mine) - one.running_count


def _deployment(service: Any, task_set: Any) -> Deployment:
    made = Deployment(
        task_set.task_definition,
        task_set.network_configuration or service.network_configuration,
        list(task_set.load_balancers),
    )
    made.id = task_set.id
    return made


def _stability(task_set: Any, status: str) -> None:
    if task_set.stabilityStatus != status:
        task_set.stabilityStatus = status
        task_set.stabilityStatusAt = task_set.updatedAt = moto_ecs.now()
