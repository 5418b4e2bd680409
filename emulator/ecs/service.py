"""Bring a service's tasks and deployments to its desired state."""

from __future__ import annotations

import time
from typing import Any

from emulator.aws.changes import CHANGES
from emulator.ecs import choose, deletion
from emulator.ecs.deployments import (
    FAILED,
    IN_PROGRESS,
    BackOff,
    Deployment,
    asked,
    count_failure,
    fail,
    limits,
    trips,
)
from emulator.ecs.events import INCONSISTENT, PERCENT_BLOCK, Events
from emulator.ecs.fleet import Fleet, Unplaced
from emulator.ecs.rollouts import history
from emulator.ecs.task import Task
from emulator.ecs.task_runtime import TaskRuntime

BY_SCHEDULER = "ServiceSchedulerInitiated"
FAILURES_TO_COMPLAIN = 3
PAUSE_S = 300.0  # ECS itself does not throttle tasks that reach RUNNING


class ServiceScheduler:
    """Runs one of moto's services; `step` is called several times a second."""

    def __init__(self, runtime: TaskRuntime, service: Any) -> None:
        self.deployments: list[Deployment] = []
        self._runtime = runtime
        self._speed = runtime.surroundings.speed
        self._events = Events(service.name)
        self.fleet = Fleet(runtime, self._events)
        self._backoff = BackOff(self._speed)
        self._asked: tuple[object, ...] = ()
        self._last_completed: Deployment | None = None
        self._steady = False
        self._tried_at = 0.0  # when the last task that failed was made
        self._retired_at = 0.0  # when the last task of an older deployment was gone

    def step(self, service: Any) -> None:
        """Observe the tasks, start and stop some, and show the result in moto."""
        desired = service.desired_count if service.status == "ACTIVE" else 0
        self._backoff.look(CHANGES.last)
        self._follow(service)
        self._observe(service)
        self._complete(service, desired)
        self._break_circuit(service, desired)
        self._scale(service, desired)
        self._show(service, desired)

    @property
    def primary(self) -> Deployment:
        """Return the newest deployment."""
        return self.deployments[0]

    def settled(self, service: Any) -> bool:
        """Return whether the service is stable: steady, or failing repeatedly."""
        if self._asked != self.asked(service) or any(t.stopping for t in self.fleet.tasks):
            return False
        desired = service.desired_count if service.status == "ACTIVE" else 0
        ended_by_breaker = limits(service, desired).breaker and self.primary.rollout == IN_PROGRESS
        if desired and self._backoff.failures > 1 and not ended_by_breaker:
            # a loop of failing tasks never rests; an end that no later change explains is enough
            return self._tried_at >= max(CHANGES.last, self._retired_at)
        if any(t.booting for t in self.fleet.tasks):
            return False
        if self._steady or desired == 0:
            return not self.fleet.tasks or self._steady
        mine = self.fleet.of(self.primary)
        if ended_by_breaker:
            return False  # either it completes or the circuit breaker ends it
        ended = any(t.condemned for t in mine) and not self.fleet.newcomers()  # none to be judged
        return ended or self.primary.rollout == FAILED

    # what the control plane asks for

    def asked(self, service: Any) -> tuple[object, ...]:
        """Return the requested settings; a change of any but the count starts a deployment."""
        return asked(service)

    def places(self, service: Any) -> list[dict[str, Any]]:
        """Return the load balancers in which a new deployment's tasks are registered."""
        return list(service.load_balancers)

    def _follow(self, service: Any) -> None:
        asks = self.asked(service)
        if asks == self._asked:
            return
        first = not self.deployments
        if first or asks[1:] != self._asked[1:]:
            self._deploy(service, first)
        self._asked = asks
        self._steady = False

    def _deploy(self, service: Any, first: bool) -> Deployment:
        for older in self.deployments:
            older.status = "ACTIVE"
        places = self.places(service)
        made = Deployment(service.task_definition, service.network_configuration, places)
        if first and service.deployments:
            made.id = service.deployments[0]["id"]
            made.reason = f"ECS deployment {made.id} in progress."
        self.deployments.insert(0, made)
        self._backoff.reset()
        self._events.solved()
        return made

    # what the tasks do

    def _observe(self, service: Any) -> None:
        for task in list(self.fleet.tasks):
            task.watch(self._runtime.prober)
            if task.stopping:
                task.step_down()
            elif task.ended:
                self.fleet.exited(service, task)
                self._failed(service, task, reached_running=bool(task.started))
            elif task.record.desired_status == "STOPPED":
                self._stop(service, [task], "UserInitiated", "Task stopped by user")
            else:
                self._check(service, task)
        if any(t.gone and t.deployment_id != self.primary.id for t in self.fleet.tasks):
            self._retired_at = time.monotonic()
        self.fleet.tasks = [t for t in self.fleet.tasks if not t.gone]

    def _check(self, service: Any, task: Task) -> None:
        self.fleet.register(service, task)
        if task.healthy(self._speed):
            task.was_healthy = True
            if task.deployment_id == self.primary.id:
                self.primary.failed_tasks = 0
            return
        grace = float(service.health_check_grace_period_seconds or 0) / self._speed
        reason, event = task.complaint(grace)
        if reason:
            task.condemned = reason
            self._events.say(service, event)
            self._failed(service, task, reached_running=True)

    def _failed(self, service: Any, task: Task | Unplaced, reached_running: bool) -> None:
        self._steady = False
        self._tried_at = task.made
        if not task.was_healthy or not reached_running:
            count_failure(self.deployments, task.deployment_id)
        if task.was_healthy:
            self._backoff.reset()  # it ran well for a while: its end is the first of a new row
        self._backoff.failed(time.monotonic(), reached_running)
        if task.condemned:
            # the first is replaced at once; in the pauses of a loop it stays in its target group
            breaker = limits(service, service.desired_count).breaker
            counted = breaker and self.primary.rollout == IN_PROGRESS
            first = self._backoff.failures <= 1
            pause = 0.0 if first or counted else PAUSE_S / self._speed
            self._backoff.until = time.monotonic() + pause
        if self._backoff.failures >= FAILURES_TO_COMPLAIN:
            self._events.complain(service, INCONSISTENT)

    # rollout and counts

    def _complete(self, service: Any, desired: int) -> None:
        alive = self.fleet.alive
        mine = [t for t in alive if t.deployment_id == self.primary.id]
        done = (
            len(mine) == len(alive) == desired
            and all(t.healthy(self._speed) for t in mine)
            and self.primary.rollout != FAILED
        )
        if not done:
            self._steady = False
            return
        if self.primary.rollout == IN_PROGRESS:
            self.primary.complete()
            self._last_completed = self.primary
            self._events.say(service, f"(deployment {self.primary.id}) deployment completed.")
        if not self._steady and not any(t.stopping for t in self.fleet.tasks):
            self._steady = True
            self._backoff.reset()
            self._events.solved()
            self._events.say(service, "has reached a steady state.")

    def _break_circuit(self, service: Any, desired: int) -> None:
        allowed = trips(service, desired, self.primary)
        if allowed is None:
            return
        self._events.say(service, fail(self.primary))
        if allowed.rollback and self._last_completed is not None:
            self._roll_back(service, self._last_completed)

    def _roll_back(self, service: Any, good: Deployment) -> None:
        """Deploy the revision of the last completed deployment anew."""
        service.task_definition = good.definition_arn
        broken, made = self.primary, self._deploy(service, first=False)
        made.reason = f"ECS deployment circuit breaker: rolling back to deploymentId {made.id}."
        broken.rolled_back_by = made.id
        for task in self.fleet.of(good):  # the same revision: they serve on
            task.deployment_id = task.record.started_by = made.id
        self._asked = self.asked(service)
        self._events.say(service, f"rolling back to deployment {made.id}.")

    def _scale(self, service: Any, desired: int) -> None:
        allowed = limits(service, desired)
        may_start = time.monotonic() >= self._backoff.until
        ill = choose.replaced(self.fleet, self._speed, allowed.most, may_start)
        self._stop(service, ill, BY_SCHEDULER)
        scaling = f"Scaling activity initiated by (deployment {self.primary.id})"
        beyond = choose.surplus(self.fleet, self.primary, desired)
        self._stop(service, beyond, BY_SCHEDULER, scaling)
        older = choose.retired(self.fleet, self.primary, desired, allowed.least)
        self._stop(service, older, BY_SCHEDULER, scaling)
        wanted = desired - len(self.fleet.serving(self.primary))
        room = allowed.most - len(self.fleet.alive)
        if wanted <= 0 or self.primary.rollout == FAILED:
            return
        if room <= 0 and allowed.most <= allowed.least:
            self._events.complain(service, PERCENT_BLOCK)
        if may_start:
            for task in self.fleet.start(service, self.primary, min(wanted, room)):
                if task.gone:
                    self._failed(service, task, reached_running=False)

    def _stop(self, service: Any, tasks: list[Task], code: str, reason: str = "") -> None:
        self._steady = self._steady and not tasks
        self.fleet.stop(service, tasks, code, reason)

    # showing

    def _show(self, service: Any, desired: int) -> None:
        if not self.fleet.tasks:
            deletion.finish(service)
        history.follow(service, self.deployments)  # before those without tasks are forgotten
        with_tasks = {t.deployment_id for t in self.fleet.tasks if not t.gone}
        self.deployments = [d for d in self.deployments if d is self.primary or d.id in with_tasks]
        alive = self.fleet.alive
        service.running_count = len([t for t in alive if t.started])
        service.pending_count = len(alive) - service.running_count
        found = []
        for one in self.deployments:
            mine = self.fleet.of(one)
            count = desired if one is self.primary else len(mine)
            running = len([t for t in mine if t.started])
            found.append(one.document(service, count, running, len(mine) - running))
        service.deployments = found
