"""A task definition as the agent reads it, with the overrides of a single run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class HealthCheck:
    """A container health check: its command, and times in seconds."""

    command: tuple[str, ...]
    interval_s: float
    timeout_s: float
    retries: int
    start_period_s: float


@dataclass(frozen=True)
class LogTarget:
    """The log group and stream prefix of a container's output."""

    group: str
    prefix: str
    may_create: bool


@dataclass(frozen=True)
class Dependency:
    """A container that must have reached a condition before another one starts."""

    container: str
    condition: str  # START, COMPLETE, SUCCESS or HEALTHY


@dataclass(frozen=True)
class ContainerDefinition:
    """A container's fields that the agent uses; a memory of 0 is no limit of its own."""

    name: str
    image: str
    entry_point: tuple[str, ...]
    command: tuple[str, ...]
    working_directory: str
    ports: tuple[int, ...]
    memory_mib: int
    essential: bool
    environment: dict[str, str]
    secrets: dict[str, str]
    health_check: HealthCheck | None
    log: LogTarget | None
    depends_on: tuple[Dependency, ...]
    start_timeout_s: float  # 0: none


@dataclass(frozen=True)
class Definition:
    """A task definition's fields that the agent uses."""

    arn: str
    containers: tuple[ContainerDefinition, ...]
    memory_mib: int
    architecture: str
    execution_role: str
    task_role: str

    def limit(self, container: ContainerDefinition) -> int:
        """Return the memory that a container may take (MiB): its own limit or the task's."""
        return min(filter(None, (container.memory_mib, self.memory_mib)), default=0)

    @property
    def port(self) -> int:
        """Return the first port of the first essential container, else of any; 0 without one."""
        ordered = sorted(self.containers, key=lambda one: not one.essential)
        return next((port for one in ordered for port in one.ports), 0)


def read(definition: Any, overrides: dict[str, Any] | None = None) -> Definition:
    """Read moto's task definition; overrides are those of RunTask."""
    given = overrides or {}
    changes = {one.get("name"): one for one in given.get("containerOverrides") or []}
    platform = definition.runtime_platform or {}
    return Definition(
        arn=definition.arn,
        containers=tuple(
            _container(one, changes.get(one["name"]) or {})
            for one in definition.container_definitions
        ),
        memory_mib=int(given.get("memory") or definition.memory or 0),
        architecture=str(platform.get("cpuArchitecture") or "X86_64"),
        execution_role=str(
            given.get("executionRoleArn") or getattr(definition, "execution_role_arn", None) or ""
        ),
        task_role=str(given.get("taskRoleArn") or getattr(definition, "task_role_arn", None) or ""),
    )


def _container(given: dict[str, Any], changed: dict[str, Any]) -> ContainerDefinition:
    command = changed.get("command") or given.get("command") or ()
    return ContainerDefinition(
        name=str(given["name"]),
        image=str(given["image"]),
        entry_point=tuple(given.get("entryPoint") or ()),
        command=tuple(command),
        working_directory=str(given.get("workingDirectory") or ""),
        ports=tuple(int(m["containerPort"]) for m in given.get("portMappings") or [] if m),
        memory_mib=int(changed.get("memory") or given.get("memory") or 0),
        essential=bool(given.get("essential", True)),
        environment={**_values(given), **_values(changed)},
        secrets={p["name"]: str(p["valueFrom"]) for p in given.get("secrets") or []},
        health_check=_health_check(given.get("healthCheck")),
        log=_log(given.get("logConfiguration")),
        depends_on=tuple(
            Dependency(str(one["containerName"]), str(one["condition"]))
            for one in given.get("dependsOn") or []
        ),
        start_timeout_s=float(given.get("startTimeout") or 0),
    )


def _values(given: dict[str, Any]) -> dict[str, str]:
    return {p["name"]: str(p["value"]) for p in given.get("environment") or []}


def _health_check(given: dict[str, Any] | None) -> HealthCheck | None:
    """Read the health check; a command that begins with no word that Docker knows is none."""
    command = tuple((given or {}).get("command") or ())
    if not given or command[:1] not in (("CMD",), ("CMD-SHELL",)) or len(command) == 1:
        return None
    return HealthCheck(
        command=command,
        interval_s=float(given.get("interval") or 30),
        timeout_s=float(given.get("timeout") or 5),
        retries=int(given.get("retries") or 3),
        start_period_s=float(given.get("startPeriod") or 0),
    )


def _log(given: dict[str, Any] | None) -> LogTarget | None:
    if not given or given.get("logDriver") != "awslogs":
        return None
    options = given.get("options") or {}
    return LogTarget(
        group=str(options.get("awslogs-group") or ""),
        prefix=str(options.get("awslogs-stream-prefix") or "ecs"),
        may_create=str(options.get("awslogs-create-group")).lower() == "true",
    )
