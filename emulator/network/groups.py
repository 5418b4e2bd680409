"""Security groups of an address, and whether they permit a connection.

Read from the emulator at each question, so that a change through the AWS API counts at once.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from emulator.aws.interfaces import ec2, owner
from emulator.elbv2.nodes import balancer_at
from emulator.network import prefix_lists
from emulator.network.sources import INTERNET_ADDRESS


def owner_groups(address: str) -> list[str] | None:
    """Return the security groups at an address, or None if nothing is attached there."""
    interface = owner(address)
    return None if interface is None else [group.id for group in interface.group_set]


def balancer_groups(address: str) -> list[str] | None:
    """Return the security groups of the load balancer at an address, or None."""
    balancer = balancer_at(address)
    return None if balancer is None else list(balancer.security_groups or [])


def permitted(
    source_groups: Iterable[str],
    source_address: str,
    target_groups: Iterable[str],
    target_address: str,
    port: int,
) -> bool:
    """Return whether the source's egress and the target's ingress admit a TCP connection."""
    sources, targets = set(source_groups), set(target_groups)
    let_out = not sources or any(
        _admits(rule, port, targets, target_address) for rule in _rules(sources, "egress_rules")
    )
    let_in = any(
        _admits(rule, port, sources, source_address) for rule in _rules(targets, "ingress_rules")
    )
    return let_out and let_in


def let_out_to_internet(source_groups: Iterable[str], port: int) -> bool:
    """Return whether the source's egress admits a connection to a public address."""
    return let_out(source_groups, port, INTERNET_ADDRESS)


def let_out(source_groups: Iterable[str], port: int, address: str) -> bool:
    """Return whether the source's egress admits a connection to an address."""
    rules = _rules(set(source_groups), "egress_rules")
    return any(_admits(rule, port, set(), address) for rule in rules)


def _rules(groups: set[str], direction: str) -> Iterable[Any]:
    for by_id in list(ec2().groups.values()):
        for group in list(by_id.values()):
            if group.id in groups:
                yield from list(getattr(group, direction))


def _admits(rule: Any, port: int, peer_groups: set[str], peer_address: str) -> bool:
    if rule.ip_protocol not in ("-1", "tcp"):
        return False
    if rule.ip_protocol == "tcp" and not rule.from_port <= port <= rule.to_port:
        return False
    if rule.source_group.get("GroupId") in peer_groups:
        return True
    return any(_lies_in(peer_address, cidr) for cidr in _blocks(rule))


def _blocks(rule: Any) -> list[str]:
    """Return the CIDR blocks of a rule: its range of IPv4 or IPv6, or its prefix list's entries."""
    if rule.prefix_list_id:
        return prefix_lists.cidrs(rule.prefix_list_id)
    own = (rule.ip_range.get("CidrIp"), rule.ip_range.get("CidrIpv6"))
    return [cidr for cidr in own if cidr]


def _lies_in(address: str, cidr: str) -> bool:
    """Return whether a block holds an address; one of IPv6 never holds one of IPv4."""
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)
