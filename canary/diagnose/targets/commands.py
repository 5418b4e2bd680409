"""Commands for target groups, and the port that a group's targets need."""

from __future__ import annotations

from canary.control_plane.state import TargetGroup
from canary.diagnose.core.case import Case

GONE = ("draining", "unused")  # states of targets that get no requests


def port_of(case: Case, name: str, group: TargetGroup | None = None) -> int:
    """Return the port that a service's tasks have in a group: as its load balancer entry says.

    Without such an entry: the one that the task definition maps, else the environment's.
    """
    service, wanted = case.ecs(name), case.services[name].container
    entries = service.balancer_entries if service else ()
    named = [e.port for e in entries if group and e.port and e.target_group == group.arn]
    if named:
        return named[0]
    for container in case.containers(name):
        if container.ports and (not wanted or container.name == wanted):
            return container.ports[0]
    return case.services[name].port


def listening_port(case: Case, name: str, group: TargetGroup) -> int:
    """Return the port on which a container listens for a group: a service may have several.

    An entry whose port no container maps is wrong itself.
    """
    named = port_of(case, name, group)
    mapped = {p for c in case.containers(name) for p in c.ports}
    return named if named in mapped or not mapped else port_of(case, name)


def inspect(case: Case, group: TargetGroup) -> tuple[str, ...]:
    """Return the commands that show the health of a group's targets and its settings."""
    show = case.aws.elbv2("describe-target-groups", target_group_arns=[group.arn])
    return (*verify(case, group), show)


def verify(case: Case, group: TargetGroup) -> tuple[str, ...]:
    """Return the command that shows the health of a group's targets."""
    return (case.aws.elbv2("describe-target-health", target_group_arn=group.arn),)
