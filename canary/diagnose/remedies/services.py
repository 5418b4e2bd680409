"""Edits of ECS services: one field changed, or created whole as they were."""

from __future__ import annotations

from typing import Any

from canary.control_plane.ecs import primary
from canary.control_plane.state import BalancerEntry, EcsService
from canary.diagnose.remedies.edit import Edit, Later, Parameters

# The fields of `Service` that CreateService takes under the same name (ECS API reference).
_CREATED_WITH = (
    *("taskDefinition", "loadBalancers", "serviceRegistries", "desiredCount", "launchType"),
    *("capacityProviderStrategy", "platformVersion", "deploymentConfiguration"),
    *("placementConstraints", "placementStrategy", "networkConfiguration"),
    *("healthCheckGracePeriodSeconds", "schedulingStrategy", "deploymentController"),
    *("tags", "enableECSManagedTags", "propagateTags", "enableExecuteCommand"),
    "availabilityZoneRebalancing",
)
NETWORK, CONNECT = "networkConfiguration", "serviceConnectConfiguration"
OF_DEPLOYMENT = (CONNECT, "volumeConfigurations", "vpcLatticeConfigurations")


def update_service(cluster: str, service: EcsService, *, anew: bool = True, **fields: Any) -> Edit:
    """Return the edit that changes these fields of a service, and starts tasks anew.

    UpdateService keeps every field that it is not given.
    """
    before = {name: _now(service, name) for name in fields}
    known = all(v is not None for v in before.values())
    return Edit(
        **_update(cluster, service, anew, (before, fields)),
        undo=Edit(**_update(cluster, service, anew, (fields, before)))
        if fields and known
        else None,
        irreversible=_why_not(service, before),
    )


def _update(
    cluster: str, service: EcsService, anew: bool, change: tuple[Parameters, Parameters]
) -> dict[str, Any]:
    before, after = change
    parameters = {"cluster": cluster, "service": service.name, **after}
    return {
        "service": "ecs",
        "operation": "update-service",
        "parameters": parameters | ({"forceNewDeployment": True} if anew else {}),
        "resource": service.arn,
        "before": before,
        "after": after,
    }


def _why_not(service: EcsService, before: Parameters) -> str:
    """Return why a change of a service has no way back, "" where it has one."""
    unknown = ", ".join(name for name, was in before.items() if was is None)
    if unknown:
        return f"Before the fix, {unknown} of {service.name} was not read."
    if before:
        return ""
    return f"The new tasks of {service.name} need no way back: they are of the same revision."


def _now(service: EcsService, name: str) -> Any:
    """Return a field of a service as AWS's API takes it, None where it is not known."""
    known: Parameters = {
        "taskDefinition": service.task_definition,
        "desiredCount": service.desired,
        NETWORK: network(service),
        "loadBalancers": [entry_json(e) for e in service.balancer_entries],
        "serviceRegistries": service.config.get(
            "serviceRegistries", [{"registryArn": a} for a in service.registries]
        ),
    }
    found: Any = described(service).get(name, known.get(name))
    return found


def network(service: EcsService, **changed: Any) -> Parameters:
    """Return a service's network settings with some changed; the public address stays."""
    config: Parameters = (service.config.get(NETWORK) or {}).get("awsvpcConfiguration") or {
        "subnets": list(service.subnets),
        "securityGroups": list(service.security_groups),
        **({"assignPublicIp": service.public_address} if service.public_address else {}),
    }
    return {"awsvpcConfiguration": {**config, **changed}}


def described(service: EcsService) -> Parameters:
    """Return AWS's own JSON of a service, with what ECS tells of its newest deployment alone."""
    newest = primary(service)
    connect = newest.service_connect if newest else {}
    own = {**service.config, **(newest.config if newest else {})}
    return own | ({CONNECT: connect} if connect else {})


def own_tags(config: Parameters) -> list[Parameters]:
    """Return the tags of a service without those that AWS gives by itself: nobody may set these."""
    tags = config.get("tags") or []
    return [t for t in tags if not str(t.get("key", "")).lower().startswith("aws:")]


def create_service(cluster: str, service: EcsService, registries: list[Any] | None = None) -> Edit:
    """Return the edit that creates a service as it was; AWS's own JSON has all its fields."""
    config = service.config
    whole = {k: config[k] for k in _CREATED_WITH if config.get(k) not in (None, [], "")}
    if service.scheduling == "DAEMON":
        whole.pop("desiredCount", None)
    if own := own_tags(config):
        whole["tags"] = own
    else:
        whole.pop("tags", None)
    if registries is not None:
        whole["serviceRegistries"] = registries
    told = described(service)
    whole |= {name: told[name] for name in OF_DEPLOYMENT if name in told}
    if not whole.get(CONNECT, {}).get("enabled"):
        whole.pop(CONNECT, None)
    return Edit(
        service="ecs", operation="create-service",
        parameters={"cluster": cluster, "serviceName": service.name, **whole},
        resource=service.name, before=None, after=whole,
        undo=Edit(
            service="ecs", operation="delete-service",
            parameters={"cluster": cluster, "service": service.name, "force": True},
            resource=service.name, before=whole, after=None,
        ),
    )  # fmt: skip


def registry_of(label: str, namespace: str) -> Later:
    """Return the ARN of a Cloud Map service that an earlier command has made."""
    within = [{"Name": "NAMESPACE_ID", "Values": [namespace], "Condition": "EQ"}]
    return Later(
        service="servicediscovery", operation="list-services", parameters={"Filters": within},
        query=f"Services[?Name=='{label}'].Arn",
    )  # fmt: skip


def entry_json(entry: BalancerEntry) -> Parameters:
    """Return a load balancer entry of a service as AWS's API takes it."""
    found: Parameters = {
        "targetGroupArn": entry.target_group,
        "containerName": entry.container,
        "containerPort": entry.port,
    }
    return found | ({"advancedConfiguration": entry.advanced} if entry.advanced else {})
