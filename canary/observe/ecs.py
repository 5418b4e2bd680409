"""Read ECS services with deployments and events, and their running and stopped tasks."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import EcsService, StoppedContainer, Task
from canary.observe.calls import Permission, Reader, when
from canary.observe.ecs_services import MAX_EVENTS, converted

_SERVICE = "arn:aws:ecs:{region}:{account}:service/{cluster}/*"
_TASK = "arn:aws:ecs:{region}:{account}:task/{cluster}/*"
_CLUSTER = {"ArnEquals": {"ecs:cluster": "arn:aws:ecs:{region}:{account}:cluster/{cluster}"}}
ACTIONS = (
    Permission(action="ecs:DescribeServices", resource=_SERVICE),
    # ListTasks is scoped by the cluster condition, not by a resource.
    Permission(action="ecs:ListTasks", condition=_CLUSTER),
    Permission(action="ecs:DescribeTasks", resource=_TASK),
)
MAX_TASKS = 50  # of each kind and service; ECS keeps stopped tasks for about an hour
_NO_CLUSTER = "ClusterNotFoundException"
Found = tuple[tuple[EcsService, ...], tuple[str, ...], bool]
"""The services, the names that ECS does not know, and whether the cluster is missing."""


def read(reader: Reader) -> Found:
    """Return the services, the names that ECS does not know, and whether the cluster is missing."""
    names = sorted({s.ecs_service for s in reader.environment.services.values() if s.ecs_service})
    services: list[EcsService] = []
    missing: list[str] = []
    gone = False
    for start in range(0, len(names), 10):  # DescribeServices takes ten at a time
        batch = names[start : start + 10]
        answer = _describe(reader, batch)
        if answer is None:
            reader.miss("ecs_services")
            continue
        gone = gone or bool(answer.get("clusterMissing"))
        # A deleted service stays visible for a while as INACTIVE and counts as missing.
        live = [s for s in answer.get("services", []) if s.get("status") != "INACTIVE"]
        services += [_service(reader, s) for s in live]
        missing += [n for n in batch if n not in {s.get("serviceName") for s in live}]
    return tuple(services), tuple(missing), gone


def _describe(reader: Reader, names: list[str]) -> dict[str, Any] | None:
    """Return the answer of DescribeServices, None if it could not be read."""
    cluster = reader.environment.cluster
    missing: dict[str, dict[str, Any] | None] = {_NO_CLUSTER: {"clusterMissing": True}}
    return reader.answer(
        "ecs:DescribeServices", cluster, dict, None, missing,
        cluster=cluster, services=names, include=["TAGS"],
    )  # fmt: skip


def tasks(reader: Reader, service: str) -> tuple[tuple[Task, ...], bool, bool]:
    """Return a service's running and recently stopped tasks, newest first, and two answers.

    Were they read? Was the bound reached?
    """
    found: list[Task] = []
    whole, more = True, False
    for status in ("RUNNING", "STOPPED"):
        arns = reader.pages(
            "ecs:ListTasks",
            "taskArns",
            service,
            not_found=("ServiceNotFoundException", _NO_CLUSTER),
            cluster=reader.environment.cluster,
            serviceName=service,
            desiredStatus=status,
        )
        details = _details(reader, service, [str(arn) for arn in arns or ()])
        whole = whole and arns is not None and details is not None
        more = more or len(details or ()) > MAX_TASKS
        found += (details or [])[:MAX_TASKS]
    unique = {t.arn: t for t in found}.values()
    return tuple(sorted(unique, key=lambda t: t.created_at, reverse=True)), whole, more


def _details(reader: Reader, service: str, arns: list[str]) -> list[Task] | None:
    """Return tasks, newest first, None if they could not be read."""
    if not arns:
        return []

    def fetch() -> list[Task] | None:
        client = reader.client("ecs")
        found: list[Task] = []
        for start in range(0, len(arns), 100):  # DescribeTasks takes a hundred at a time
            answer = client.describe_tasks(
                cluster=reader.environment.cluster, tasks=arns[start : start + 100]
            )
            found += [_task(t, service) for t in answer.get("tasks", [])]
        return sorted(found, key=lambda t: t.created_at, reverse=True)

    return reader.call("ecs:DescribeTasks", service, fetch, None)


def _task(raw: dict[str, Any], service: str) -> Task:
    address, subnet = _interface(raw)
    return Task(
        arn=str(raw["taskArn"]),
        service=service,
        task_definition=str(raw.get("taskDefinitionArn", "")),
        last_status=str(raw.get("lastStatus", "")),
        desired_status=str(raw.get("desiredStatus", "")),
        health=str(raw.get("healthStatus", "")),
        address=address,
        subnet=subnet,
        stop_code=str(raw.get("stopCode", "")),
        stopped_reason=str(raw.get("stoppedReason", "")),
        created_at=when(raw.get("createdAt")),
        started_at=when(raw.get("startedAt")),
        stopped_at=when(raw.get("stoppedAt") or raw.get("stoppingAt")),
        started_by=str(raw.get("startedBy", "")),
        containers=tuple(_container(c) for c in raw.get("containers") or []),
    )


def _interface(raw: dict[str, Any]) -> tuple[str, str]:
    """Return the task's address and subnet; attachments spell it privateIPv4Address."""
    for attachment in raw.get("attachments") or []:
        details = {d.get("name"): str(d.get("value", "")) for d in attachment.get("details", [])}
        address = details.get("privateIPv4Address") or details.get("privateIpv4Address")
        if address:
            return address, details.get("subnetId", "")
    for container in raw.get("containers") or []:
        for interface in container.get("networkInterfaces") or []:
            if interface.get("privateIpv4Address"):
                return str(interface["privateIpv4Address"]), ""
    return "", ""


def _container(raw: dict[str, Any]) -> StoppedContainer:
    code = raw.get("exitCode")
    return StoppedContainer(
        name=str(raw.get("name", "")),
        exit_code=None if code is None else int(code),
        reason=str(raw.get("reason", "")),
        health=str(raw.get("healthStatus", "")),
        image=str(raw.get("image", "")),
    )


def _service(reader: Reader, raw: dict[str, Any]) -> EcsService:
    name = str(raw["serviceName"])
    found, whole, more = tasks(reader, name)
    if more:
        reader.bounded("ecs:DescribeTasks", name, MAX_TASKS, "tasks")
    if len(raw.get("events") or []) > MAX_EVENTS:
        reader.bounded("ecs:DescribeServices", name, MAX_EVENTS, "events")
    return converted(raw, found, tasks_read=whole, more_tasks=more)
