"""Evaluate whether security groups let a source reach a port of a target."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from canary.control_plane.state import GroupRule, SecurityGroup

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One end of a connection: its security groups and its possible addresses.

    Without addresses every rule by address is taken to match.
    """

    groups: tuple[SecurityGroup, ...]
    networks: tuple[str, ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of the groups."""
        return frozenset(g.id for g in self.groups)


def lets_in(target: Side, source: Side, port: int) -> bool:
    """Return whether any group of the target admits the source on a TCP port."""
    return any(_fits(r, source, port) for g in target.groups for r in g.ingress)


def lets_out(source: Side, target: Side, port: int) -> bool:
    """Return whether any group of the source admits traffic to the target on a TCP port."""
    return any(_fits(r, target, port) for g in source.groups for r in g.egress)


def _fits(rule: GroupRule, peer: Side, port: int) -> bool:
    if rule.protocol not in ("-1", "tcp", "6"):
        return False
    if (
        rule.protocol != "-1"
        and rule.from_port != -1
        and not (rule.from_port <= port <= rule.to_port)
    ):
        return False
    if peer.ids.intersection(rule.groups):
        return True
    if not rule.cidrs:
        return False
    return not peer.networks or any(_overlap(c, n) for c in rule.cidrs for n in peer.networks)


def _overlap(one: str, other: str) -> bool:
    if other == ANYWHERE:  # every address must be admitted, a part of them is not enough
        return one == ANYWHERE
    try:
        return ipaddress.ip_network(one, strict=False).overlaps(
            ipaddress.ip_network(other, strict=False)
        )
    except (ValueError, TypeError):
        return True
