"""Addresses that a group may admit: those of the VPC, and those that living groups admit."""

from __future__ import annotations

import ipaddress

from canary.control_plane.firewall import covers_port
from canary.control_plane.state import SecurityGroup
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.confirmed import wearers
from canary.diagnose.remedies.network import EGRESS, INGRESS, Peer, peers, permission
from canary.model.urls import place

ANYWHERE = ("0.0.0.0/0", "::/0")
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
_WIDEST = {4: 16, 6: 56}  # a block of a VPC is no wider (Amazon VPC, "VPC CIDR blocks")


def outside(peer: str) -> bool:
    """Return whether a peer is no security group."""
    return bool(peer) and not peer.startswith("sg-")


def alike(case: Case, group: SecurityGroup, direction: str, wanted: Peer) -> bool:
    """Return whether another group of the platform has just this permission now.

    For what comes in it guards the same: load balancers of one scheme, or tasks. No example opens
    to the public what only chosen addresses reach, or what no load balancer stands before.
    """
    others = [g for g in case.state.security_groups if g.id != group.id]
    if direction == INGRESS:
        own = wearers.roles(case, group)
        others = [
            g for g in others if own and wearers.roles(case, g) == own and g.vpc_id == group.vpc_id
        ]
        if (
            outside(wanted.peer)
            and not is_private(wanted.peer)
            and not _may_be_public(case, group, wanted)
        ):
            return False
    return any(
        wanted == one for g in others for r in getattr(g, direction) for one in peers(permission(r))
    )


def is_door(case: Case, group: SecurityGroup, direction: str, wanted: Peer) -> bool:
    """Return whether everybody gets to a listener that the file asks at a public load balancer."""
    if direction == EGRESS or wanted.peer not in ANYWHERE or wanted.from_port != wanted.to_port:
        return False
    lists = wearers.balancers(case, group)
    names = {b.name for b in lists if b.scheme == "internet-facing"}
    asked = {
        port
        for s in case.services.values()
        if s.url and s.load_balancer in names
        for port in (place(s.url).port, s.plain_port)
    }
    there = {x.port for b in lists for x in b.listeners}
    return (
        wanted.protocol in ("tcp", "6")
        and wanted.from_port in asked & there
        and _may_be_public(case, group, wanted)
    )


def _may_be_public(case: Case, group: SecurityGroup, wanted: Peer) -> bool:
    """Return whether only public load balancers wear a group, and it chooses no address now."""
    lists = wearers.balancers(case, group)
    public = bool(lists) and all(b.scheme == "internet-facing" for b in lists)
    if not public or wearers.services(case, group) or wearers.parts(case, group):
        return False
    now = {
        one.peer
        for r in group.ingress
        if covers_port(r, wanted.from_port)
        for one in peers(permission(r))
    }
    if ":" in wanted.peer and now & set(ANYWHERE):  # a second way in, to those with IPv6 alone
        return all(b.ip_address_type.startswith("dualstack") for b in lists)
    return all(peer in ANYWHERE or not outside(peer) or is_private(peer) for peer in now)


def admits_only_own(group: SecurityGroup) -> bool:
    """Return whether a group lets in only other groups and private addresses."""
    now = (one.peer for r in group.ingress for one in peers(permission(r)))
    return all(not outside(peer) or is_private(peer) for peer in now)


def in_the_network(case: Case, peer: str) -> bool:
    """Return whether a peer is a subnet of the platform or a part of one, or its VPC."""
    for subnet in case.state.subnets:
        for cidr in (subnet.cidr, *subnet.ipv6_cidrs):
            if _within(peer, cidr) or (_no_wider_than_a_vpc(peer) and _within(cidr, peer)):
                return True
    return False


def _no_wider_than_a_vpc(peer: str) -> bool:
    try:
        network = ipaddress.ip_network(peer)
    except ValueError:
        return False
    own = network.version == 6 or is_private(peer)
    return own and network.prefixlen >= _WIDEST[network.version]


def is_private(peer: str) -> bool:
    """Return whether a peer is a network of private addresses."""
    return any(_within(peer, block) for block in _PRIVATE)


def _within(one: str, other: str) -> bool:
    try:
        inner, outer = ipaddress.ip_network(one), ipaddress.ip_network(other)
    except ValueError:
        return False
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False
