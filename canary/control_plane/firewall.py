"""Evaluate whether security groups let a source reach a port of a target."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import msgspec

from canary.control_plane.state import GroupRule, SecurityGroup
from canary.control_plane.unread import Known, of

ANYWHERE = "0.0.0.0/0"
ANYWHERE_V6 = "::/0"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One end of a connection: its security groups and its possible addresses.

    Without addresses every rule by address is taken to match. Of clients whose groups are not
    known, no rule by group says anything.
    """

    groups: tuple[SecurityGroup, ...]
    networks: tuple[str, ...] = ()
    groups_known: bool = True
    family: int = 0  # 4 or 6, where it is known over which the connection runs

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of the groups."""
        return frozenset(g.id for g in self.groups)


def lets_in(target: Side, source: Side, port: int) -> Known:
    """Return whether any group of the target admits the source on a TCP port."""
    return _any(_fits(r, source, port) for g in target.groups for r in g.ingress)


def lets_out(source: Side, target: Side, port: int) -> Known:
    """Return whether any group of the source admits traffic to the target on a TCP port."""
    return _any(_fits(r, target, port) for g in source.groups for r in g.egress)


def resolved(side: Side, lists: Mapping[str, tuple[str, ...]]) -> Side:
    """Return an end whose groups have the entries of prefix lists in place of those lists.

    `lists`: the entries that were read, by the id of the list; any other list stays unknown.
    """
    groups = tuple(
        msgspec.structs.replace(
            group,
            ingress=tuple(_with_entries(r, lists) for r in group.ingress),
            egress=tuple(_with_entries(r, lists) for r in group.egress),
        )
        for group in side.groups
    )
    return replace(side, groups=groups)


def _with_entries(rule: GroupRule, lists: Mapping[str, tuple[str, ...]]) -> GroupRule:
    found = [c for p in rule.prefix_lists for c in lists.get(p, ())]
    return msgspec.structs.replace(
        rule,
        cidrs=(*rule.cidrs, *(c for c in found if ":" not in c)),
        ipv6_cidrs=(*rule.ipv6_cidrs, *(c for c in found if ":" in c)),
        prefix_lists=tuple(p for p in rule.prefix_lists if p not in lists),
    )


def _any(answers: Iterable[Known]) -> Known:
    found = set(answers)
    return next((a for a in (Known.YES, Known.UNKNOWN) if a in found), Known.NO)


def _fits(rule: GroupRule, peer: Side, port: int) -> Known:
    """Return whether a rule admits a peer; prefix lists are unknown unless `resolved`."""
    if not covers_port(rule, port):
        return Known.NO
    if peer.ids.intersection(rule.groups):
        return Known.YES
    blocks = rule.ipv6_cidrs if peer.family == 6 else rule.cidrs
    answers = [_overlap(c, n) for c in blocks for n in peer.networks]
    if rule.cidrs and not peer.networks:
        answers.append(Known.YES)
    if rule.groups and not peer.groups_known:
        answers.append(Known.UNKNOWN)
    if rule.prefix_lists or (rule.ipv6_cidrs and not peer.family):  # it may be a way of IPv6
        answers.append(Known.UNKNOWN)
    return _any(answers)


def covers_port(rule: GroupRule, port: int) -> bool:
    """Return whether a rule is about a TCP port."""
    if rule.protocol not in ("-1", "tcp", "6"):
        return False
    everything = rule.protocol == "-1" or rule.from_port == -1
    return everything or rule.from_port <= port <= rule.to_port


def _overlap(one: str, other: str) -> Known:
    """Return whether a rule's network holds an address of a peer's network."""
    if other in (
        ANYWHERE,
        ANYWHERE_V6,
    ):  # a part of them, perhaps the canary's own
        return Known.YES if one == other else Known.UNKNOWN
    try:
        return of(
            ipaddress.ip_network(one, strict=False).overlaps(
                ipaddress.ip_network(other, strict=False)
            )
        )
    except (ValueError, TypeError):
        return Known.YES
