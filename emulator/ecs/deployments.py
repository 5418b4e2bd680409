"""Rollout state, failure counts and circuit breaker of a service's deployments."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.ecs import moto_ecs

IN_PROGRESS, COMPLETED, FAILED = "IN_PROGRESS", "COMPLETED", "FAILED"
LEAST_THRESHOLD, MOST_THRESHOLD = 3, 200


@dataclass
class Deployment:
    """A deployment of a service; `document` is moto's form of it."""

    definition_arn: str
    network: dict[str, Any]
    load_balancers: list[dict[str, Any]] = field(default_factory=list)
    id: str = field(default_factory=moto_ecs.deployment_id)
    status: str = "PRIMARY"
    rollout: str = IN_PROGRESS
    reason: str = ""
    failed_tasks: int = 0
    stage: str = ""  # of a blue/green deployment
    stopped: bool = False  # by StopServiceDeployment
    rolled_back_by: str = ""  # the deployment that took its place when it failed
    created_at: dt.datetime = field(default_factory=moto_ecs.now)
    updated_at: dt.datetime = field(default_factory=moto_ecs.now)

    def __post_init__(self) -> None:
        self.reason = self.reason or f"ECS deployment {self.id} in progress."

    def move(self, rollout: str, reason: str) -> None:
        """Change the rollout state and its reason."""
        self.rollout, self.reason, self.updated_at = rollout, reason, moto_ecs.now()

    def complete(self) -> None:
        """Mark the deployment completed."""
        self.failed_tasks = 0
        self.move(COMPLETED, f"ECS deployment {self.id} completed.")

    def document(self, service: Any, desired: int, running: int, pending: int) -> dict[str, Any]:
        """Return the deployment as DescribeServices shows it."""
        return {
            "id": self.id,
            "status": self.status,
            "taskDefinition": self.definition_arn,
            "desiredCount": desired,
            "pendingCount": pending,
            "runningCount": running,
            "failedTasks": self.failed_tasks,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            **capacity(service),
            **_connect(service),
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "networkConfiguration": self.network,
            "rolloutState": self.rollout,
            "rolloutStateReason": self.reason,
        }


def _connect(service: Any) -> dict[str, Any]:
    config = getattr(service, "service_connect_configuration", None)
    return {"serviceConnectConfiguration": config} if config else {}


def capacity(service: Any) -> dict[str, Any]:
    """Return the capacity providers of a service, or its launch type: it has one of the two."""
    strategy = getattr(service, "capacity_provider_strategy", None)
    if strategy:
        return {"capacityProviderStrategy": strategy}
    return {"launchType": service.launch_type}


def asked(service: Any) -> tuple[object, ...]:
    """Return the requested settings; a change of any but the count starts a deployment."""
    return (
        service.desired_count if service.status == "ACTIVE" else 0,
        service.task_definition,
        repr(service.network_configuration),
        repr(service.load_balancers),
        repr(service.service_registries),
        getattr(service, "force_serial", 0),
    )


def count_failure(deployments: list[Deployment], ident: str) -> None:
    """Count a task that failed before it was healthy as a failure of its deployment."""
    for deployment in deployments:
        if deployment.id == ident:
            deployment.failed_tasks += 1
            deployment.updated_at = moto_ecs.now()


@dataclass(frozen=True)
class Limits:
    """Limits of a service's deployment configuration."""

    breaker: bool
    rollback: bool
    least: int
    most: int
    threshold: int


def limits(service: Any, desired: int) -> Limits:
    """Compute the limits; the minimum is rounded up, the maximum down."""
    configuration = service.deployment_configuration
    breaker = configuration.get("deploymentCircuitBreaker") or {}
    return Limits(
        breaker=bool(breaker.get("enable")),
        rollback=bool(breaker.get("rollback")),
        least=math.ceil(desired * int(configuration.get("minimumHealthyPercent", 100)) / 100),
        most=math.floor(desired * int(configuration.get("maximumPercent", 200)) / 100),
        threshold=min(MOST_THRESHOLD, max(LEAST_THRESHOLD, math.ceil(0.5 * desired))),
    )


def trips(service: Any, desired: int, deployment: Deployment) -> Limits | None:
    """Return the limits of a service whose circuit breaker a deployment trips now, else None.

    A deployment that somebody stops goes back, whether or not the circuit breaker is on.
    """
    allowed = limits(service, desired)
    if deployment.rollout != IN_PROGRESS:
        return None
    if getattr(service, "stop_asked", "") == deployment.id:
        deployment.stopped = True
        return replace(allowed, rollback=True)
    failed = deployment.failed_tasks >= allowed.threshold
    return allowed if allowed.breaker and failed else None


def fail(deployment: Deployment) -> str:
    """Mark a deployment failed and return the text of the event."""
    if deployment.stopped:
        deployment.move(FAILED, f"ECS deployment {deployment.id} was stopped.")
        return f"(deployment {deployment.id}) deployment failed: it was stopped."
    deployment.move(FAILED, "ECS deployment circuit breaker: tasks failed to start.")
    return f"(deployment {deployment.id}) deployment failed: tasks failed to start."


@dataclass
class BackOff:
    """When the next task may start: longer after each failure in a row; seconds of real time.

    A change of the control plane ends a pause, so that a repair has its effect at once.
    """

    speed: float
    failures: int = 0
    until: float = 0.0
    _changed_at: float = 0.0

    def look(self, changed_at: float) -> None:
        """End the pause if the control plane was changed since."""
        if changed_at > self._changed_at:
            self._changed_at, self.until = changed_at, 0.0

    def failed(self, moment: float, reached_running: bool) -> None:
        """Pause 15 s, 30 s, ... up to 27 minutes (5 if the task ran), divided by the speed."""
        longest = 300.0 if reached_running else 27 * 60.0
        wait = min(longest, 15.0 * 2**self.failures)
        self.failures += 1
        self.until = moment + wait / self.speed

    def reset(self) -> None:
        """Forget earlier failures and start the next task at once."""
        self.failures, self.until = 0, 0.0
