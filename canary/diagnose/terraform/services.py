"""ECS services as blocks, from AWS's own JSON of the whole service."""

from __future__ import annotations

from typing import Any

from canary.control_plane.ecs import primary
from canary.control_plane.state import EcsService
from canary.diagnose.remedies.edit import Edit, Parameters
from canary.diagnose.remedies.services import own_tags
from canary.diagnose.terraform.draft import TAGS, Draft, Resource, after, differing
from canary.diagnose.terraform.hcl import NotWholeError
from canary.diagnose.terraform.shapes import Body, Shape, body, empty

TYPE = "aws_ecs_service"
_ENTRY = Shape(
    "load_balancer",
    {
        "targetGroupArn": "target_group_arn",
        "loadBalancerName": "elb_name",
        "containerName": "container_name",
        "containerPort": "container_port",
    },
    (
        (
            "advancedConfiguration",
            Shape(
                "advanced_configuration",
                {
                    "alternateTargetGroupArn": "alternate_target_group_arn",
                    "productionListenerRule": "production_listener_rule",
                    "testListenerRule": "test_listener_rule",
                    "roleArn": "role_arn",
                },
                needs=("alternateTargetGroupArn", "productionListenerRule", "roleArn"),
            ),
        ),
    ),
    needs=("containerName", "containerPort"),
)
_REGISTRY = Shape(
    "service_registries",
    {
        "registryArn": "registry_arn",
        "port": "port",
        "containerName": "container_name",
        "containerPort": "container_port",
    },
    needs=("registryArn",),
)
_NETWORK = Shape(
    "network_configuration",
    {"subnets": "subnets", "securityGroups": "security_groups", "public": "assign_public_ip"},
    needs=("subnets",),
)
_CONTROLLER = Shape("deployment_controller", {"type": "type"})
_BREAKER = Shape(
    "deployment_circuit_breaker",
    {"enable": "enable", "rollback": "rollback"},
    silent=frozenset({"resetOnHealthyTask", "thresholdConfiguration"}),
)
_ALARMS = Shape(
    "alarms",
    {"alarmNames": "alarm_names", "enable": "enable", "rollback": "rollback"},
    needs=("alarmNames",),
)
_STRATEGY = Shape(
    "deployment_configuration",
    {"strategy": "strategy", "bakeTimeInMinutes": "bake_time_in_minutes"},
)
_SERVICE = Shape(
    "",
    {
        "cluster": "cluster",
        "serviceName": "name",
        "taskDefinition": "task_definition",
        "desiredCount": "desired_count",
        "launchType": "launch_type",
        "platformVersion": "platform_version",
        "schedulingStrategy": "scheduling_strategy",
        "minimumHealthyPercent": "deployment_minimum_healthy_percent",
        "maximumPercent": "deployment_maximum_percent",
        "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
        "availabilityZoneRebalancing": "availability_zone_rebalancing",
        "enableECSManagedTags": "enable_ecs_managed_tags",
        "enableExecuteCommand": "enable_execute_command",
        "propagateTags": "propagate_tags",
    },
    (
        ("deploymentController", _CONTROLLER),
        ("deploymentCircuitBreaker", _BREAKER),
        ("alarms", _ALARMS),
        ("strategy", _STRATEGY),
        ("networkConfiguration", _NETWORK),
        ("loadBalancers", _ENTRY),
        ("serviceRegistries", _REGISTRY),
        (
            "capacityProviderStrategy",
            Shape(
                "capacity_provider_strategy",
                {"capacityProvider": "capacity_provider", "weight": "weight", "base": "base"},
                needs=("capacityProvider",),
            ),
        ),
        (
            "placementStrategy",
            Shape("ordered_placement_strategy", {"type": "type", "field": "field"}),
        ),
        (
            "placementConstraints",
            Shape("placement_constraints", {"type": "type", "expression": "expression"}),
        ),
    ),
    maps={"tags": "tags"},
    silent=frozenset({"roleArn", "platformFamily", "serviceArn", "clusterArn", "createdBy"}),
)
# What a deployment has and a service's description does not tell; and what is Terraform's own: an
# import leaves it empty, and its default would show in the plan as a change.
_UNREAD = ("volume_configuration", "vpc_lattice_configurations", "wait_for_steady_state")


def changed(draft: Draft, edit: Edit) -> bool:
    """Draft a service that is there; return whether the fix changes what a configuration holds.

    A new deployment alone is no change of it.
    """
    fields = after(edit)
    if "capacityProviderStrategy" in fields:  # the provider would destroy the service and create it
        raise NotWholeError("another capacity provider strategy")
    if not fields:
        return False
    service = _read(draft, edit.parameters["service"])
    cluster, _, name = service.arn.partition(":service/")[2].rpartition("/")
    if not cluster or name != service.name:
        raise NotWholeError("a service under an ARN without its cluster")
    base = service.arn.partition(":service/")[0]
    before = {**service.config, "cluster": f"{base}:cluster/{cluster}"}
    whole = _whole({**before, **draft.known(fields)})
    tags = () if "tags" in service.config else TAGS
    scales = () if "desiredCount" in fields else ("desired_count",)
    draft.add(
        Resource(
            type=TYPE,
            name=draft.name(TYPE, service.name),
            noun="ECS service",
            body=whole,
            import_id=f"{cluster}/{name}",
            changed=differing(_whole(before), whole),
            unread=(*tags, *scales, *_UNREAD),
        )
    )
    return True


def _read(draft: Draft, name: str) -> EcsService:
    service = next((s for s in draft.case.state.ecs_services if s.name == name), None)
    newest = primary(service)
    if service is None or newest is None:
        raise NotWholeError("a service that was not read whole")
    if newest.service_connect.get("enabled"):
        raise NotWholeError("the log options of Service Connect are not read")
    return service


def created(draft: Draft, edit: Edit) -> None:
    """Draft a service that the fix creates as it was."""
    wanted = draft.known(edit.parameters)
    draft.add(
        Resource(
            type=TYPE,
            name=draft.name(TYPE, wanted["serviceName"]),
            noun="ECS service",
            body=_whole(wanted),
        )
    )


def _whole(raw: Parameters) -> Body:
    """Return the body of a service: AWS's nested settings as the provider lays them out."""
    found = {k: v for k, v in raw.items() if not empty(v)}
    for key in ("taskDefinition", "serviceName"):
        if key not in found:
            raise NotWholeError(f"a service without {key}")
    if not all(entry.get("containerName") for entry in found.get("loadBalancers", ())):
        raise NotWholeError("a load balancer entry without its container")
    deployment = dict(found.pop("deploymentConfiguration", {}))
    alarms = deployment.pop("alarms", {})
    if alarms.get("alarmNames"):
        found["alarms"] = alarms
    strategy = {k: deployment.pop(k) for k in _STRATEGY.arguments if k in deployment}
    if strategy.get("strategy") == "ROLLING":
        strategy.pop("bakeTimeInMinutes", None)  # blue and green alone have one
    found["strategy"] = strategy
    found |= {k: v for k, v in deployment.items() if not empty(v)}
    if network := found.pop("networkConfiguration", None):
        found["networkConfiguration"] = _network(network)
    if found.get("capacityProviderStrategy"):
        found.pop("launchType", None)  # the two exclude each other
    if found.get("propagateTags") == "NONE":
        del found["propagateTags"]
    if found.get("schedulingStrategy") == "DAEMON":
        found.pop("desiredCount", None)
    if tags := own_tags(found):
        found["tags"] = {tag["key"]: tag.get("value", "") for tag in tags}
    else:
        found.pop("tags", None)
    return body(_SERVICE, found)


def _network(raw: dict[str, Any]) -> Parameters:
    inner = dict(raw.get("awsvpcConfiguration") or {})
    if set(raw) - {"awsvpcConfiguration"}:
        raise NotWholeError("a network of a kind that is not known here")
    if public := inner.pop("assignPublicIp", ""):
        inner["public"] = public == "ENABLED"
    return inner
