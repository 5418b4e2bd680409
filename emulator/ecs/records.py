"""Create a task's record in moto and move it through its states."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from emulator.aws.interfaces import ec2, free_address
from emulator.ecs import moto_ecs
from emulator.ecs.containers.container import Container
from emulator.network.addresses import VPC_PREFIX
from emulator.network.sources import PUBLIC_BLOCK
from emulator.settings import ACCOUNT, REGION

DEFAULT_STORAGE_GIB = 20  # of Fargate; a definition may ask for 21 to 200
OWNED = "arn:aws:ecs:"  # how the description of a task's network interface begins


def create(service: Any, definition: Any, deployment_id: str, subnet: str) -> Any:
    """Make a task of a service in PROVISIONING, with a network interface of its own."""
    network = {**service.network_configuration["awsvpcConfiguration"], "subnets": [subnet]}
    return make(
        service.cluster_name,
        definition,
        network,
        group=f"service:{service.name}",
        started_by=deployment_id,
    )


def make(
    cluster_name: str, definition: Any, network: dict[str, Any], *, group: str, **more: Any
) -> Any:
    """Make a task in PROVISIONING in the first subnet of a network; more are moto's fields."""
    from moto.ecs.models import Task

    cluster = moto_ecs.backend()._get_cluster(cluster_name)
    if not network.get("securityGroups"):
        network = {**network, "securityGroups": [_default_group(network["subnets"][0])]}
    task = Task(
        cluster,
        definition,
        None,
        {},
        moto_ecs.backend(),
        group,
        networking_configuration={"awsvpcConfiguration": network},
        **{"launch_type": "FARGATE", "platform_version": "1.4.0", **more},
    )
    task.id = uuid.uuid4().hex  # without the dashes that moto's have
    _move_interface(task, network["subnets"][0])
    _complete(task, definition)
    moto_ecs.backend().tasks.setdefault(cluster.name, {})[task.task_arn] = task
    return task


def _default_group(subnet: str) -> str:
    """Return the default security group of a subnet's VPC, which a task without a group has."""
    groups = ec2().groups[ec2().get_subnet(subnet).vpc_id].values()
    return next(str(group.id) for group in groups if group.name == "default")


def _move_interface(task: Any, subnet: str) -> None:
    """Give the task's interface an address of its subnet, which moto does not."""
    details = task.attachments[0]["details"]
    ident = next(d["value"] for d in details if d["name"] == "networkInterfaceId")
    interface = ec2().enis[ident]
    address = free_address(subnet)
    interface.private_ip_address = address
    interface.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": address}]
    interface.private_dns_name = f"ip-{address.replace('.', '-')}.ec2.internal"
    interface.description = f"{OWNED}{REGION}:{ACCOUNT}:attachment/{task.id}"
    for detail in details:
        if detail["name"] == "privateIPv4Address":
            detail["value"] = address
        if detail["name"] == "privateDnsName":
            detail["value"] = interface.private_dns_name
    if task.network_configuration["awsvpcConfiguration"].get("assignPublicIp") == "ENABLED":
        interface.public_ip = PUBLIC_BLOCK + address.removeprefix(VPC_PREFIX)
    task.address, task.interface_id, task.subnet_id = address, ident, subnet
    task.availability_zone = interface.subnet.availability_zone


def _complete(task: Any, definition: Any) -> None:
    task.last_status = "PROVISIONING"
    task.created_at = moto_ecs.now()
    task.cpu, task.memory = definition.cpu, definition.memory
    task.platform_family, task.version = "Linux", 1
    task.stopped_reason = None
    task.health_status = "UNKNOWN"
    storage = (task.overrides or {}).get("ephemeralStorage") or definition.ephemeral_storage
    size = int((storage or {}).get("sizeInGiB") or DEFAULT_STORAGE_GIB)
    task.ephemeral_storage = task.fargate_ephemeral_storage = {"sizeInGiB": size}
    task.containers = [_container(task, definition, g) for g in definition.container_definitions]


def _container(task: Any, definition: Any, given: dict[str, Any]) -> Any:
    """Make the record of one container; moto makes that of the first alone."""
    from moto.ecs import models

    kind: Any = models.Container
    made = kind(definition)
    prefix = f"arn:aws:ecs:{REGION}:{ACCOUNT}:container"
    made.container_arn = f"{prefix}/{task.cluster_name}/{task.id}/{uuid.uuid4()}"
    made.task_arn = task.task_arn
    made.name, made.image = given["name"], given["image"]
    made.exitCode = None
    made.reason = None
    made.health_status = "UNKNOWN"
    made.cpu, made.memory = str(given.get("cpu") or 0), given.get("memory")
    made.memory_reservation = given.get("memoryReservation")
    made.network_interfaces = [
        {"attachmentId": task.attachments[0]["id"], "privateIpv4Address": task.address}
    ]
    return made


def running(task: Any) -> None:
    """Move a task to RUNNING."""
    task.last_status = "RUNNING"
    task.connectivity, task.connectivity_at = "CONNECTED", task.created_at
    task.pull_started_at = task.pull_stopped_at = task.created_at
    task.started_at = moto_ecs.now()
    task.version = 2


def observed(task: Any, containers: Sequence[Container]) -> None:
    """Write what is known of the containers; the essential ones' health is the task's.

    Source: the API's HealthCheck, which puts UNHEALTHY before UNKNOWN before HEALTHY.
    """
    for record, one in zip(task.containers, containers, strict=True):
        if one.status != "PENDING" and not hasattr(record, "runtime_id"):
            record.runtime_id = f"{task.id}-{uuid.uuid4().int % 10**10}"
        record.last_status, record.health_status = one.status, one.health_status
        if one.status == "STOPPED":
            record.exitCode, record.reason = one.exit_code, one.reason or None
    essential = {one.health_status for one in containers if one.definition.essential}
    order = ("UNHEALTHY", "UNKNOWN", "HEALTHY")
    task.health_status = next(status for status in order if status in essential)


def stopping(task: Any, code: str, reason: str) -> None:
    """Move a task to DEACTIVATING; an operator's earlier reason stays."""
    task.desired_status = "STOPPED"
    task.last_status = "DEACTIVATING"
    task.stop_code = getattr(task, "stop_code", None) or code
    task.stopped_reason = task.stopped_reason or reason
    task.stopping_at = moto_ecs.now()


def stopped(task: Any) -> None:
    """Move a task to STOPPED and take its network interface away."""
    task.last_status = task.desired_status = "STOPPED"
    task.health_status = "UNKNOWN"
    task.stopped_at = task.execution_stopped_at = moto_ecs.now()
    if getattr(task, "stopping_at", None) is None:
        task.stopping_at = task.stopped_at
    task.connectivity = None
    for attachment in task.attachments:
        attachment["status"] = "DELETED"
    ec2().enis.pop(task.interface_id, None)


def remove_all(service_names: set[str]) -> None:
    """Forget every task record of some services, and the interfaces of all tasks."""
    groups = {f"service:{name}" for name in service_names}
    for tasks in moto_ecs.backend().tasks.values():
        for arn in [arn for arn, task in tasks.items() if task.group in groups]:
            del tasks[arn]
    interfaces = ec2().enis
    for ident in [i for i, e in interfaces.items() if str(e.description).startswith(OWNED)]:
        del interfaces[ident]
