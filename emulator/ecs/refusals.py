"""Refuse services, clusters and task definitions that ECS refuses and moto accepts.

Sources: the API's CreateService, UpdateService, DeleteCluster and RegisterTaskDefinition; texts as
ECS words them where they are known.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from emulator.ecs import deletion
from emulator.ecs.containers import order
from emulator.elbv2.target_groups_in_use import groups_in_use
from emulator.settings import ACCOUNT, REGION

NO_GROUP = "The target group with targetGroupArn {arn} does not exist."
UNUSED_GROUP = (
    "The target group with targetGroupArn {arn} does not have an associated load balancer."
)
BY_CODE_DEPLOY = (
    " on services with a CODE_DEPLOY deployment controller. "
    "Use AWS CodeDeploy to trigger a new deployment."
)
# what UpdateService takes from no service that CodeDeploy deploys, in ECS's words
OF_CODE_DEPLOY = {
    "task_definition": "Unable to update task definition",
    "network_configuration": "Unable to update network parameters",
    "load_balancers": "Unable to update load balancers",
    "platform_version": "Unable to update platform version",
    "force_new_deployment": "Cannot force a new deployment",
}
MOST_REGISTRIES = 1
REGISTRIES = f"service registries can have at most {MOST_REGISTRIES} items."
TWO_PORTS = (
    "Specify a value for either 'port' or the 'containerName' and 'containerPort' combination, but "
    "not both. Remove one and retry."
)
REGISTRY_FORM = "The format of the supplied service registry ARN is invalid: {arn}."
REGISTRY_ARN = re.compile(r"arn:aws[\w-]*:servicediscovery:[\w-]+:\d{12}:service/[\w-]+")
NO_REGISTRY = "The service registry with registryArn {arn} does not exist."
FARGATE_ROLE = "Fargate requires task definition to have execution role ARN to support {what}."
SECRETS_ROLE = (
    "When you are specifying container secrets, you must also specify a value for "
    "'executionRoleArn'."
)
LEAST_STORAGE_GIB, MOST_STORAGE_GIB = 21, 200
# cpu units -> the memory in MiB that Fargate gives with them: least, most, step
SIZES = {
    256: (512, 2048, 512),
    512: (1024, 4096, 1024),
    1024: (2048, 8192, 1024),
    2048: (4096, 16_384, 1024),
    4096: (8192, 30_720, 1024),
    8192: (16_384, 61_440, 4096),
    16_384: (32_768, 122_880, 8192),
}


def install(backends: Any) -> None:
    """Let moto's ECS refuse what AWS refuses; call once."""
    _patch_services(backends)
    deletion.install(backends)
    delete_cluster, register = backends.delete_cluster, backends.register_task_definition

    def deleting_cluster(self: Any, cluster_str: str) -> Any:
        refuse_full(self, self._get_cluster(cluster_str))
        return delete_cluster(self, cluster_str)

    def register_task_definition(self: Any, family: str, containers: Any, *a: Any, **m: Any) -> Any:
        refuse_containers(containers)
        if "FARGATE" in (m.get("requires_compatibilities") or []):
            refuse_for_fargate(containers, m)
        return register(self, family, containers, *a, **m)

    backends.delete_cluster = deleting_cluster
    backends.register_task_definition = register_task_definition


def _patch_services(backends: Any) -> None:
    from moto.ecs.models import Service

    create, update = backends.create_service, backends.update_service

    def create_service(
        self: Any, cluster_str: str, name: str, desired: Any, *rest: Any, **more: Any
    ) -> Any:
        cluster = self._get_cluster(cluster_str)
        existing = self.services.get(f"{cluster.name}:{name}")
        if existing is not None and existing.status == "ACTIVE":
            raise _invalid("Creation of service was not idempotent.")
        if existing is not None and existing.status == deletion.DRAINING:
            raise _invalid("Unable to Start a service that is still Draining.")
        balancers = more.get("load_balancers", [*rest, None, None][1])
        refuse_places(desired, balancers, more.get("service_registries"))
        return create(self, cluster_str, name, desired, *rest, **more)

    def update_service(self: Any, properties: dict[str, Any]) -> Any:
        cluster = properties.get("cluster", "default")
        service = self._get_service(cluster, properties["service"].split("/")[-1])
        if service.status != "ACTIVE":
            raise _error("ServiceNotActiveException", "Service was not ACTIVE.")
        refuse_for_code_deploy(service, properties)
        refuse_places(
            properties.get("desired_count"),
            properties.get("load_balancers"),
            properties.get("service_registries"),
        )
        return update(self, properties)

    backends.create_service, backends.update_service = create_service, update_service
    Service._validate_network = _patched(Service._validate_network)  # type: ignore[method-assign]


def _patched(validate: Any) -> Any:
    """Let a network configuration leave its security groups out: the VPC's default one counts."""

    def _validate_network(self: Any, given: dict[str, Any]) -> dict[str, Any]:
        given["awsvpcConfiguration"].setdefault("securityGroups", [])
        return dict(validate(self, given))

    return _validate_network


def refuse_network(given: dict[str, Any]) -> None:
    """Raise ECS's error for a subnet or a security group of a task that does not exist."""
    from moto.ecs.models import Service

    validate: Any = Service._validate_network
    validate(SimpleNamespace(_account_id=ACCOUNT, region_name=REGION), given)


def refuse_places(desired: Any, balancers: Any, registries: Any) -> None:
    """Raise ECS's error for a negative count, a missing target group or a missing registry."""
    from moto.elbv2.models import elbv2_backends
    from moto.servicediscovery.models import servicediscovery_backends

    if desired is not None and int(desired) < 0:
        raise _invalid("desiredCount cannot be less than 0.")
    for arn in [one.get("targetGroupArn") for one in balancers or []]:
        if arn and arn not in elbv2_backends[ACCOUNT][REGION].target_groups:
            raise _invalid(NO_GROUP.format(arn=arn))
        if arn and arn not in groups_in_use():
            raise _invalid(UNUSED_GROUP.format(arn=arn))
    refuse_registries(registries or [])
    known = servicediscovery_backends[ACCOUNT][REGION].services
    for arn in [str(one.get("registryArn")) for one in registries or []]:
        if arn.rpartition("/")[2] not in known:
            raise _invalid(NO_REGISTRY.format(arn=arn))


def refuse_registries(registries: list[dict[str, Any]]) -> None:
    """Raise ECS's error for more than one registry, or for one in a wrong form."""
    if len(registries) > MOST_REGISTRIES:
        raise _invalid(REGISTRIES)
    for one in registries:
        if not REGISTRY_ARN.fullmatch(arn := str(one.get("registryArn"))):
            raise _invalid(REGISTRY_FORM.format(arn=arn))
        if one.get("port") and one.get("containerPort"):
            raise _invalid(TWO_PORTS)


def refuse_for_code_deploy(service: Any, properties: dict[str, Any]) -> None:
    """Raise ECS's error for a change that a service of CodeDeploy takes from CodeDeploy alone."""
    if (service.deployment_controller or {}).get("type") != "CODE_DEPLOY":
        return
    for name, text in OF_CODE_DEPLOY.items():
        if properties.get(name) not in (None, False):
            raise _invalid(text + BY_CODE_DEPLOY)


def refuse_full(backend: Any, cluster: Any) -> None:
    """Raise ECS's error for deleting a cluster with services or tasks."""
    services = [one for one in backend.services.values() if one.cluster_name == cluster.name]
    if any(one.status != deletion.INACTIVE for one in services):
        text = "The Cluster cannot be deleted while Services are active."
        raise _error("ClusterContainsServicesException", text)
    tasks = backend.tasks.get(cluster.name, {}).values()
    if any(task.last_status != "STOPPED" for task in tasks):
        text = "The Cluster cannot be deleted while Tasks are active."
        raise _error("ClusterContainsTasksException", text)


def refuse_containers(containers: list[dict[str, Any]]) -> None:
    """Raise ECS's error for duplicate container names, or for no essential container."""
    found = [one.get("name") for one in containers]
    if len(set(found)) < len(found):
        raise _client("Container names must be unique within a task definition.")
    if not any(one.get("essential", True) for one in containers):
        raise _client("At least one container of a task definition must be essential.")
    if reason := order.refusal(containers):
        raise _client(reason)


def refuse_for_fargate(containers: list[dict[str, Any]], given: dict[str, Any]) -> None:
    """Raise ECS's error for a task definition that Fargate cannot run."""
    if (mode := given.get("network_mode")) != "awsvpc":
        raise _client(f"Fargate only supports network mode 'awsvpc', not '{mode}'.")
    for size in ("cpu", "memory"):
        if not given.get(size):
            raise _client(f"Fargate requires that '{size}' be defined at the task level.")
    if not _is_size(str(given["cpu"]), str(given["memory"])):
        raise _client("No Fargate configuration exists for given values.")
    storage = (given.get("ephemeral_storage") or {}).get("sizeInGiB")
    if storage is not None and not LEAST_STORAGE_GIB <= int(storage) <= MOST_STORAGE_GIB:
        raise _client(
            f"The ephemeral storage must have {LEAST_STORAGE_GIB} to {MOST_STORAGE_GIB} GiB."
        )
    if given.get("execution_role_arn"):
        return
    for one in containers:
        if (one.get("logConfiguration") or {}).get("logDriver") == "awslogs":
            raise _client(FARGATE_ROLE.format(what="log driver awslogs"))
        if ".dkr.ecr." in str(one.get("image")):
            raise _client(FARGATE_ROLE.format(what="ECR images"))
        if one.get("secrets"):
            raise _client(SECRETS_ROLE)


def _is_size(cpu: str, memory: str) -> bool:
    if not (cpu.isdecimal() and memory.isdecimal()):
        return "vcpu" in cpu.lower() or "gb" in memory.lower()  # words, which ECS takes as well
    least, most, step = SIZES.get(int(cpu), (1, 0, 1))
    return least <= int(memory) <= most and int(memory) % step == 0


def _invalid(text: str) -> Exception:
    return _error("InvalidParameterException", text)


def _client(text: str) -> Exception:
    return _error("ClientException", text)


def _error(code: str, text: str) -> Exception:
    from moto.ecs.exceptions import ECSException

    return ECSException(code, text)
