"""A task from its start to its stop."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import Any

from emulator.ecs import images, loglines, process, records, registration, secrets
from emulator.ecs.definition import Definition
from emulator.ecs.probe import ContainerHealth, Prober
from emulator.ecs.task_runtime import TaskRuntime
from emulator.network import groups
from emulator.network.addresses import VPC_PREFIX

# real seconds, not scaled: processes boot here as fast as anywhere
BOOT_ALLOWANCE_S = 60.0  # a process may take this long until it listens
LONGEST_GRACE_S = 2.5  # what is left of a long grace period once it listens
LISTEN_GRACE_S = 5.0  # time for the health checks to see a port that has just opened ...
BOOT_SHARE = 0.75  # ... or this share of the boot, which tells how busy the machine is
KILL_AFTER_S = 2.5
OOM_REASON = "OutOfMemoryError: Container killed due to memory usage"


class Task:
    """A task of a service, with its process."""

    def __init__(self, record: Any, definition: Definition, deployment_id: str) -> None:
        self.record = record
        self.definition = definition
        self.deployment_id = deployment_id
        self.made = time.monotonic()
        self.started = 0.0
        self.condemned = ""  # why it must be replaced, while it still runs
        self.stopping = False
        self.gone = False
        self.was_healthy = False
        self.exit_code: int | None = None
        self.target_groups: list[tuple[str, int]] = []
        self._registries: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._health: ContainerHealth | None = None
        self._tail: loglines.LogTail | None = None
        self._listened_at = 0.0
        self._on_its_port = False
        self._terminate_at = 0.0
        self._killed_for_memory = False

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
        """Return the process id, 0 before the start."""
        return self._process.pid if self._process else 0

    @property
    def alive(self) -> bool:
        """Return whether the task is neither stopped nor stopping."""
        return not self.gone and not self.stopping

    def launch(self, runtime: TaskRuntime) -> str:
        """Start the process; return the stopped reason if it cannot start, else nothing."""
        self.record.last_status = "PENDING"
        if not self.address.startswith(VPC_PREFIX):
            return f"the emulator has a network for {VPC_PREFIX}0.0/16 alone"
        if not groups.let_out_to_internet(groups.owner_groups(self.address) or [], 443):
            return images.unreachable(self.definition.image)
        declared = dict(self.definition.environment)
        for name, value_from in self.definition.secrets.items():
            try:
                declared[name] = secrets.resolve(
                    value_from, self.definition.execution_role, self.id
                )
            except secrets.InjectionError as error:
                return str(error)
        if loglines.group_missing(self.definition.log):
            return loglines.NO_GROUP
        image = images.find(self.definition.image, runtime.repositories)
        if isinstance(image, str):
            return image
        self._start(runtime, image, declared)
        return ""

    def _start(self, runtime: TaskRuntime, image: images.Image, declared: dict[str, str]) -> None:
        path = runtime.log_dir / f"task-{self.definition.container}-{self.id}.log"
        self._tail = loglines.LogTail(path, self.definition.log, self.definition.container, self.id)
        path.touch()
        self._tail.open()
        self.started = time.monotonic()
        records.running(self.record)
        if image.architecture not in ("", self.definition.architecture):
            path.write_text("exec /usr/local/bin/python: exec format error\n")
            self.exit_code = 1
            return
        self._killed_for_memory = self.definition.memory_mib < image.least_memory
        credentials = runtime.credentials(self.definition.task_role, self.id)
        variables = process.environment(runtime.surroundings, self.address, credentials, declared)
        arguments = image.arguments(self.definition.command)
        self._process = process.start(arguments, variables, path)
        if self.definition.health_check is not None:
            check, speed = self.definition.health_check, runtime.surroundings.speed
            self._health = ContainerHealth(check, speed, self.started)

    def register(self, service: Any) -> list[str]:
        """Register the task in its target groups and Cloud Map; return the groups' ARNs."""
        done = []
        for balancer in service.load_balancers:
            arn, port = balancer.get("targetGroupArn"), int(balancer.get("containerPort") or 0)
            if arn and registration.register_target(arn, self.address, port):
                self.target_groups.append((arn, port))
                done.append(str(arn))
        attributes = {
            "AWS_INSTANCE_IPV4": self.address,
            "AWS_INSTANCE_PORT": str(self.definition.port),
            "AVAILABILITY_ZONE": self.record.availability_zone,
            "REGION": service.region_name,
            "ECS_SERVICE_NAME": service.name,
            "ECS_CLUSTER_NAME": service.cluster_name,
            "ECS_TASK_DEFINITION_FAMILY": self.definition.arn.split("/")[-1].split(":")[0],
        }
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
        """Check process, output and health once; set `exit_code` when the process has ended."""
        if self._tail is not None:
            self._tail.ship()
        if self._process is not None:
            if self._killed_for_memory and time.monotonic() - self.started > 0.5:
                process.signal_group(self._process, signal.SIGKILL)
            self.exit_code = process.exit_code(self._process)
        if self.exit_code is not None or self.stopping:
            return
        if self._health is not None:
            self._health.step(prober, self.address)
            records.health(self.record, self._health.status)
        if not self._listened_at and self._process is not None:
            ports = process.listening(self._process.pid)
            self._listened_at = time.monotonic() if ports else 0.0
            self._on_its_port = self.definition.port in ports

    def healthy(self, speed: float) -> bool:
        """Return whether the task counts as healthy: its checks pass, or it ran for 40 s."""
        if not self.alive or self.condemned or not self.started or self.exit_code is not None:
            return False
        states = [
            registration.health(arn, self.address, port)[0] for arn, port in self.target_groups
        ]
        if any(state not in ("healthy", "unused") for state in states):
            return False
        if self._health is not None:
            return self._health.status == "HEALTHY"
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
        if self._health is not None and self._health.status == "UNHEALTHY":
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
        waited = time.monotonic() - self.started
        return self.alive and not self._listened_at and waited < BOOT_ALLOWANCE_S

    def stop(self, code: str, reason: str, speed: float) -> list[str]:
        """Deregister now, and send SIGTERM after the deregistration delay."""
        self.stopping = True
        delays = [registration.drain_seconds(arn) / speed for arn, _ in self.target_groups]
        records.stopping(self.record, code, reason)
        self._terminate_at = time.monotonic() + (max(delays, default=0.0) if self.started else 0.0)
        return self.deregister()

    def step_down(self) -> None:
        """Continue a stop: terminate, kill and close the record in turn."""
        moment = time.monotonic()
        if self._process is None or self.exit_code is not None:
            self.close()
        elif moment >= self._terminate_at + KILL_AFTER_S:
            process.signal_group(self._process, signal.SIGKILL)
        elif moment >= self._terminate_at and self.record.last_status != "STOPPING":
            self.record.last_status = "STOPPING"
            process.signal_group(self._process, signal.SIGTERM)

    def close(self, code: str = "", reason: str = "") -> None:
        """Write the task's end to its record, and ship its last log lines."""
        self.gone = True
        if self._process is not None:
            process.signal_group(self._process, signal.SIGKILL)  # children it may have left
            self._process.wait()
            self.exit_code = process.exit_code(self._process)
        if self._tail is not None:
            self._tail.ship(last=True)
        if code:
            self.record.stop_code = getattr(self.record, "stop_code", None) or code
            self.record.stopped_reason = self.record.stopped_reason or reason
        memory = OOM_REASON if self._killed_for_memory and self.exit_code == 137 else None
        records.stopped(self.record, self.exit_code if self.started else None, memory)
