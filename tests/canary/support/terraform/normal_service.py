"""One form for an ECS service, from AWS's JSON and from a block."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
# What AWS describes and no call sets, or what says nothing.
_DESCRIBED = ("serviceArn", "clusterArn", "roleArn", "platformFamily", "createdBy")
_PLAIN = {
    "name": "serviceName", "cluster": "cluster", "task_definition": "taskDefinition",
    "desired_count": "desiredCount", "launch_type": "launchType",
    "platform_version": "platformVersion", "scheduling_strategy": "schedulingStrategy",
    "health_check_grace_period_seconds": "healthCheckGracePeriodSeconds",
    "availability_zone_rebalancing": "availabilityZoneRebalancing",
    "enable_ecs_managed_tags": "enableECSManagedTags",
    "enable_execute_command": "enableExecuteCommand", "propagate_tags": "propagateTags",
}  # fmt: skip
_BLOCKS = {
    "load_balancer": "loadBalancers", "service_registries": "serviceRegistries",
    "capacity_provider_strategy": "capacityProviderStrategy",
    "ordered_placement_strategy": "placementStrategy",
    "placement_constraints": "placementConstraints",
}  # fmt: skip


def service(raw: Json) -> Json:
    """Return a service of CreateService or DescribeServices."""
    found = {k: v for k, v in raw.items() if k not in _DESCRIBED and v not in (None, "", [], {})}
    if found.get("capacityProviderStrategy"):
        found.pop("launchType", None)
    if found.get("propagateTags") == "NONE":
        del found["propagateTags"]
    if found.get("schedulingStrategy") == "DAEMON":
        found.pop("desiredCount", None)
    if "tags" in found:
        found["tags"] = {t["key"]: t.get("value", "") for t in found["tags"]}
    deployment = dict(found.get("deploymentConfiguration", {}))
    if not (deployment.get("alarms") or {}).get("alarmNames"):
        deployment.pop("alarms", None)
    if deployment.get("strategy") == "ROLLING":
        deployment.pop("bakeTimeInMinutes", None)
    if deployment:
        found["deploymentConfiguration"] = {
            k: v for k, v in deployment.items() if v not in (None, "", [], {})
        }
    return found


def service_of(body: Json) -> Json:
    """Return a service of a block."""
    found: Json = {key: body[name] for name, key in _PLAIN.items() if name in body}
    for name, key in _BLOCKS.items():
        if name in body:
            found[key] = [_small(block) for block in body[name]]
    if "network_configuration" in body:
        (network,) = body["network_configuration"]
        inner = {"subnets": network["subnets"]}
        if "security_groups" in network:
            inner["securityGroups"] = network["security_groups"]
        if "assign_public_ip" in network:
            inner["assignPublicIp"] = "ENABLED" if network["assign_public_ip"] else "DISABLED"
        found["networkConfiguration"] = {"awsvpcConfiguration": inner}
    if "deployment_controller" in body:
        found["deploymentController"] = dict(body["deployment_controller"][0])
    if deployment := _deployment(body):
        found["deploymentConfiguration"] = deployment
    if "tags" in body:
        found["tags"] = body["tags"]
    return found


def _deployment(body: Json) -> Json:
    found: Json = {}
    for name, key in (("deployment_maximum_percent", "maximumPercent"),
                      ("deployment_minimum_healthy_percent", "minimumHealthyPercent")):  # fmt: skip
        if name in body:
            found[key] = body[name]
    if "deployment_circuit_breaker" in body:
        found["deploymentCircuitBreaker"] = body["deployment_circuit_breaker"][0]
    if "alarms" in body:
        found["alarms"] = _small(body["alarms"][0])
    for strategy in body.get("deployment_configuration", []):
        found |= _small(strategy)
    return found


def _small(block: Json) -> Json:
    """Return a block in the words of ECS: small letters first."""
    found = {}
    for name, value in block.items():
        first, *rest = name.split("_")
        key = first + "".join(w.capitalize() for w in rest)
        nested = isinstance(value, list) and value and isinstance(value[0], dict)
        found[key] = _small(value[0]) if nested else value
    return found
