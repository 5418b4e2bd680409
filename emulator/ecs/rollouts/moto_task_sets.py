"""Extend moto's task sets: they run by the agent, and one is the primary from the start.

Sources: the API's CreateTaskSet, DeleteTaskSet, UpdateServicePrimaryTaskSet and TaskSet.
"""

from __future__ import annotations

from typing import Any

from emulator.ecs import moto_ecs, refusals
from emulator.ecs.rollouts.errors import invalid

Json = dict[str, Any]
CODE_DEPLOY, EXTERNAL = "CODE_DEPLOY", "EXTERNAL"
NOT_OF_ECS = "Only services with an EXTERNAL or a CODE_DEPLOY controller can have task sets."
SCALED = "The task set {id} cannot be deleted while it is scaled above 0."
PRIMARY = "The primary task set cannot be deleted."


def install(backends: Any, responses: Any) -> None:
    """Replace moto's calls; call once."""
    _patch_creation(backends)
    _patch_change(backends)

    def delete_task_set(self: Any) -> Any:
        from moto.core.responses import ActionResult

        names = ("cluster", "service", "taskSet")
        given = [self._get_param(name) for name in names]
        gone = self.ecs_backend.delete_task_set(*given, force=bool(self._get_param("force")))
        return ActionResult({"taskSet": gone})

    responses.delete_task_set = delete_task_set


def _patch_creation(backends: Any) -> None:
    create_service, create_task_set = backends.create_service, backends.create_task_set

    def creating_service(self: Any, *given: Any, **more: Any) -> Any:
        service = create_service(self, *given, **more)
        service.task_sets = []
        if service.deployment_controller["type"] == CODE_DEPLOY:
            _first(self, service)
        return service

    def creating_task_set(
        self: Any, service: str, cluster_str: str, task_definition: str, **more: Any
    ) -> Any:
        owner = self._get_service(cluster_str, service.split("/")[-1])
        if owner.deployment_controller["type"] not in (CODE_DEPLOY, EXTERNAL):
            raise invalid(NOT_OF_ECS)
        refusals.refuse_places(None, more.get("load_balancers"), more.get("service_registries"))
        definition = moto_ecs.active_definition(self, task_definition).arn
        scale = more.pop("scale", None)  # moto runs tasks of its own for it
        made = create_task_set(self, service, cluster_str, definition, **more)
        made.scale = scale or {"value": 0.0, "unit": "PERCENT"}
        return complete(made, owner)

    backends.create_service, backends.create_task_set = creating_service, creating_task_set


def _first(backend: Any, service: Any) -> None:
    """Make the primary task set with which a service of CodeDeploy begins."""
    from moto.ecs.models import TaskSet

    made = TaskSet(
        service.name,
        service.cluster_name,
        service.task_definition,
        backend.account_id,
        backend.region_name,
        network_configuration=service.network_configuration,
        load_balancers=[dict(one) for one in service.load_balancers],
        service_registries=list(service.service_registries),
        launch_type=service.launch_type,
        platform_version=service.platform_version,
        scale={"value": 100.0, "unit": "PERCENT"},
    )
    made.status = "PRIMARY"
    service.task_sets.append(complete(made, service))


def complete(task_set: Any, service: Any) -> Any:
    """Give a new task set its id in ECS's form and the counts that the agent keeps."""
    task_set.id = moto_ecs.deployment_id()
    kept = task_set.task_set_arn.partition(":task-set/")[0]
    place = f"{service.cluster_name}/{service.name}/{task_set.id}"
    task_set.task_set_arn = f"{kept}:task-set/{place}"
    task_set.service_arn, task_set.cluster_arn = service.arn, service.cluster_arn
    task_set.createdAt = task_set.updatedAt = task_set.stabilityStatusAt = moto_ecs.now()
    task_set.stabilityStatus, task_set.platform_family = "STABILIZING", "Linux"
    task_set.running_count = task_set.pending_count = task_set.computed_desired_count = 0
    return task_set


def _patch_change(backends: Any) -> None:
    update, make_primary = backends.update_task_set, backends.update_service_primary_task_set

    def delete_task_set(
        self: Any, cluster: str, service: str, task_set: str, force: bool = False
    ) -> Any:
        owner = self._get_service(cluster, service.split("/")[-1])
        found = _known(owner, task_set)
        if found.status == "PRIMARY" and not force:
            raise invalid(PRIMARY)
        if float(found.scale["value"]) > 0 and not force:
            raise invalid(SCALED.format(id=found.id))
        owner.task_sets.remove(found)
        found.status = "DRAINING"
        return found

    def update_task_set(self: Any, cluster: str, service: str, task_set: str, scale: Json) -> Any:
        found = _known(self._get_service(cluster, service.split("/")[-1]), task_set)
        changed = update(self, cluster, service, found.task_set_arn, scale)
        changed.updatedAt = moto_ecs.now()
        return changed

    def update_primary(self: Any, cluster: str, service: str, primary_task_set: str) -> Any:
        owner = self._get_service(cluster, service.split("/")[-1])
        found = _known(owner, primary_task_set)
        make_primary(self, cluster, service, found.task_set_arn)
        owner.network_configuration = found.network_configuration or owner.network_configuration
        return found

    backends.delete_task_set, backends.update_task_set = delete_task_set, update_task_set
    backends.update_service_primary_task_set = update_primary


def _known(service: Any, wanted: str) -> Any:
    """Return a service's task set by its ARN or id; raises TaskSetNotFoundException."""
    from moto.ecs.exceptions import TaskSetNotFoundException

    for one in service.task_sets:
        if wanted in (one.task_set_arn, one.id):
            return one
    raise TaskSetNotFoundException
