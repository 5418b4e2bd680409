"""A task from its start to its stop."""

from __future__ import annotations

import time
from typing import Any

from emulator.ecs import preparation, records, registration
from emulator.ecs.containers import order
from emulator.ecs.containers.container import PENDING, RUNNING, STOPPED, Container, Launch
from emulator.ecs.containers.health import Prober
from emulator.ecs.definition import Definition
from emulator.ecs.task_runtime import TaskRuntime

# real seconds, not scaled: processes boot here as fast as anywhere
BOOT_ALLOWANCE_S = 60.0  # a process may take this long until it listens
LONGEST_GRACE_S = 2.5  # what is left of a long grace period once it listens
LISTEN_GRACE_S = 5.0  # time for the health checks to see a port that has just opened ...
BOOT_SHARE = 0.75  # ... or this share of the boot, which tells how busy the machine is
TO_START = ("TaskFailedToStart", "Task failed to start")
EXITED = ("EssentialContainerExited", "Essential container in task exited")


class Task:
    """A task with its containers."""

    def __init__(self, record: Any, definition: Definition, deployment_id: str) -> None:
        self.record = record
        self.definition = definition
        self.deployment_id = deployment_id
        self.containers = [Container(one) for one in definition.containers]
        self.made = time.monotonic()
        self.started = 0.0  # when every container had started
        self.ended: tuple[str, str] | None = None  # stop code and reason of its end by itself
        self.condemned = ""  # why it must be replaced, while it still runs
        self.stopping = False
        self.gone = False
        self.was_healthy = False
        self.registered = False
        self.target_groups: list[tuple[str, int]] = []
        self._registries: list[str] = []
        self._launches: dict[str, Launch] = {}
        self._listened_at = 0.0
        self._on_its_port = False
        self._terminate_at = 0.0

    @property
    def id(self) -> str:
        """Return the task's id."""
        return str(self.record.id)

    @property
    def address(self) -> str:
        """Return the task's address in the VPC."""
        return str(self.record.address)

    @property
    def pid(self) -> int:
        """Return the process id of the first essential container, 0 before its start."""
        return next((one.pid for one in self._essential), 0)

    @property
    def alive(self) -> bool:
        """Return whether the task is neither stopped nor stopping."""
        return not self.gone and not self.stopping

    @property
    def _essential(self) -> list[Container]:
        return [one for one in self.containers if one.definition.essential]

    def launch(self, runtime: TaskRuntime) -> str:
        """Start the containers; return the stopped reason if none can start, else nothing."""
        self.record.last_status = "PENDING"
        found = preparation.prepare(self.definition, runtime, self.address, self.id)
        if isinstance(found, str):
            return found
        self._launches = found
        self._start_ready()
        records.observed(self.record, self.containers)
        return ""

    def _start_ready(self) -> None:
        """Start the containers whose dependencies have come about; RUNNING is when all have."""
        waiting = [one for one in self.containers if one.status == PENDING]
        known = {one.definition.name: one for one in self.containers}
        for one in waiting:
            given = self._launches[one.definition.name]
            elapsed = (time.monotonic() - self.made) * given.speed
            ready = order.readiness(one, known, elapsed)
            if ready == order.READY:
                one.start(given)
            if ready == order.NEVER or (one.definition.essential and one.failed_to_start):
                self.ended = TO_START
                return
        left = [one for one in self.containers if one.status == PENDING]
        if waiting and left and len(left) < len(waiting):
            self._start_ready()  # what has started may be what others waited for
        elif not left and not self.started:
            self.started = time.monotonic()
            records.running(self.record)

    def register(self, service: Any) -> list[str]:
        """Register the task in its target groups and Cloud Map; return the groups' ARNs."""
        self.registered = True
        done = []
        for balancer in service.load_balancers:
            arn, port = balancer.get("targetGroupArn"), int(balancer.get("containerPort") or 0)
            if arn and registration.register_target(arn, self.address, port):
                self.target_groups.append((arn, port))
                done.append(str(arn))
        attributes = registration.attributes(service, self.record, self.definition)
        for registry in service.service_registries:
            arn = registry.get("registryArn")
            if arn and registration.register_instance(arn, self.id, attributes):
                self._registries.append(arn)
        return done

    def deregister(self) -> list[str]:
        """Deregister the task everywhere; return the target groups that still had it."""
        for arn in self._registries:
            registration.deregister_instance(arn, self.id)
        done = [
            arn
            for arn, _ in self.target_groups
            if registration.deregister_target(arn, self.address)
        ]
        self.target_groups, self._registries = [], []
        return done

    def watch(self, prober: Prober) -> None:
        """Examine the containers once; set `ended` when the task has ended by itself."""
        self._limit_memory()
        for one in self.containers:
            one.watch(None if self.stopping else prober)
        if self.stopping or self.ended:
            return
        if any(one.status == STOPPED for one in self._essential):
            self.ended = EXITED
        else:
            self._start_ready()
        records.observed(self.record, self.containers)
        if not self._listened_at and self.started:
            # a side-car listens long before the container that serves
            port = self.definition.port
            serving = [one for one in self.containers if port in one.definition.ports]
            ports = set().union(*(one.listening() for one in serving or self.containers))
            self._listened_at = time.monotonic() if ports or not self.definition.port else 0.0
            self._on_its_port = self.definition.port in ports

    def _limit_memory(self) -> None:
        """Kill a container that takes more than its limit, or the largest of a full task."""
        limit = self.definition.memory_mib
        taken = {}
        for one in self.containers:
            least = self.definition.limit(one.definition)
            taken[one] = one.memory_mib(least // len(self.containers)) if least else 0.0
            if one.definition.memory_mib and taken[one] > one.definition.memory_mib:
                one.kill_for_memory()
        if limit and sum(taken.values()) > limit:
            max(taken, key=lambda one: taken[one]).kill_for_memory()

    def healthy(self, speed: float) -> bool:
        """Return whether the task counts as healthy: its checks pass, or it ran for 40 s."""
        if not self.alive or self.condemned or not self.started or self.ended:
            return False
        states = [
            registration.health(arn, self.address, port)[0] for arn, port in self.target_groups
        ]
        if any(state not in ("healthy", "unused") for state in states):
            return False
        checked = [one for one in self._essential if one.definition.health_check is not None]
        if checked:
            return all(one.health_status == "HEALTHY" for one in checked)
        return bool(states) or time.monotonic() - self.started >= 40.0 / speed

    def complaint(self, grace_s: float) -> tuple[str, str]:
        """Return (stopped reason, event text) when a check fails after the grace period."""
        if self.condemned or not self._grace_over(grace_s):
            return "", ""
        for arn, port in self.target_groups:
            state, description = registration.health(arn, self.address, port)
            if state == "unhealthy":
                text = (
                    f"(task {self.id}) (port {port}) is unhealthy in (target-group {arn}) "
                    f"due to (reason {description})"
                )
                return f"Task failed ELB health checks in (target-group {arn})", text
        if any(one.health_status == "UNHEALTHY" for one in self._essential):
            return (
                "Task failed container health checks",
                f"(task {self.id}) failed container health checks.",
            )
        return "", ""

    def _grace_over(self, grace_s: float) -> bool:
        moment = time.monotonic()
        if not self._listened_at:
            return moment - self.started > max(grace_s, BOOT_ALLOWANCE_S)
        margin = max(LISTEN_GRACE_S, BOOT_SHARE * (self._listened_at - self.started))
        seen = self._listened_at + (margin if self._on_its_port else 0.0)
        return moment > max(self.started + min(grace_s, LONGEST_GRACE_S), seen)

    @property
    def booting(self) -> bool:
        """Return whether the process is still in the time in which it may begin to listen."""
        waited = time.monotonic() - (self.started or self.made)
        return self.alive and not self._listened_at and waited < BOOT_ALLOWANCE_S

    def stop(self, code: str, reason: str, speed: float) -> list[str]:
        """Deregister now, and send SIGTERM after the deregistration delay."""
        delays = [registration.drain_seconds(arn) / speed for arn, _ in self.target_groups]
        self._terminate_at = time.monotonic() + (max(delays, default=0.0) if self.started else 0.0)
        return self._begin_to_stop(code, reason)

    def end(self) -> list[str]:
        """Deregister, and end what still runs at once: the task has ended by itself."""
        code, reason = self.ended or EXITED
        self._terminate_at = time.monotonic()
        left = self._begin_to_stop(code, reason)
        self.step_down()
        return left

    def _begin_to_stop(self, code: str, reason: str) -> list[str]:
        self.stopping = True
        records.stopping(self.record, code, reason)
        return self.deregister()

    def step_down(self) -> None:
        """Continue a stop: terminate, kill and close the record in turn."""
        if not any(one.status == RUNNING for one in self.containers):
            self.close()
        elif time.monotonic() >= self._terminate_at:
            self.record.last_status = "STOPPING"
            for one in self.containers:
                if one.status == RUNNING and order.may_stop(one, self.containers):
                    one.end()

    def close(self, code: str = "", reason: str = "") -> None:
        """Write the task's end to its record, and end what still runs."""
        self.gone = True
        for one in self.containers:
            if one.status == RUNNING:
                one.finish()
            one.status = STOPPED
        if code:
            self.record.stop_code = getattr(self.record, "stop_code", None) or code
            self.record.stopped_reason = self.record.stopped_reason or reason
        records.observed(self.record, self.containers)
        records.stopped(self.record)
