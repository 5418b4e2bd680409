"""Where an address of the VPC is on this machine: 10.0.a.b is 127.0.a.b."""

from __future__ import annotations

VPC_PREFIX = "10.0."
LOOPBACK_PREFIX = "127.0."
# the address under which the VPC's tasks are seen from outside (RFC 5737, documentation)
NAT_ADDRESS = "203.0.113.10"


def loopback(address: str) -> str:
    """Return the loopback address that stands for an address of the VPC."""
    if address.startswith(VPC_PREFIX):
        return LOOPBACK_PREFIX + address.removeprefix(VPC_PREFIX)
    return address


def in_vpc(address: str) -> str:
    """Return the VPC address that a loopback address stands for."""
    if address.startswith(LOOPBACK_PREFIX) and not address.startswith("127.0.0."):
        return VPC_PREFIX + address.removeprefix(LOOPBACK_PREFIX)
    return address
