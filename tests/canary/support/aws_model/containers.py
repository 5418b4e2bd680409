"""ECS services as plain values: what it describes of them, and what its calls change."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

Json = dict[str, Any]
# of these two, ECS keeps what a deployment began with, and describes it there alone
DEPLOYED = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
# what UpdateService takes of a service that CodeDeploy, or another controller, deploys
_OF_OTHERS = frozenset({"desiredCount", "deploymentConfiguration", "healthCheckGracePeriodSeconds"})
_DEPLOYS = "deploymentConfiguration"  # a part that is not given keeps its value
_USUAL: Json = {
    "deploymentController": {"type": "ECS"}, "schedulingStrategy": "REPLICA", "loadBalancers": [],
    "serviceRegistries": [], "placementConstraints": [], "placementStrategy": [],
    "enableECSManagedTags": False, "enableExecuteCommand": False, "propagateTags": "NONE",
    "healthCheckGracePeriodSeconds": 0, "availabilityZoneRebalancing": "ENABLED",
    _DEPLOYS: {"maximumPercent": 200, "minimumHealthyPercent": 100},
}  # fmt: skip
_DEPLOYMENT = {
    "id": "ecs-svc/1", "status": "PRIMARY", "pendingCount": 0, "failedTasks": 0,
    "rolloutState": "COMPLETED",
}  # fmt: skip


class EcsError(Exception):
    """What ECS answers to a call that it refuses."""


class Containers:
    """The calls of ECS for services; `held` keeps them by name."""

    def __init__(self, held: Json) -> None:
        self.held = held

    def create_service(self, cluster: str, **wanted: Any) -> Json:
        """Create a service."""
        name = wanted["serviceName"]
        if name in self.held.setdefault("services", {}):
            raise EcsError("Creation of service was not idempotent")
        if wanted.get("launchType") and wanted.get("capacityProviderStrategy"):
            raise EcsError("Specifying both a launch type and a strategy is not supported")
        given = {k: wanted.pop(k) for k in DEPLOYED if k in wanted}
        parts = {k: v for k, v in given.items() if v}
        made = {
            "serviceArn": f"arn:aws:ecs:us-east-1:123456789012:service/{cluster}/{name}",
            "status": "ACTIVE", "roleArn": "arn:aws:iam::123456789012:role/ecs", "events": [],
            **deepcopy(_USUAL),
            **deepcopy(wanted),
        }  # fmt: skip
        network = made.get("networkConfiguration", {}).get("awsvpcConfiguration")
        if network is not None:
            network.setdefault("assignPublicIp", "DISABLED")
        made[_DEPLOYS] = {**_USUAL[_DEPLOYS], **made[_DEPLOYS]}
        self.held["services"][name] = made
        self._deploy(made, parts)
        return {"service": made}

    def update_service(self, cluster: str, service: str, **wanted: Any) -> Json:
        """Change fields of a service; what is not given stays."""
        made = self.held["services"][service]
        wanted.pop("forceNewDeployment", None)
        others = made["deploymentController"]["type"] != "ECS"
        if others and set(wanted) - _OF_OTHERS:
            raise EcsError("InvalidParameterException: another controller deploys this service")
        parts = {k: made["deployments"][0][k] for k in DEPLOYED if k in made["deployments"][0]}
        parts |= {k: wanted.pop(k) for k in DEPLOYED if k in wanted}
        if _DEPLOYS in wanted:
            wanted[_DEPLOYS] = {**made[_DEPLOYS], **wanted[_DEPLOYS]}
        made |= deepcopy(wanted)
        self._deploy(made, parts)
        return {"service": made}

    def delete_service(self, cluster: str, service: str, force: bool = False) -> Json:
        """Delete a service."""
        return {"service": self.held["services"].pop(service)}

    def _deploy(self, made: Json, parts: Json) -> None:
        desired = made.setdefault("desiredCount", 1)
        made |= {"runningCount": desired, "pendingCount": 0}
        made["deployments"] = [
            {**_DEPLOYMENT, "taskDefinition": made["taskDefinition"], "desiredCount": desired,
             "runningCount": desired, **parts}
        ]  # fmt: skip
