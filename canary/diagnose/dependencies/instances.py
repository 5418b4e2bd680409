"""What ECS tells Cloud Map of a task: the attributes of the task's instance.

Amazon ECS Developer Guide, "Service discovery": address, port, zone, region, service, cluster and
family of the task definition; a task on an EC2 instance has that instance's id as well.
"""

from __future__ import annotations

from canary.control_plane.state import DiscoveryService, EcsService, RegistryEntry, Task
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import well
from canary.diagnose.remedies.names import ADDRESS, HEALTH, HOST, PORT, REGION, ZONE

Attributes = dict[str, str]


def task_id(task: Task) -> str:
    """Return the id of a task, which is its instance's id in Cloud Map."""
    return task.arn.rpartition("/")[2]


def attributes_of(
    case: Case, service: EcsService, known: DiscoveryService, task: Task
) -> Attributes:
    """Return the attributes of a task's instance: as they were, else as ECS sets them.

    The instance of another task tells what all tasks of the service have in common.
    """
    before = well.discovery(case, known.name)
    had = [i for i in (before.instances if before else ()) if i.attributes]
    own = next((i for i in had if (i.id, i.address) == (task_id(task), task.address)), None)
    if own:
        found = dict(own.attributes)
    else:
        found = _as_ecs_sets_them(case, service, known, task, had[0].attributes if had else {})
    return {**found, HEALTH: "HEALTHY"} if HEALTH in found else found  # the task runs now


def _as_ecs_sets_them(
    case: Case, service: EcsService, known: DiscoveryService, task: Task, common: Attributes
) -> Attributes:
    zone = next((s.zone for s in case.state.subnets if s.id == task.subnet), "")
    entry = next((e for e in service.registry_entries if e.arn == known.arn), None)
    definition = task.task_definition.rpartition("/")[2].rpartition(":")[0]
    found = {
        ADDRESS: task.address,
        PORT: common.get(PORT) or _port(case, service, entry),
        ZONE: zone,
        REGION: case.environment.region,
        "ECS_SERVICE_NAME": service.name,
        "ECS_CLUSTER_NAME": case.environment.cluster.rpartition("/")[2],
        "ECS_TASK_DEFINITION_FAMILY": definition,
    }
    kept = {k: v for k, v in common.items() if k not in (HOST, ZONE)}  # of another task alone
    return {**kept, **{k: v for k, v in found.items() if v and (k in common or not common)}}


def _port(case: Case, service: EcsService, entry: RegistryEntry | None) -> str:
    """Return the port that the registry names, else the one that the task definition maps."""
    if entry and (entry.port or entry.container_port):
        return str(entry.port or entry.container_port)
    definition = case.definition(service.task_definition)
    ports = [p for c in (definition.containers if definition else ()) for p in c.ports]
    return str(ports[0]) if ports else ""
