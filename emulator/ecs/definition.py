"""A task definition as the agent reads it, with one essential container."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

PROBE_URL = re.compile(r"https?://(?:localhost|127\.0\.0\.1):(\d+)(/[^\s|'\"]*)?")


@dataclass(frozen=True)
class HealthCheck:
    """A container health check that requests a URL of its own port; times in seconds."""

    port: int
    path: str
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
class Definition:
    """A task definition's fields that the agent uses."""

    arn: str
    container: str
    image: str
    command: tuple[str, ...]
    port: int
    memory_mib: int
    architecture: str
    environment: dict[str, str]
    secrets: dict[str, str]
    health_check: HealthCheck | None
    log: LogTarget | None
    execution_role: str
    task_role: str
    stop_timeout_s: float


def read(definition: Any) -> Definition:
    """Read moto's task definition."""
    containers = definition.container_definitions
    main = next((c for c in containers if c.get("essential", True)), containers[0])
    ports = [int(m["containerPort"]) for m in main.get("portMappings") or [] if m]
    platform = definition.runtime_platform or {}
    return Definition(
        arn=definition.arn,
        container=str(main["name"]),
        image=str(main["image"]),
        command=(*(main.get("entryPoint") or ()), *(main.get("command") or ())),
        port=ports[0] if ports else 0,
        memory_mib=_least(main.get("memory"), definition.memory),
        architecture=str(platform.get("cpuArchitecture") or "X86_64"),
        environment={p["name"]: str(p["value"]) for p in main.get("environment") or []},
        secrets={p["name"]: str(p["valueFrom"]) for p in main.get("secrets") or []},
        health_check=_health_check(main.get("healthCheck")),
        log=_log(main.get("logConfiguration")),
        execution_role=getattr(definition, "execution_role_arn", None) or "",
        task_role=getattr(definition, "task_role_arn", None) or "",
        stop_timeout_s=float(main.get("stopTimeout") or 30),
    )


def _least(*limits: Any) -> int:
    given = [int(limit) for limit in limits if limit]
    return min(given) if given else 1 << 20


def _health_check(given: dict[str, Any] | None) -> HealthCheck | None:
    """Read the health check; a command without a URL counts as no check."""
    if not given:
        return None
    found = PROBE_URL.search(" ".join(given.get("command") or []))
    if not found:
        return None
    return HealthCheck(
        port=int(found[1]),
        path=found[2] or "/",
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
