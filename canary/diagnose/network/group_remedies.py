"""Remedies for a security group that admits less than while all was well."""

from __future__ import annotations

from collections.abc import Set

from canary.control_plane.firewall import ANYWHERE
from canary.control_plane.state import GroupRule, SecurityGroup
from canary.diagnose.core.case import Case
from canary.diagnose.ecs.task_stops import redeploy_stopped
from canary.diagnose.network.connections import Connection
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.edit import Parameters
from canary.diagnose.remedies.network import authorize, lost_permissions, permission
from canary.model import Remedy


def _wanted(
    case: Case, group: SecurityGroup, direction: str, lost: list[Connection]
) -> list[Parameters]:
    """Return what the group admitted while all was well, and no longer does.

    Where no earlier rules are known, the narrowest ones that would admit the connections.
    """
    was = well.security_group(case, group.id)
    found: list[Parameters] = []
    for connection in lost:
        if was is None:
            wanted = [permission(_narrowest(connection, direction))]
        else:
            before, now = getattr(was, direction), getattr(group, direction)
            wanted = lost_permissions(before, now, connection.port)
        found += [one for one in wanted if one not in found]
    return found


def _narrowest(connection: Connection, direction: str) -> GroupRule:
    peer = connection.source if direction == "ingress" else connection.target
    of_group = bool(peer.groups) and not (connection.outside and direction == "egress")
    return GroupRule(
        protocol="tcp",
        from_port=connection.port,
        to_port=connection.port,
        groups=(peer.groups[0].id,) if of_group else (),
        cidrs=() if of_group else (ANYWHERE,),
    )


def open_again(case: Case, group: SecurityGroup, direction: str, lost: list[Connection]) -> Remedy:
    """Return the remedy that gives a group back what it admitted, else the decision."""
    show = case.aws("ec2", "describe-security-groups", group_ids=[group.id])
    rules = _wanted(case, group, direction, lost)
    # a port that nothing shows to have been open stays as it is
    opened = {e.port for e in lost if _wanted(case, group, direction, [e])}
    left = {e.port for e in lost} - opened
    names = "; ".join(dict.fromkeys(e.name for e in lost))
    again = redeploy_stopped(case, *(n for e in lost for n in (e.owner, e.service)))
    return build.remedy(
        case,
        f"Open port {_ports(opened or left)} in {group.name} ({direction}).",
        (authorize(group, direction, rules), *again) if rules else (),
        inspect=(show,),
        verify=(show,),
        decision=f"Port {_ports(left)} was not open while all was well: decide whether it shall be."
        if left
        else "",
        otherwise=f"Decide which rule {group.name} ({direction}) shall have for {names}: port"
        f" {_ports(opened | left)}, for the narrowest source that needs it.",
    )


def _ports(ports: Set[int]) -> str:
    return ", ".join(str(n) for n in sorted(ports))
