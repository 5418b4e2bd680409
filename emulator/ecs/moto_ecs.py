"""Extend moto's ECS with what it drops, and replace what it invents.

moto has no scheduler: it sets states and counts by itself. The agent owns all of that here.
"""

from __future__ import annotations

import datetime as dt
import functools
import random
from typing import Any

from emulator.ecs import refusals
from emulator.settings import ACCOUNT, REGION

SECRET_NAME = (
    "The secret name must be unique and not shared with any new or existing environment "
    "variables set on the container, such as '{name}'."
)
PORT = "The container {name} did not have a container port {port} defined."
PORTS = "When networkMode=awsvpc, the host ports and container ports in port mappings must match."
KEPT = {
    "deploymentConfiguration": "deployment_configuration",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    "enableExecuteCommand": "enable_execute_command",
    "enableECSManagedTags": "enable_ecs_managed_tags",
    "capacityProviderStrategy": "capacity_provider_strategy",
    "serviceConnectConfiguration": "service_connect_configuration",
}
DEFAULT_CONFIGURATION = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
}


def backend() -> Any:
    """Return moto's ECS of the twin's account and region."""
    from moto.ecs.models import ecs_backends

    return ecs_backends[ACCOUNT][REGION]


def deployment_id() -> str:
    """Return a new deployment's id, which has 19 digits."""
    return f"ecs-svc/{random.randint(10**18, 10**19 - 1)}"


def now() -> dt.datetime:
    """Return the present moment as moto keeps it: UTC without a zone."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


@functools.cache
def install() -> None:
    """Patch moto once, before its server answers its first request."""
    from moto.ecs.models import EC2ContainerServiceBackend, Task
    from moto.ecs.responses import EC2ContainerServiceResponse

    Task.advance = lambda _: None  # type: ignore[method-assign,assignment]
    _patch_creation(EC2ContainerServiceBackend, EC2ContainerServiceResponse)
    _patch_update(EC2ContainerServiceBackend)
    _patch_tasks(EC2ContainerServiceBackend, EC2ContainerServiceResponse)
    _patch_definitions(EC2ContainerServiceBackend)
    refusals.install(EC2ContainerServiceBackend)


def _patch_creation(backends: Any, responses: Any) -> None:
    create, create_call = backends.create_service, responses.create_service

    def create_service(self: Any, *args: Any, **kwargs: Any) -> Any:
        service = create(self, *args, **kwargs)
        service.created_at = now()
        service.force_serial = 0
        for deployment in service.deployments or []:
            deployment["id"] = deployment_id()
        service.deployment_configuration = dict(DEFAULT_CONFIGURATION)
        service.health_check_grace_period_seconds = 0
        service.platform_family = "Linux"
        service.platform_version = service.platform_version or "LATEST"
        return service

    def create_response(self: Any) -> Any:
        given = self._get_params()
        result = create_call(self)
        cluster = given.get("cluster", "default")
        service = self.ecs_backend._get_service(cluster, given["serviceName"])
        for key, attribute in KEPT.items():
            if given.get(key) is not None:
                setattr(service, attribute, given[key])
        complete_configuration(service)
        return result

    backends.create_service = create_service
    responses.create_service = create_response


def _patch_update(backends: Any) -> None:
    update = backends.update_service

    def update_service(self: Any, properties: dict[str, Any]) -> Any:
        service = self._get_service(
            properties.get("cluster", "default"), properties["service"].split("/")[-1]
        )
        forced = properties.pop("force_new_deployment", False)
        definition = properties.get("task_definition")
        if definition:
            properties["task_definition"] = active_definition(self, definition).arn
        _ports_exist(self, service, properties)
        if properties.get("network_configuration"):
            service._validate_network(properties["network_configuration"])
        counts = service.running_count, service.pending_count
        update(self, properties)
        service.running_count, service.pending_count = counts
        complete_configuration(service)
        if forced:
            service.force_serial = getattr(service, "force_serial", 0) + 1
        return service

    backends.update_service = update_service


def _ports_exist(self: Any, service: Any, properties: dict[str, Any]) -> None:
    """Refuse a service whose load balancer wants a port that no container has."""
    from moto.ecs.exceptions import InvalidParameterException

    definition = active_definition(
        self, properties.get("task_definition") or service.task_definition
    )
    balancers = properties.get("load_balancers")
    for balancer in service.load_balancers if balancers is None else balancers:
        name, port = balancer.get("containerName"), balancer.get("containerPort")
        ports = {
            mapping.get("containerPort")
            for container in definition.container_definitions
            if container["name"] == name
            for mapping in container.get("portMappings") or []
        }
        if name and port not in ports:
            raise InvalidParameterException(PORT.format(name=name, port=port))


def complete_configuration(service: Any) -> None:
    """Fill what a given deployment configuration leaves open with the defaults."""
    given = getattr(service, "deployment_configuration", None) or {}
    service.deployment_configuration = {
        **DEFAULT_CONFIGURATION,
        **{key: value for key, value in given.items() if value is not None},
    }


def active_definition(self: Any, wanted: str) -> Any:
    """Return an ACTIVE task definition; a family alone means its latest ACTIVE revision."""
    from moto.ecs.exceptions import EcsClientException

    name = wanted.split("/")[-1]
    if ":" not in name:
        found = [d for d in self.task_definitions.get(name, {}).values() if d.status == "ACTIVE"]
        if found:
            return max(found, key=lambda d: int(d.revision))
    definition = self.describe_task_definition(wanted)
    if definition.status != "ACTIVE":
        raise EcsClientException("TaskDefinition is inactive")
    return definition


def _stop_task(self: Any, cluster_str: str, task_str: str, reason: str | None) -> Any:
    from moto.ecs.exceptions import InvalidParameterException

    cluster = self._get_cluster(cluster_str)
    for arn, task in self.tasks.get(cluster.name, {}).items():
        if arn.split("/")[-1] == task_str.split("/")[-1]:
            if task.desired_status != "STOPPED":
                task.desired_status = "STOPPED"
                task.stop_code = "UserInitiated"
                task.stopped_reason = reason or "Task stopped by user"
            return task
    raise InvalidParameterException("The referenced task was not found.")


def _patch_tasks(backends: Any, responses: Any) -> None:
    list_tasks, describe_call = backends.list_tasks, responses.describe_tasks

    def listed(self: Any, *args: Any, **kwargs: Any) -> list[Any]:
        order = ("cluster_str", "container_instance", "family", "started_by", "service_name",
                 "desired_status")  # fmt: skip
        given = {**dict(zip(order, args, strict=False)), **kwargs}
        wanted = given.pop("desired_status", None) or given.pop("desiredStatus", None)
        family, service = given.pop("family", None), given.get("service_name")
        if service:
            self._get_service(given.get("cluster_str") or "default", service.split("/")[-1])
        found = [t for t in list_tasks(self, **given) if t.desired_status == (wanted or "RUNNING")]
        if service:
            found = [t for t in found if t.group == f"service:{service.split('/')[-1]}"]
        if family:
            found = [t for t in found if f"/{family}:" in t.task_definition_arn]
        return found

    def describe_response(self: Any) -> Any:
        result = describe_call(self)
        found = {t.task_arn.split("/")[-1] for t in result.result["tasks"]}
        cluster = self._get_param("cluster", "default").split("/")[-1]
        result.result["failures"] = [
            {"arn": _task_arn(cluster, wanted), "reason": "MISSING"}
            for wanted in self._get_param("tasks", [])
            if wanted.split("/")[-1] not in found
        ]
        return result

    backends.list_tasks = listed
    backends.stop_task = _stop_task
    responses.describe_tasks = describe_response


def _task_arn(cluster: str, task: str) -> str:
    if task.startswith("arn:"):
        return task
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/{cluster}/{task}"


def _patch_definitions(backends: Any) -> None:
    register = backends.register_task_definition

    def register_task_definition(self: Any, *args: Any, **kwargs: Any) -> Any:
        from moto.ecs.exceptions import EcsClientException

        order = ("family", "container_definitions", "volumes", "network_mode")
        given = {**dict(zip(order, args, strict=False)), **kwargs}
        for container in given["container_definitions"]:
            _refuse(container, given.get("network_mode") == "awsvpc", EcsClientException)
        definition = register(self, *args, **kwargs)
        definition.registered_at = now()
        return definition

    backends.register_task_definition = register_task_definition


def _refuse(container: dict[str, Any], awsvpc: bool, error: Any) -> None:
    """Raise RegisterTaskDefinition's error for an invalid container."""
    plain = {pair["name"] for pair in container.get("environment") or []}
    seen: set[str] = set()
    for secret in container.get("secrets") or []:
        if secret["name"] in plain or secret["name"] in seen:
            raise error(SECRET_NAME.format(name=secret["name"]))
        seen.add(secret["name"])
    for mapping in container.get("portMappings") or []:
        host = mapping.get("hostPort")
        if awsvpc and host and host != mapping.get("containerPort"):
            raise error(PORTS)
