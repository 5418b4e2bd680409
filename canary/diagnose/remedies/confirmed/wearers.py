"""Who wears a security group now: load balancers, tasks and dependencies, and their ports."""

from __future__ import annotations

from collections.abc import Iterable

from canary.control_plane.state import (
    EcsService,
    LoadBalancer,
    PlatformState,
    SecurityGroup,
    TargetGroup,
)
from canary.diagnose.core.case import Case
from canary.model import Service

TASKS = "tasks"


def balancers(case: Case, group: SecurityGroup) -> list[LoadBalancer]:
    """Return the load balancers that wear a group."""
    return [b for b in case.state.load_balancers if group.id in b.security_groups]


def services(case: Case, group: SecurityGroup) -> list[EcsService]:
    """Return the ECS services whose tasks wear a group."""
    return [s for s in case.state.ecs_services if group.id in s.security_groups]


def parts(case: Case, group: SecurityGroup) -> list[Service]:
    """Return the parts of the file that name a group as theirs, such as a database."""
    return [
        s for s in case.services.values() if s.security_group and s.security_group == group.name
    ]


def roles(case: Case, group: SecurityGroup) -> set[str]:
    """Return what a group guards, in words that are equal for groups of one use."""
    found = {f"{b.scheme} load balancer" for b in balancers(case, group)}
    found |= {TASKS} if services(case, group) else set()
    return found | {f"port {s.port}" for s in parts(case, group)}


def ports(case: Case, group: SecurityGroup) -> set[int]:
    """Return the ports of what wears a group; all of the platform's where nothing wears it."""
    state = case.state
    lists, tasks, named = balancers(case, group), services(case, group), parts(case, group)
    if not lists and not tasks and not named:
        return all_ports(case)
    found = {x.port for b in lists for x in b.listeners} | {s.port for s in named}
    for service in tasks:
        found |= set(service.container_ports)
        found |= {s.port for s in case.services.values() if s.ecs_service == service.name}
        revisions = {service.task_definition, *(t.task_definition for t in service.tasks)}
        found |= _of_revisions(state, revisions)
        own = {service.name, *service.target_groups}
        own |= {n for s in case.services.values() if s.ecs_service == service.name
                for n in s.target_groups}  # fmt: skip
        found |= _of_groups(g for g in state.target_groups if {g.arn, g.name} & own)
    return found - {0}


def all_ports(case: Case) -> set[int]:
    """Return every port of the platform as it is."""
    state = case.state
    found = {s.port for s in case.services.values()}
    found |= {x.port for b in state.load_balancers for x in b.listeners}
    found |= _of_revisions(state, {d.arn for d in state.task_definitions})
    return found | _of_groups(state.target_groups)


def _of_revisions(state: PlatformState, arns: set[str]) -> set[int]:
    known = (d for d in state.task_definitions if d.arn in arns)
    return {p for d in known for c in d.containers for p in c.ports}


def _of_groups(groups: Iterable[TargetGroup]) -> set[int]:
    there = list(groups)
    found = {p for g in there for p in (g.port, *(t.port for t in g.targets))}
    return found | {int(g.health_port) for g in there if g.health_port.isdigit()}
