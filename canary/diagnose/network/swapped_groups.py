"""A service or balancer that was moved into other security groups."""

from __future__ import annotations

from dataclasses import dataclass

from canary.control_plane.state import EcsService, LoadBalancer
from canary.diagnose.core.aws_cli import compact
from canary.diagnose.core.case import Case
from canary.diagnose.ecs.remedies import awsvpc
from canary.diagnose.network.connections import Connection

_Grouped = EcsService | LoadBalancer


@dataclass(frozen=True, kw_only=True)
class Swap:
    """A service or balancer with other groups than before, and the command that restores them."""

    service: str
    resource: str
    name: str
    before: tuple[str, ...]
    now: tuple[str, ...]
    show: str
    fix: str


def swap_of(case: Case, connection: Connection) -> Swap | None:
    """Return the end of a connection that has other groups than in the previous run, or None."""
    for name in dict.fromkeys((connection.owner, connection.service)):
        found = _of_service(case, name) or _of_balancer(case, name, connection)
        if found:
            return found
    return None


def _of_service(case: Case, name: str) -> Swap | None:
    now, before = case.ecs(name), case.ecs_before(name)
    if not now or not before:
        return None
    return _swap(
        name,
        before,
        now,
        show=case.aws.ecs("describe-services", services=[now.name]),
        fix=case.aws.ecs(
            "update-service",
            service=now.name,
            network_configuration=compact(awsvpc(now.subnets, before.security_groups)),
            force_new_deployment=True,
        ),
    )


def _of_balancer(case: Case, name: str, connection: Connection) -> Swap | None:
    now = case.balancer(name) if name in case.services else None
    before = case.balancer(name, case.previous) if now and case.previous else None
    if not now or not before or now.name not in connection.name:
        return None
    return _swap(
        name,
        before,
        now,
        show=case.aws("elbv2", "describe-load-balancers", load_balancer_arns=[now.arn]),
        fix=case.aws(
            "elbv2",
            "set-security-groups",
            load_balancer_arn=now.arn,
            security_groups=list(before.security_groups),
        ),
    )


def _swap(name: str, before: _Grouped, now: _Grouped, *, show: str, fix: str) -> Swap | None:
    """Return the swap of groups, None if they are the same as before."""
    was, has = before.security_groups, now.security_groups
    if not was or set(was) == set(has):
        return None
    return Swap(
        service=name, resource=now.arn, name=now.name, before=was, now=has, show=show, fix=fix
    )
