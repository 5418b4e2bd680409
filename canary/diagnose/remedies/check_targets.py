"""Checks of edits of target groups: only the tasks of the group's own service get requests."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.ecs import live
from canary.control_plane.service_groups import registered_in
from canary.control_plane.state import EcsService
from canary.control_plane.unread import knows
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import well
from canary.diagnose.remedies.confirmed.references import references
from canary.diagnose.remedies.edit import Edit


def targets(case: Case, edit: Edit) -> Iterator[str]:
    """Check targets that are registered: each is a running task of the group's service, near it."""
    yield from references(case, edit)
    arn = edit.parameters["TargetGroupArn"]
    owners = owners_of(case, arn)
    if not owners:
        yield f"no load balancer entry of a service names target group {arn}"
        return
    tasks = {t.address: t for s in owners for t in live(s)}
    group, vpcs = case.group(arn), {s.id: s.vpc_id for s in case.state.subnets}
    for target in edit.parameters["Targets"]:
        task = tasks.get(target["Id"])
        if task is None:
            names = ", ".join(s.name for s in owners)
            yield f"{target['Id']} is the address of no running task of {names}"
        elif group and group.vpc_id and vpcs.get(task.subnet, "") not in ("", group.vpc_id):
            yield f"{target['Id']} belongs to another VPC than {group.name}"
        if not 0 < int(target["Port"]) < 65536:
            yield f"{target['Port']} is no port"


def leaving(case: Case, edit: Edit) -> Iterator[str]:
    """Check targets that are taken out: each fails, and is at no place of a running task."""
    arn = edit.parameters["TargetGroupArn"]
    group, owners = case.group(arn), owners_of(case, arn)
    if group is None:
        yield f"target group {arn} is not there"
        return
    for service in owners:
        if not knows(service, "tasks"):
            yield f"not all tasks of {service.name} were read"
    places = {p: s.name for s in owners for p in _places(case, s, arn)}
    states = {(t.id, t.port): t.state for t in group.targets}
    for target in edit.parameters["Targets"]:
        place = (target["Id"], int(target["Port"]))
        where = f"{target['Id']}:{target['Port']}"
        if states.get(place, "healthy") == "healthy":
            yield f"{where} is no failing target of {group.name}"
        if place in places:
            yield f"{where} is a running task of {places[place]}"


def _places(case: Case, service: EcsService, group: str) -> set[tuple[str, int]]:
    """Return the addresses and ports at which running tasks of a service serve a group."""
    definition = case.definition(service.task_definition)
    mapped = {p for c in (definition.containers if definition else ()) for p in c.ports}
    named = {e.port for e in service.balancer_entries if e.target_group == group}
    ports = (named & mapped) or mapped or named
    return {(t.address, port) for t in live(service) for port in ports}


def owners_of(case: Case, group: str) -> list[EcsService]:
    """Return the services whose load balancer entries name a group, else those that did."""
    services = case.state.ecs_services
    now = [s for s in services if _names(s, group)]
    return now or [s for s in services if _names(well.service(case, s.name), group)]


def _names(service: EcsService | None, group: str) -> bool:
    return service is not None and group in registered_in(service)
