"""Create a task's record in moto and move it through its states."""

from __future__ import annotations

import uuid
from typing import Any

from emulator.aws.interfaces import ec2, free_address
from emulator.ecs import moto_ecs
from emulator.settings import ACCOUNT, REGION

OWNED = "arn:aws:ecs:"  # how the description of a task's network interface begins


def create(service: Any, definition: Any, deployment_id: str, subnet: str) -> Any:
    """Make a task of a service in PROVISIONING, with a network interface of its own."""
    from moto.ecs.models import Task

    network = service.network_configuration["awsvpcConfiguration"]
    configuration = {"awsvpcConfiguration": {**network, "subnets": [subnet]}}
    cluster = moto_ecs.backend()._get_cluster(service.cluster_name)
    task = Task(
        cluster,
        definition,
        None,
        {},
        moto_ecs.backend(),
        f"service:{service.name}",
        launch_type="FARGATE",
        started_by=deployment_id,
        networking_configuration=configuration,
        platform_version="1.4.0",
    )
    task.id = uuid.uuid4().hex  # without the dashes that moto's have
    _move_interface(task, subnet)
    _complete(task, definition)
    moto_ecs.backend().tasks.setdefault(cluster.name, {})[task.task_arn] = task
    return task


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
    task.address, task.interface_id = address, ident
    task.availability_zone = interface.subnet.availability_zone


def _complete(task: Any, definition: Any) -> None:
    task.last_status = "PROVISIONING"
    task.created_at = moto_ecs.now()
    task.cpu, task.memory = definition.cpu, definition.memory
    task.platform_family, task.version = "Linux", 1
    task.stopped_reason = None
    task.health_status = "UNKNOWN"
    container = task.containers[0]
    prefix = f"arn:aws:ecs:{REGION}:{ACCOUNT}:container"
    container.container_arn = f"{prefix}/{task.cluster_name}/{task.id}/{uuid.uuid4()}"
    container.task_arn = task.task_arn
    container.exitCode = None
    container.reason = None
    container.health_status = "UNKNOWN"
    container.cpu = str(container.cpu or 0)
    container.network_interfaces = [
        {"attachmentId": task.attachments[0]["id"], "privateIpv4Address": task.address}
    ]


def running(task: Any) -> None:
    """Move a task to RUNNING."""
    task.last_status = "RUNNING"
    task.containers[0].last_status = "RUNNING"
    task.containers[0].runtime_id = f"{task.id}-{uuid.uuid4().int % 10**10}"
    task.connectivity, task.connectivity_at = "CONNECTED", task.created_at
    task.pull_started_at = task.pull_stopped_at = task.created_at
    task.started_at = moto_ecs.now()
    task.version = 2


def health(task: Any, status: str) -> None:
    """Set HEALTHY, UNHEALTHY or UNKNOWN on task and container."""
    task.health_status = task.containers[0].health_status = status


def stopping(task: Any, code: str, reason: str) -> None:
    """Move a task to DEACTIVATING; an operator's earlier reason stays."""
    task.desired_status = "STOPPED"
    task.last_status = "DEACTIVATING"
    task.stop_code = getattr(task, "stop_code", None) or code
    task.stopped_reason = task.stopped_reason or reason
    task.stopping_at = moto_ecs.now()


def stopped(task: Any, exit_code: int | None, reason: str | None) -> None:
    """Move a task to STOPPED and take its network interface away."""
    task.last_status = task.desired_status = "STOPPED"
    task.health_status = "UNKNOWN"
    task.stopped_at = task.execution_stopped_at = moto_ecs.now()
    if getattr(task, "stopping_at", None) is None:
        task.stopping_at = task.stopped_at
    container = task.containers[0]
    container.last_status = "STOPPED"
    container.health_status = "UNKNOWN"
    container.exitCode = exit_code
    container.reason = reason
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
