"""ECS services: revisions, groups and names that the present or the file confirms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canary.control_plane.ecs import live
from canary.control_plane.routing import winner
from canary.control_plane.service_groups import registered_in
from canary.control_plane.state import EcsService, Task
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.confirmed.admitted import admits_only_own
from canary.diagnose.remedies.edit import Later, Parameters
from canary.diagnose.remedies.names import ADDRESS, HEALTH, HOST, PORT, REGION, ZONE
from canary.diagnose.remedies.services import described
from canary.model import Service

USUAL_TASKS = 20
"""The count of tasks that the past may tell alone; nobody starts more by a forged one."""
_PLACES = (ZONE, HOST)  # only described: no request is led by them
_OF_ECS = ("ECS_SERVICE_NAME", "ECS_CLUSTER_NAME", "ECS_TASK_DEFINITION_FAMILY")
_NETWORK = "networkConfiguration"
_LABEL = re.compile(r"[\w-]{1,64}")  # an attribute of one's own that cannot be an address


def part_of(case: Case, ecs_service: str) -> Service | None:
    """Return what the file says of an ECS service, None if it does not name it."""
    return next((s for s in case.services.values() if s.ecs_service == ecs_service), None)


def unconfirmed(case: Case, name: str, now: EcsService | None, wanted: Parameters) -> Iterator[str]:
    """Yield the fields of a service that only the past tells, and that would open more.

    `now`: the service as it is, None where it is created again.
    """
    yield from _entries(case, name, now, wanted.get("loadBalancers") or [])
    yield from _names(case, name, now, wanted.get("serviceRegistries") or [])
    yield from _subnets(case, wanted)
    yield from _count(case, now, wanted)
    for field in ("volumeConfigurations", "vpcLatticeConfigurations"):
        given = wanted.get(field) or []
        other = now is None or described(now).get(field) != given
        if other and any("roleArn" in str(item) for item in given):
            yield f"only the past tells the role of its {field}"
    if now is None:
        yield from _created(case, name, wanted)


def _entries(
    case: Case, name: str, now: EcsService | None, entries: list[Parameters]
) -> Iterator[str]:
    """Check target groups: those of the file for this service, or those that it has now."""
    part = part_of(case, name)
    own = registered_in(now) if now else set()
    if part:
        own |= {g.arn for g in case.state.target_groups if g.name in part.target_groups}
        own |= _led_to(case, part) if not part.target_groups else set()
    for entry in entries:
        other = (entry.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")
        for arn in filter(None, (entry.get("targetGroupArn"), other)):
            if arn not in own:
                yield f"only the past tells that tasks of {name} were targets of {arn}"


def _led_to(case: Case, part: Service) -> set[str]:
    """Return the groups to which living rules lead the paths of a service, none of another's."""
    name = next(n for n, s in case.services.items() if s is part)
    asked = [(r.host, r.path) for r in case.environment.routes if r.service == name]
    asked += [(case.host(name), part.health_path or "/")] if part.url else []
    others = {a for s in case.state.ecs_services if s.name != part.ecs_service
              for a in s.target_groups}  # fmt: skip
    files = {n for s in case.services.values() for n in s.target_groups}
    others |= {g.arn for g in case.state.target_groups if g.name in files}
    balancer = case.balancer(name)
    return {
        f.target_group
        for x in (balancer.listeners if balancer else ())
        for host, path in asked
        if (rule := winner(x, host, path))
        for f in rule.action.forwards
    } - others


def _names(
    case: Case, name: str, now: EcsService | None, registries: list[Parameters]
) -> Iterator[str]:
    """Check names in Cloud Map: the one of the file for this service, or those that it has now."""
    part = part_of(case, name)
    own = set(now.registries) if now else set()
    if part:
        own |= {d.arn for d in case.state.discovery if part.discovery and d.name == part.discovery}
    for entry in registries:
        arn = entry.get("registryArn")
        if not isinstance(arn, Later) and arn not in own:
            yield f"only the past tells that {name} had the name {arn}"


def _subnets(case: Case, wanted: Parameters) -> Iterator[str]:
    network = (wanted.get(_NETWORK) or {}).get("awsvpcConfiguration") or {}
    known = {s.id for s in case.state.subnets}
    used = {n for s in case.state.ecs_services for n in s.subnets}
    for subnet in network.get("subnets") or []:
        if subnet not in known | used:
            yield f"subnet {subnet} is not known to be there"


def _count(case: Case, now: EcsService | None, wanted: Parameters) -> Iterator[str]:
    count = wanted.get("desiredCount")
    most = max([USUAL_TASKS, *(s.desired for s in case.state.ecs_services)])
    if isinstance(count, int) and count > most and (now is None or now.desired != count):
        yield f"only the past tells that it had {count} tasks"


def _created(case: Case, name: str, wanted: Parameters) -> Iterator[str]:
    """Check a service that is created again: no door that no living service of ours has."""
    living = case.state.ecs_services
    part, family = part_of(case, name), _family(str(wanted.get("taskDefinition", "")))
    tied = {name, part.container if part else ""} | {
        d.family
        for d in case.state.task_definitions
        if part and any(c.name == part.container for c in d.containers)
    }
    if family not in tied and family not in _logged(case, name, part):
        yield f"only the past tells that {name} ran revisions of {family}"
    network = (wanted.get(_NETWORK) or {}).get("awsvpcConfiguration") or {}
    public = network.get("assignPublicIp") == "ENABLED"
    known = any(s.public_address == "ENABLED" for s in living)
    if public and not known and not _may_be_public(case, part, network):
        yield "only the past tells that its tasks had public addresses"
    if wanted.get("enableExecuteCommand") and not any(s.execute_command for s in living):
        yield "only the past tells that people could run commands in its containers"
    if (wanted.get("deploymentConfiguration") or {}).get("lifecycleHooks"):
        yield "only the past tells the hook that would run during its deployments"
    if any((e.get("advancedConfiguration") or {}).get("roleArn") for e in _list(wanted)):
        yield "only the past tells the role of its load balancer entries"


def _logged(case: Case, name: str, part: Service | None) -> set[str]:
    """Return the families that write to the log group of a service, none of another service."""
    group = part.log_group if part else ""
    others = {_family(s.task_definition) for s in case.state.ecs_services if s.name != name}
    return {
        d.family
        for d in case.state.task_definitions
        if group and any(c.log_group == group for c in d.containers)
    } - others


def _may_be_public(case: Case, part: Service | None, network: Parameters) -> bool:
    """Return whether public addresses open nothing: public subnets, and no stranger gets in.

    A part that the file asks at an address of its own has no load balancer before it.
    """
    public = {
        n for b in case.state.load_balancers if b.scheme == "internet-facing" for n in b.subnets
    }
    subnets, wanted = set(network.get("subnets") or []), network.get("securityGroups") or []
    if not subnets or not subnets <= public or not wanted:
        return False
    if part and part.url and not part.load_balancer:
        return True
    groups = [case.security_group(str(g)) for g in wanted]
    return all(g is not None and admits_only_own(g) for g in groups)


def _list(wanted: Parameters) -> list[Parameters]:
    return list(wanted.get("loadBalancers") or [])


def _family(arn: str) -> str:
    return arn.rpartition("/")[2].partition(":")[0]


def targets(case: Case, arn: str) -> Iterator[str]:
    """Check a group that gets targets: a service has it now, or the file names it for one."""
    group = case.group(arn)
    files = {n for s in case.services.values() for n in s.target_groups}
    now = {a for s in case.state.ecs_services for a in registered_in(s)}
    if arn not in now and (group is None or group.name not in files):
        yield f"only the past tells whose tasks were targets of {arn}"


def instance(case: Case, registry: str, identifier: str, given: dict[str, str]) -> Iterator[str]:
    """Check an address that is registered: the task of that id has it, and it says no more."""
    known = next((d for d in case.state.discovery if d.id == registry), None)
    if known is None:
        return  # only names that were read get addresses
    owners = [
        s
        for s in case.state.ecs_services
        if ((p := part_of(case, s.name)) and p.discovery == known.name) or known.arn in s.registries
    ]
    address = given.get(ADDRESS, "")
    task = next(
        (t for s in owners for t in live(s) if t.arn.rpartition("/")[2] == identifier), None
    )
    if task is None or task.address != address:
        yield f"{address} is not the address of a running task {identifier} of this name"
    there = [i.attributes for i in known.instances]
    for key, value in given.items():
        if key in _PLACES or any(i.get(key) == value for i in there):
            continue
        if not key.startswith("AWS_") and key not in _OF_ECS and _LABEL.fullmatch(value):
            continue
        if value not in _values(case, task, owners).get(key, ()):
            yield f"only the past tells {key} of this instance"


def _values(case: Case, task: Task | None, owners: list[EcsService]) -> dict[str, set[str]]:
    """Return the values that an instance's attributes may have, by name."""
    definition = case.definition(task.task_definition) if task else None
    ports = {str(p) for c in (definition.containers if definition else ()) for p in c.ports}
    entries = [e for s in owners for e in s.registry_entries]
    ports |= {str(n) for e in entries for n in (e.port, e.container_port)}
    ports |= {str(p.port) for s in owners if (p := part_of(case, s.name)) and p.port}
    return {
        ADDRESS: {task.address if task else ""},
        PORT: ports,
        HEALTH: {"HEALTHY", "UNHEALTHY"},
        REGION: {case.environment.region},
        _OF_ECS[0]: {s.name for s in owners},
        _OF_ECS[1]: {case.environment.cluster.rpartition("/")[2]},
        _OF_ECS[2]: {_family(task.task_definition) if task else ""},
    }
