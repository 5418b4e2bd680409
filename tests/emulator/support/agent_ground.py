"""A service of the shared twin, changed and looked at through the AWS API alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.sandbox.support import classic as names
from tests.sandbox.support.twin import RunningTwin

KEPT = (
    "family",
    "networkMode",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "executionRoleArn",
    "taskRoleArn",
    "runtimePlatform",
    "containerDefinitions",
)
NO_BREAKER = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "minimumHealthyPercent": 0,
    "maximumPercent": 100,
}
WITH_BREAKER = {
    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    "minimumHealthyPercent": 100,
    "maximumPercent": 200,
}
Change = Callable[[dict[str, Any], dict[str, Any]], None]


@dataclass(frozen=True)
class Subject:
    """One ECS service."""

    twin: RunningTwin
    service: str

    @property
    def ecs(self) -> Any:
        """A client."""
        return self.twin.client("ecs")

    def update(self, settle: bool = True, **changes: Any) -> None:
        """Update the service and wait until the twin is steady."""
        self.ecs.update_service(cluster=names.CLUSTER, service=self.service, **changes)
        if settle:
            self.twin.settle(60)

    def revise(self, change: Change, **changes: Any) -> str:
        """Register a changed revision of the running definition, deploy it, and settle."""
        current = self.describe()["taskDefinition"]
        found = self.ecs.describe_task_definition(taskDefinition=current)["taskDefinition"]
        definition = {key: found[key] for key in KEPT if key in found}
        change(definition, definition["containerDefinitions"][0])
        made = self.ecs.register_task_definition(**definition)["taskDefinition"]
        self.update(taskDefinition=made["taskDefinitionArn"], **changes)
        return str(made["taskDefinitionArn"])

    def describe(self) -> dict[str, Any]:
        """The service as DescribeServices shows it."""
        found = self.ecs.describe_services(cluster=names.CLUSTER, services=[self.service])
        return dict(found["services"][0])

    def events(self) -> list[str]:
        """Its event messages, newest first, without the service's name."""
        prefix = f"(service {self.service}) "
        return [e["message"].removeprefix(prefix) for e in self.describe()["events"]]

    def tasks(self, status: str = "RUNNING") -> list[dict[str, Any]]:
        """Its tasks of a desired status, oldest first."""
        arns = self.ecs.list_tasks(
            cluster=names.CLUSTER, serviceName=self.service, desiredStatus=status
        )["taskArns"]
        if not arns:
            return []
        return list(self.ecs.describe_tasks(cluster=names.CLUSTER, tasks=arns)["tasks"])

    def last_stopped(self) -> dict[str, Any]:
        """The task that stopped last."""
        return max(self.tasks("STOPPED"), key=lambda task: task["stoppedAt"])

    def targets(self) -> dict[str, str]:
        """Its targets' states by address."""
        elbv2 = self.twin.client("elbv2")
        arn = self.describe()["loadBalancers"][0]["targetGroupArn"]
        found = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return {t["Target"]["Id"]: t["TargetHealth"]["State"] for t in found}

    def log(self, pattern: str) -> list[str]:
        """The messages of its log group that contain a phrase; logs take a moment to arrive."""
        logs = self.twin.client("logs")
        for _ in range(20):
            found = logs.filter_log_events(
                logGroupName=f"/ecs/{self.service}", filterPattern=f'"{pattern}"'
            )["events"]
            if found:
                return [event["message"] for event in found]
            time.sleep(0.1)
        return []


def variable(name: str, value: str | None) -> Change:
    """A change that sets or removes a plain variable."""

    def change(_: dict[str, Any], container: dict[str, Any]) -> None:
        kept = [pair for pair in container["environment"] if pair["name"] != name]
        container["environment"] = kept + ([{"name": name, "value": value}] if value else [])

    return change


def secret(name: str, value_from: str | None) -> Change:
    """A change that sets or removes an injected variable."""

    def change(_: dict[str, Any], container: dict[str, Any]) -> None:
        kept = [pair for pair in container["secrets"] if pair["name"] != name]
        added = [{"name": name, "valueFrom": value_from}] if value_from else []
        container["secrets"] = kept + added

    return change


def image(tag: str) -> Change:
    """A change that takes another tag."""

    def change(_: dict[str, Any], container: dict[str, Any]) -> None:
        container["image"] = container["image"].rpartition(":")[0] + f":{tag}"

    return change


def memory(mib: int) -> Change:
    """A change that limits the memory."""

    def change(_: dict[str, Any], container: dict[str, Any]) -> None:
        container["memory"] = mib

    return change
