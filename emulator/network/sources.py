"""Who connects to a load balancer, and from which address the balancer sees it.

Source: the VPC guide, "NAT gateways" and "IP addressing": the way to a public address leads through
an address of the internet; an address of the VPC keeps its own on the way to an internal balancer.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.aws.interfaces import ec2

INTERNET, INSIDE = "internet", "inside"
INTERNET_ADDRESS = "203.0.113.10"  # RFC 5737, documentation
PUBLIC_BLOCK = "198.18."  # RFC 2544: the public address of 10.0.a.b is 198.18.a.b
_PRIVATE = tuple(
    ipaddress.ip_network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
)


class SourceError(Exception):
    """A source has no usable name or address."""


@dataclass(frozen=True)
class Sources:
    """The addresses of an account's clients: the internet, the NAT, and others by their names."""

    internet: str = INTERNET_ADDRESS
    nat: str = INTERNET_ADDRESS
    named: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise SourceError for a name that is taken or an address that is none."""
        for name in (INTERNET, INSIDE):
            if name in self.named:
                raise SourceError(f"a source cannot have the name {name!r}")
        for address in (self.internet, self.nat, *self.named.values()):
            try:
                ipaddress.IPv4Address(address)
            except ValueError:
                raise SourceError(f"{address!r} is not an IPv4 address") from None

    @property
    def all(self) -> dict[str, str]:
        """Return the address of each client by its name, the internet first."""
        return {INTERNET: self.internet, **self.named}


def is_private(address: str) -> bool:
    """Return whether an address is one of a VPC or of a network that is joined to one."""
    return any(ipaddress.ip_address(address) in block for block in _PRIVATE)


def public_addresses() -> dict[str, str]:
    """Return the public address of each interface that has one, by its address in the VPC."""
    return {
        str(one.private_ip_address): str(one.public_ip)
        for one in list(ec2().enis.values())
        if one.public_ip
    }


def is_internal(balancer: Any) -> bool:
    """Return whether a load balancer has addresses of its VPC alone."""
    return str(balancer.scheme) == "internal"
