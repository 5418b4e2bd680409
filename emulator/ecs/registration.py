"""Register tasks in target groups and in Cloud Map."""

from __future__ import annotations

import contextlib
from typing import Any

from emulator.ecs.definition import Definition
from emulator.elbv2.target_health import OTHER_ZONE
from emulator.settings import ACCOUNT, REGION


def _elb() -> Any:
    from moto.elbv2.models import elbv2_backends

    return elbv2_backends[ACCOUNT][REGION]


def _discovery() -> Any:
    from moto.servicediscovery.models import servicediscovery_backends

    return servicediscovery_backends[ACCOUNT][REGION]


def register_target(group_arn: str, address: str, port: int) -> bool:
    """Register an address; False when the group is gone."""
    group = _elb().target_groups.get(group_arn)
    if group is None:
        return False
    group.register([{"Id": address, "Port": port}])
    return True


def deregister_target(group_arn: str, address: str) -> bool:
    """Deregister an address; False when the group or the target is gone."""
    group = _elb().target_groups.get(group_arn)
    if group is None or address not in group.targets:
        return False
    group.deregister([{"Id": address}])
    return True


def health(group_arn: str, address: str, port: int) -> tuple[str, str]:
    """Return (state, description) of a target; a group that is gone is `unused`.

    A zone that the balancer does not serve counts as unhealthy: the task is replaced for it.
    """
    group = _elb().target_groups.get(group_arn)
    if group is None:
        return "unused", ""
    found = group.health_for({"Id": address, "Port": port}, _elb().ec2_backend)
    if found.description == OTHER_ZONE.description:
        return "unhealthy", str(found.description)
    return str(found.status), str(found.description or "")


def drain_seconds(group_arn: str) -> float:
    """Return a group's deregistration delay in seconds; 0 when the group is gone."""
    group = _elb().target_groups.get(group_arn)
    if group is None:
        return 0.0
    return float(group.attributes.get("deregistration_delay.timeout_seconds") or 300)


def attributes(service: Any, task: Any, definition: Definition) -> dict[str, str]:
    """Return the attributes that ECS gives an instance of Cloud Map."""
    return {
        "AWS_INSTANCE_IPV4": task.address,
        "AWS_INSTANCE_PORT": str(definition.port),
        "AVAILABILITY_ZONE": task.availability_zone,
        "REGION": service.region_name,
        "ECS_SERVICE_NAME": service.name,
        "ECS_CLUSTER_NAME": service.cluster_name,
        "ECS_TASK_DEFINITION_FAMILY": definition.arn.split("/")[-1].split(":")[0],
    }


def register_instance(registry_arn: str, task_id: str, attributes: dict[str, str]) -> bool:
    """Register a task in a Cloud Map service; False when the service is gone."""
    service = registry_arn.rpartition("/")[2]
    if service not in _discovery().services:
        return False
    _discovery().register_instance(service, task_id, task_id, attributes)
    return True


def deregister_instance(registry_arn: str, task_id: str) -> None:
    """Remove a task from a Cloud Map service, if it is there."""
    service = registry_arn.rpartition("/")[2]
    with contextlib.suppress(Exception):  # somebody else may have removed either
        _discovery().deregister_instance(service, task_id)


def clear_targets(group_arn: str) -> None:
    """Forget every target of a group at once."""
    group = _elb().target_groups.get(group_arn)
    if group is not None:
        group.targets.clear()
        group.deregistered_targets.clear()


def clear_instances(registry_arn: str) -> None:
    """Forget every instance of a Cloud Map service."""
    service = _discovery().services.get(registry_arn.rpartition("/")[2])
    if service is not None:
        service.instances.clear()
