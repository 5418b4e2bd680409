"""Convert an ECS service: all that a deployment keeps or changes, with AWS's own JSON."""

from __future__ import annotations

from typing import Any

from canary.control_plane.ecs import is_primary
from canary.control_plane.state import (
    BalancerEntry,
    CapacityProvider,
    EcsDeployment,
    EcsService,
    Event,
    RegistryEntry,
    Task,
)
from canary.observe.calls import plain, strings, when

MAX_EVENTS = 30
# what passes by itself, or is a reading of its own
_PASSES = frozenset(
    {
        *("events", "deployments", "taskSets", "runningCount", "pendingCount", "status"),
        *("createdAt", "createdBy", "currentServiceDeployment", "currentServiceRevisions"),
    }
)
# ECS tells these of the deployment alone, though CreateService takes them of the service
_OF_DEPLOYMENT = ("volumeConfigurations", "vpcLatticeConfigurations")
_OF_TASK_SET = (
    *("networkConfiguration", "loadBalancers", "serviceRegistries"),
    *("launchType", "capacityProviderStrategy", "platformVersion"),
)
Json = dict[str, Any]


def converted(
    raw: Json, tasks: tuple[Task, ...], *, tasks_read: bool = True, more_tasks: bool = False
) -> EcsService:
    """Return a service as DescribeServices gives it, with its tasks."""
    raw = {**raw, **{key: value for key, value in _placed(raw).items() if not raw.get(key)}}
    network = (raw.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    balancers, registries = raw.get("loadBalancers") or [], raw.get("serviceRegistries") or []
    breaker = (raw.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}
    events = raw.get("events") or []
    more = {"events": len(events) > MAX_EVENTS, "tasks": more_tasks}
    return EcsService(
        name=str(raw["serviceName"]),
        arn=str(raw.get("serviceArn", "")),
        status=str(raw.get("status", "")),
        desired=int(raw.get("desiredCount") or 0),
        running=int(raw.get("runningCount") or 0),
        pending=int(raw.get("pendingCount") or 0),
        task_definition=_definition(raw),
        deployments=_deployments(raw),
        events=tuple(_event(e) for e in events[:MAX_EVENTS]),
        target_groups=strings(
            b.get("targetGroupArn") for b in balancers if b.get("targetGroupArn")
        ),
        container_ports=tuple(int(b.get("containerPort") or 0) for b in balancers),
        balancer_entries=tuple(_balancer_entry(b) for b in balancers),
        registries=strings(r.get("registryArn") for r in registries),
        registry_entries=tuple(_registry_entry(r) for r in registries),
        security_groups=strings(network.get("securityGroups")),
        subnets=strings(network.get("subnets")),
        public_address=str(network.get("assignPublicIp") or ""),
        circuit_breaker=bool(breaker.get("enable")),
        rollback=bool(breaker.get("rollback")),
        grace_period_s=int(raw.get("healthCheckGracePeriodSeconds") or 0),
        created_at=when(raw.get("createdAt")),
        tasks=tasks,
        config={k: plain(v) for k, v in raw.items() if k not in _PASSES},
        unread=() if tasks_read else ("tasks",),
        bounded=tuple(name for name, reached in more.items() if reached),
        **_deployed(raw),
    )


def _deployed(raw: Json) -> Json:
    """Return how ECS deploys and places the service's tasks."""
    configuration = raw.get("deploymentConfiguration") or {}
    least, most = configuration.get("minimumHealthyPercent"), configuration.get("maximumPercent")
    return {
        "controller": str((raw.get("deploymentController") or {}).get("type") or "ECS"),
        "strategy": str(configuration.get("strategy") or "ROLLING"),
        "launch_type": str(raw.get("launchType") or ""),
        "capacity_providers": tuple(
            CapacityProvider(
                name=str(c.get("capacityProvider") or ""),
                weight=int(c.get("weight") or 0),
                base=int(c.get("base") or 0),
            )
            for c in raw.get("capacityProviderStrategy") or []
        ),
        "platform_version": str(raw.get("platformVersion") or ""),
        "execute_command": bool(raw.get("enableExecuteCommand")),
        "zone_rebalancing": str(raw.get("availabilityZoneRebalancing") or ""),
        "propagate_tags": str(raw.get("propagateTags") or ""),
        "scheduling": str(raw.get("schedulingStrategy") or ""),
        "minimum_percent": 100 if least is None else int(least),
        "maximum_percent": 200 if most is None else int(most),
        "alarms": strings((configuration.get("alarms") or {}).get("alarmNames")),
    }


def without_options(raw: Json) -> Json:
    """Return a configuration without its log driver's options, which may hold a token."""
    log = {k: v for k, v in (raw.get("logConfiguration") or {}).items() if k != "options"}
    found: Json = plain({**raw, "logConfiguration": log} if log else raw)
    return found


def _balancer_entry(raw: Json) -> BalancerEntry:
    return BalancerEntry(
        target_group=str(raw.get("targetGroupArn") or ""),
        container=str(raw.get("containerName") or ""),
        port=int(raw.get("containerPort") or 0),
        advanced=plain(raw.get("advancedConfiguration") or {}),
    )


def _registry_entry(raw: Json) -> RegistryEntry:
    return RegistryEntry(
        arn=str(raw.get("registryArn") or ""),
        port=int(raw.get("port") or 0),
        container=str(raw.get("containerName") or ""),
        container_port=int(raw.get("containerPort") or 0),
    )


def _event(raw: Json) -> Event:
    return Event(at=when(raw.get("createdAt")), message=str(raw.get("message", "")))


def _placed(raw: Json) -> Json:
    """Return what the primary task set says of a service that does not say it itself."""
    primary = _primary_set(raw)
    return {key: primary[key] for key in _OF_TASK_SET if primary.get(key)}


def _primary_set(raw: Json) -> Json:
    sets: list[Json] = raw.get("taskSets") or []
    return next((s for s in sets if is_primary(str(s.get("status")))), {})


def _definition(raw: Json) -> str:
    """Return the revision of a service: of its primary task set, where a controller makes these."""
    return str(_primary_set(raw).get("taskDefinition") or raw.get("taskDefinition") or "")


def _deployments(raw: Json) -> tuple[EcsDeployment, ...]:
    found = tuple(_deployment(d) for d in raw.get("deployments") or [])
    return found or tuple(_task_set(s) for s in raw.get("taskSets") or [])


def _task_set(raw: Json) -> EcsDeployment:
    """Return a task set as a deployment: CodeDeploy and others have these in their place.

    Source: the API's TaskSet; `stabilityStatus` says whether all of its tasks run and are healthy.
    """
    steady = raw.get("stabilityStatus") == "STEADY_STATE"
    return EcsDeployment(
        id=str(raw.get("id", "")),
        status=str(raw.get("status", "")),
        task_definition=str(raw.get("taskDefinition", "")),
        desired=int(raw.get("computedDesiredCount") or 0),
        running=int(raw.get("runningCount") or 0),
        pending=int(raw.get("pendingCount") or 0),
        rollout_state="COMPLETED" if steady else "IN_PROGRESS",
        # what is under way began with its present state: an old task set may be scaled today
        created_at=when(raw.get("createdAt") if steady else raw.get("stabilityStatusAt")),
        updated_at=when(raw.get("updatedAt")),
    )


def _deployment(raw: Json) -> EcsDeployment:
    return EcsDeployment(
        id=str(raw.get("id", "")),
        status=str(raw.get("status", "")),
        task_definition=str(raw.get("taskDefinition", "")),
        desired=int(raw.get("desiredCount") or 0),
        running=int(raw.get("runningCount") or 0),
        pending=int(raw.get("pendingCount") or 0),
        failed_tasks=int(raw.get("failedTasks") or 0),
        rollout_state=str(raw.get("rolloutState", "")),
        rollout_reason=str(raw.get("rolloutStateReason", "")),
        created_at=when(raw.get("createdAt")),
        updated_at=when(raw.get("updatedAt")),
        service_connect=without_options(raw.get("serviceConnectConfiguration") or {}),
        config={k: plain(raw[k]) for k in _OF_DEPLOYMENT if raw.get(k)},
    )
