"""Security groups and their peers: which ones live, and whom the present admits already."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.state import GroupRule, SecurityGroup
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.confirmed import wearers
from canary.diagnose.remedies.confirmed.admitted import alike, in_the_network, is_door, outside
from canary.diagnose.remedies.edit import Parameters
from canary.diagnose.remedies.network import INGRESS, Peer, peers, permission

_SHARED = 32_768


def unknown_groups(case: Case, wanted: list[str], near: tuple[str, ...]) -> Iterator[str]:
    """Yield the security groups that do not live, or live in another VPC than these groups.

    A group that nothing is in any more is not read itself. AWS keeps no rule that names a deleted
    group, so one that a living rule names is there, and in that rule's VPC.
    """
    homes = {g.vpc_id for i in near if (g := case.security_group(i)) and g.vpc_id}
    for identifier in wanted:
        found = case.security_group(identifier)
        if found is None and not named_by(case, identifier, homes):
            yield f"security group {identifier} is not known to be there"
        elif found and homes and found.vpc_id and found.vpc_id not in homes:
            yield f"security group {identifier} belongs to another VPC"


def named_by(case: Case, identifier: str, homes: set[str]) -> bool:
    """Return whether a living rule of a group in these VPCs names a group as one of its own VPC."""
    for group in case.state.security_groups:
        if homes and group.vpc_id and group.vpc_id not in homes:
            continue
        for rule in (*group.ingress, *group.egress):
            if identifier in rule.groups and not _peered(rule, identifier, group):
                return True
    return False


def _peered(rule: GroupRule, identifier: str, group: SecurityGroup) -> bool:
    """Return whether a rule names a group of a peered VPC, or of another account."""
    pairs = [p for p in rule.config.get("UserIdGroupPairs", []) if p.get("GroupId") == identifier]
    return any(
        p.get("VpcPeeringConnectionId")
        or p.get("VpcId", group.vpc_id) != group.vpc_id
        or (group.owner and p.get("UserId", group.owner) != group.owner)
        for p in pairs
    )


def unconfirmed(case: Case, group: SecurityGroup, direction: str, wanted: Parameters) -> list[str]:
    """Return what of a permission only the past tells.

    A group of the platform may come back as a peer; an address only where the group admits it now
    on another port, where it is a subnet of the platform or its VPC, or where a living group of
    the same use admits it.
    """
    now = [one for rule in getattr(group, direction) for one in peers(permission(rule))]
    found: list[str] = []
    for one in peers(wanted):
        if alike(case, group, direction, one) or is_door(case, group, direction, one):
            continue
        if one.peer != group.id and one.peer not in {n.peer for n in now} | _own(case, one.peer):
            found.append(f"only the past tells that {group.id} admitted {one.peer or 'anybody'}")
        elif one.peer != group.id and not _known_ports(case, group, direction, one, now):
            found.append(
                f"only the past tells that {group.id} admitted {_ports(one)} of {one.peer}"
            )
    for pair in wanted.get("UserIdGroupPairs", []):
        if group.owner and pair.get("UserId", group.owner) != group.owner:
            found.append(f"security group {pair.get('GroupId')} belongs to another account")
    return found


def _ports(one: Peer) -> str:
    if one.protocol == "-1" or one.from_port == -1:
        return "all ports"
    return f"ports {one.from_port} to {one.to_port}"


def _own(case: Case, peer: str) -> set[str]:
    """Return the peer itself where it is a part of the platform as it is: a group, a subnet."""
    state = case.state
    names = {s.security_group for s in case.services.values()} - {""}
    own = {g for b in state.load_balancers for g in b.security_groups}
    own |= {g for s in state.ecs_services for g in s.security_groups}
    own |= {g.id for g in state.security_groups if g.name in names}
    return {peer} if in_the_network(case, peer) or peer in own else set()


def _known_ports(
    case: Case, group: SecurityGroup, direction: str, one: Peer, now: list[Peer]
) -> bool:
    """Return whether a permission is for a port of what is asked, or for ports that it has now.

    Containers of a host share its ports: those to which its load balancer leads are beyond 32767.
    """
    if any((n.protocol, n.from_port, n.to_port) == one[:3] for n in now):
        return True
    if one.protocol not in ("tcp", "6", "udp", "17"):
        return False
    asked = group if direction == INGRESS else case.security_group(one.peer)
    known = wearers.ports(case, asked) if asked else wearers.all_ports(case)
    if one.from_port != one.to_port:
        shared = any(one.from_port <= port <= one.to_port for port in known)
        return shared and one.from_port >= _SHARED and not outside(one.peer)
    return one.from_port in known
