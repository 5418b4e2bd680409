"""Edits of security groups: a lost permission put back, or the groups of a balancer."""

from __future__ import annotations

from typing import Any, NamedTuple

from canary.control_plane.firewall import covers_port
from canary.control_plane.state import GroupRule, LoadBalancer, SecurityGroup
from canary.diagnose.remedies.edit import Edit, Parameters

INGRESS, EGRESS = "ingress", "egress"
_PEERS = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
_NAMES = ("CidrIp", "CidrIpv6", "PrefixListId", "GroupId")


def permission(rule: GroupRule) -> Parameters:
    """Return a rule of a security group as AWS's API takes it: as read, else from its fields."""
    if rule.config:
        return {k: _without_names(v) for k, v in rule.config.items() if v not in ([], None)}
    found: Parameters = {"IpProtocol": rule.protocol}
    if rule.protocol != "-1":
        found |= {"FromPort": rule.from_port, "ToPort": rule.to_port}
    for key, name, values in (
        ("IpRanges", "CidrIp", rule.cidrs),
        ("Ipv6Ranges", "CidrIpv6", rule.ipv6_cidrs),
        ("PrefixListIds", "PrefixListId", rule.prefix_lists),
        ("UserIdGroupPairs", "GroupId", rule.groups),
    ):
        if values:
            found[key] = [{name: v} for v in values]
    return found


def _without_names(value: Any) -> Any:
    """Return a permission's list without what AWS describes and does not take back."""
    if not isinstance(value, list):
        return value
    drop = ("GroupName", "PeeringStatus")
    return [{k: v for k, v in item.items() if k not in drop} for item in value]


def lost_permissions(
    was: tuple[GroupRule, ...], now: tuple[GroupRule, ...], port: int
) -> list[Parameters]:
    """Return what a group's rules for a port admitted and no longer do, peer by peer.

    AWS refuses a whole call if one of its permissions is still there.
    """
    there = {peer for rule in now for peer in peers(permission(rule))}
    found: list[Parameters] = []
    for rule in was:
        whole = permission(rule)
        gone = [p for p in peers(whole) if p not in there]
        if gone and covers_port(rule, port):
            found.append(_only(whole, {p.peer for p in gone}))
    return found


class Peer(NamedTuple):
    """One peer that a permission admits, with the protocol and the ports."""

    protocol: str
    from_port: int
    to_port: int
    peer: str


def peers(one: Parameters) -> list[Peer]:
    """Return each peer of a permission; a permission without any admits the empty peer."""
    where = str(one.get("IpProtocol")), int(one.get("FromPort", -1)), int(one.get("ToPort", -1))
    names = [_name(peer) for kind in _PEERS for peer in one.get(kind, [])]
    return [Peer(*where, name) for name in names or [""]]


def _name(peer: Parameters) -> str:
    return str(next((peer[k] for k in _NAMES if k in peer), ""))


def _only(one: Parameters, names: set[str]) -> Parameters:
    """Return a permission with these of its peers alone."""
    kept = {kind: [p for p in one.get(kind, []) if _name(p) in names] for kind in _PEERS}
    rest = {k: v for k, v in one.items() if k not in _PEERS}
    return rest | {kind: found for kind, found in kept.items() if found}


def authorize(group: SecurityGroup, direction: str, wanted: list[Parameters]) -> Edit:
    """Return the edit that gives a group permissions back; its way back revokes them."""
    return Edit(
        **_call("authorize", group, direction, wanted, (None, {direction: wanted})),
        undo=Edit(**_call("revoke", group, direction, wanted, ({direction: wanted}, None))),
    )


def _call(
    verb: str,
    group: SecurityGroup,
    direction: str,
    wanted: list[Parameters],
    change: tuple[Parameters | None, Parameters | None],
) -> dict[str, Any]:
    return {
        "service": "ec2",
        "operation": f"{verb}-security-group-{direction}",
        "parameters": {"GroupId": group.id, "IpPermissions": wanted},
        "resource": group.id,
        "before": change[0],
        "after": change[1],
    }


def set_groups(balancer: LoadBalancer, groups: tuple[str, ...]) -> Edit:
    """Return the edit that puts a load balancer into security groups."""
    return Edit(
        **_set(balancer, balancer.security_groups, groups),
        undo=Edit(**_set(balancer, groups, balancer.security_groups)),
    )


def _set(balancer: LoadBalancer, old: tuple[str, ...], new: tuple[str, ...]) -> dict[str, Any]:
    return {
        "service": "elbv2",
        "operation": "set-security-groups",
        "parameters": {"LoadBalancerArn": balancer.arn, "SecurityGroups": list(new)},
        "resource": balancer.arn,
        "before": {"SecurityGroups": list(old)},
        "after": {"SecurityGroups": list(new)},
    }
