"""Evaluate network ACLs: rules in the order of their numbers, the first that fits decides.

They are stateless, and what no rule takes is denied:
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
"""

from __future__ import annotations

from typing import NamedTuple

from canary.control_plane.unread import Known
from canary.control_plane.vpc import AclEntry, Network, NetworkAcl
from canary.control_plane.way.spans import Span, span

Ports = tuple[int, int]
EPHEMERAL: Ports = (1024, 65535)
"""The ports to which answers go, by whoever asks: AWS's balancers, NAT gateways and functions."""
LAST = 32767
"""The number of AWS's own last rule, "*", which denies what no other rule took; of IPv6, one more:

https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html
"""
_TCP = ("-1", "6", "tcp")


class Decided(NamedTuple):
    """Whether an ACL lets packets through: all, none, or an unknown part; and who denies."""

    passes: Known
    denies: AclEntry | None = None
    """The first of the numbered rules that deny them all; None where AWS's last rule denies."""


class _Packets(NamedTuple):
    addresses: Span
    ports: Ports


def acl_of(network: Network, subnet: str) -> NetworkAcl | None:
    """Return the ACL of a subnet, None where it was not read."""
    return next((a for a in network.acls if subnet in a.associations), None)


def passes(acl: NetworkAcl, peer: str, ports: Ports, *, egress: bool) -> Decided:
    """Return whether an ACL lets TCP packets of a peer through, to all of these ports.

    `peer`: the network that sends (inbound) or that is sent to (outbound), as a CIDR block.
    """
    addresses = span(peer)
    left = [_Packets(addresses, ports)] if addresses else []
    allowed, deniers = False, list[AclEntry]()
    entries = (e for e in acl.entries if e.egress is egress and e.protocol in _TCP)
    for entry in sorted(entries, key=lambda e: e.number):
        rest = [_outside(packets, entry) for packets in left]
        if any(part is not None for part in rest):
            allowed |= entry.allows
            deniers += [] if entry.allows else [entry]
        if allowed and deniers:
            return Decided(Known.UNKNOWN)
        left = [p for own, part in zip(left, rest, strict=True)
                for p in ([own] if part is None else part)]  # fmt: skip
    if not left and not deniers:
        return Decided(Known.YES if addresses else Known.UNKNOWN)
    numbered = not left and all(e.number < LAST for e in deniers)
    return Decided(Known.UNKNOWN if allowed else Known.NO, deniers[0] if numbered else None)


def _outside(packets: _Packets, entry: AclEntry) -> list[_Packets] | None:
    """Return the packets that a rule leaves, None where it takes none of them."""
    block, (low, high) = span(entry.cidr), packets.ports
    own = packets.addresses
    if block is None or block.family != own.family:
        return None
    first, last = max(block.first, own.first), min(block.last, own.last)
    from_port, to_port = (entry.from_port, entry.to_port) if entry.from_port >= 0 else (0, 65535)
    lowest, highest = max(low, from_port), min(high, to_port)
    if first > last or lowest > highest:
        return None
    shared = Span(own.family, first, last)
    found = [
        _Packets(Span(own.family, own.first, first - 1), packets.ports),
        _Packets(Span(own.family, last + 1, own.last), packets.ports),
        _Packets(shared, (low, lowest - 1)),
        _Packets(shared, (highest + 1, high)),
    ]
    return [p for p in found if p.addresses.first <= p.addresses.last and p.ports[0] <= p.ports[1]]
