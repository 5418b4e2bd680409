"""Commands for target groups, and the port that a group's targets need."""

from __future__ import annotations

from collections.abc import Iterable

from canary.control_plane.state import TargetGroup, TargetHealth
from canary.diagnose.core.case import Case

GONE = ("draining", "unused")  # states of targets that get no requests


def port_of(case: Case, name: str) -> int:
    """Return the port that a service's task definition maps, else the environment's."""
    wanted = case.services[name].container
    for container in case.containers(name):
        if container.ports and (not wanted or container.name == wanted):
            return container.ports[0]
    return case.services[name].port


def inspect(case: Case, group: TargetGroup) -> tuple[str, ...]:
    """Return the commands that show the health of a group's targets and its settings."""
    show = case.aws.elbv2("describe-target-groups", target_group_arns=[group.arn])
    return (*verify(case, group), show)


def register(case: Case, group: TargetGroup, addresses: list[str], port: int) -> str:
    """Return the command that adds addresses to a group."""
    targets = [f"Id={a},Port={port}" for a in addresses]
    return case.aws.elbv2("register-targets", target_group_arn=group.arn, targets=targets)


def deregister(case: Case, group: TargetGroup, wrong: Iterable[TargetHealth]) -> str:
    """Return the command that removes targets from a group."""
    targets = [f"Id={t.id},Port={t.port}" for t in wrong]
    return case.aws.elbv2("deregister-targets", target_group_arn=group.arn, targets=targets)


def verify(case: Case, group: TargetGroup) -> tuple[str, ...]:
    """Return the command that shows the health of a group's targets."""
    return (case.aws.elbv2("describe-target-health", target_group_arn=group.arn),)
