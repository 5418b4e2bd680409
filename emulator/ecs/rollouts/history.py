"""Keep a service's deployments and revisions as ECS tells them afterwards.

Source: the API's ServiceDeployment, ServiceRevision and ListServiceDeployments.
"""

from __future__ import annotations

import random
import uuid
from typing import Any

from emulator.ecs import moto_ecs
from emulator.ecs.deployments import COMPLETED, FAILED, IN_PROGRESS, Deployment, capacity
from emulator.ecs.rollouts import bus, production

Json = dict[str, Any]
KEPT = 100
SUCCESSFUL, STOPPED = "SUCCESSFUL", "STOPPED"
ROLLING_BACK, ROLLED_BACK = "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"
MOVING = (IN_PROGRESS, ROLLING_BACK)
BREAKER = "Service deployment rolled back because the circuit breaker threshold was exceeded."
BY_USER = "Service deployment rolled back because it was stopped."
NO_ROLLBACK = "Service deployment failed because the circuit breaker threshold was exceeded."
REPLACED = "Service deployment was replaced by a newer one."


def records(service: Any) -> list[Json]:
    """Return what is kept of a service's deployments, newest first."""
    found: list[Json] = service.__dict__.setdefault("service_deployments", [])
    return found


def follow(service: Any, deployments: list[Deployment]) -> None:
    """Write down what a service's deployments, of which the first is the newest, have come to."""
    bus.announce(service, deployments)
    kept = records(service)
    rollbacks = {one["rolled_back_by"] for one in kept} | {d.rolled_back_by for d in deployments}
    for deployment in reversed(deployments):
        record = next((one for one in kept if one["id"] == deployment.id), None)
        if record is None:
            if deployment.id in rollbacks:
                continue  # a rollback is part of the deployment that it undoes
            record = _begun(service, deployment, kept)
            kept.insert(0, record)
            del kept[KEPT:]
        _move(record, deployment, newest=deployment is deployments[0])
    primary = deployments[0]
    for one in kept:
        if one["status"] == ROLLING_BACK and primary.rollout == COMPLETED:
            _end(one, ROLLED_BACK, "", "finishedAt")
        elif one["status"] == IN_PROGRESS and one["id"] not in {d.id for d in deployments}:
            _end(one, STOPPED, REPLACED, "stoppedAt")
    _show_current(service, kept)


def _begun(service: Any, deployment: Deployment, kept: list[Json]) -> Json:
    arn, place = service.arn.partition(":service/")[0], f"{service.cluster_name}/{service.name}"
    now = deployment.created_at
    source = next((one["revision"] for one in kept if one["status"] == SUCCESSFUL), None)
    return {
        "id": deployment.id,
        "rolled_back_by": "",
        "serviceDeploymentArn": f"{arn}:service-deployment/{place}/{uuid.uuid4().hex[:21]}",
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": now,
        "startedAt": now,
        "updatedAt": now,
        "status": IN_PROGRESS,
        "deploymentConfiguration": dict(service.deployment_configuration),
        "source": source,
        "revision": _revision(service, deployment, f"{arn}:service-revision/{place}"),
    }


def _revision(service: Any, deployment: Deployment, place: str) -> Json:
    definition = moto_ecs.backend().describe_task_definition(deployment.definition_arn)
    pairs = production.pairs(service.load_balancers)
    rules = {group: rule for rule, *both in pairs for group in both}
    groups = [str(b["targetGroupArn"]) for b in deployment.load_balancers if "targetGroupArn" in b]
    resolved = [
        {"targetGroupArn": one, **({"productionListenerRule": rules[one]} if one in rules else {})}
        for one in groups
    ]
    return {
        "serviceRevisionArn": f"{place}/{random.randint(10**18, 10**19 - 1)}",
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "taskDefinition": deployment.definition_arn,
        **capacity(service),
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "loadBalancers": list(service.load_balancers),
        "serviceRegistries": list(service.service_registries),
        "networkConfiguration": deployment.network,
        "containerImages": [
            {"containerName": one["name"], "image": one["image"]}
            for one in definition.container_definitions
        ],
        "guardDutyEnabled": False,
        "createdAt": deployment.created_at,
        **({"resolvedConfiguration": {"loadBalancers": resolved}} if resolved else {}),
    }


def _move(record: Json, deployment: Deployment, *, newest: bool) -> None:
    if deployment.stage:
        record["lifecycleStage"] = deployment.stage
    if record["status"] != IN_PROGRESS:
        return
    if deployment.rollout == COMPLETED:
        _end(record, SUCCESSFUL, "", "finishedAt")
    elif deployment.rollout == FAILED and deployment.rolled_back_by:
        record["rolled_back_by"] = deployment.rolled_back_by
        reason = BY_USER if deployment.stopped else BREAKER
        record["status"], record["statusReason"] = ROLLING_BACK, reason
        to = (record["source"] or {}).get("serviceRevisionArn")
        record["rollback"] = {
            "reason": reason,
            "startedAt": moto_ecs.now(),
            **({"serviceRevisionArn": to} if to else {}),
        }
    elif deployment.rollout == FAILED:
        _end(record, STOPPED, BY_USER if deployment.stopped else NO_ROLLBACK, "stoppedAt")
    elif not newest:
        _end(record, STOPPED, REPLACED, "stoppedAt")


def _end(record: Json, status: str, reason: str, moment: str) -> None:
    record["status"] = status
    record[moment] = record["updatedAt"] = moto_ecs.now()
    if reason:
        record["statusReason"] = reason


def _show_current(service: Any, kept: list[Json]) -> None:
    moving = next((one for one in kept if one["status"] in MOVING), None)
    service.current_service_deployment = moving["serviceDeploymentArn"] if moving else None
    current = [one for one in kept if one["status"] in (IN_PROGRESS, SUCCESSFUL)][:1]
    service.current_service_revisions = [
        {"arn": one["revision"]["serviceRevisionArn"], **_counts(service)} for one in current
    ]


def _counts(service: Any) -> Json:
    return {
        "requestedTaskCount": service.desired_count,
        "runningTaskCount": service.running_count,
        "pendingTaskCount": service.pending_count,
    }
