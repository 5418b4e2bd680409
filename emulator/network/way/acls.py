"""Whether a network ACL lets a connection's packets pass in one direction.

Source: the VPC guide, "Control subnet traffic with network access control lists": entries are asked
by number, the first that fits decides, and nothing is remembered: answers need an entry of their
own, for the ephemeral ports of whoever asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

Ports = tuple[int, int]  # the first and the last

ALL, TCP = "-1", ("6", "tcp")
# "Ephemeral ports" of the same page: load balancers, NAT gateways and functions, and anybody's
# clients, take ports from 1024 on; the Linux kernel of a task begins at 32768
ANY_CLIENT: Ports = (1024, 65535)
TASK: Ports = (32768, 60999)


@dataclass(frozen=True)
class Entry:
    """One entry for TCP; an entry without a block is of IPv6 and fits nobody here."""

    number: int
    allow: bool
    egress: bool
    cidr: IPv4Network | None
    ports: Ports


def passes(entries: tuple[Entry, ...], peer: IPv4Address, ports: Ports, *, egress: bool) -> bool:
    """Return whether most ports of a range pass, to a peer (egress) or from it.

    entries are in the order of their numbers. A connection has one of the ephemeral ports by
    chance: where a few of them are denied, AWS drops one connection in many, and this drops none.
    """
    left, allowed = [ports], 0
    for entry in entries:
        if entry.egress != egress or entry.cidr is None or peer not in entry.cidr:
            continue
        rest = [each for one in left for each in _without(one, entry.ports)]
        if entry.allow:
            allowed += _size(left) - _size(rest)
        left = rest
    return 2 * allowed > ports[1] - ports[0] + 1


def _size(ranges: list[Ports]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def _without(ports: Ports, taken: Ports) -> list[Ports]:
    """Return what is left of a range of ports without another range."""
    found = ((ports[0], min(ports[1], taken[0] - 1)), (max(ports[0], taken[1] + 1), ports[1]))
    return [each for each in found if each[0] <= each[1]]
