"""Map an address of the VPC, 10.0.a.b, to a loopback address, 127.n.a.b, and back."""

from __future__ import annotations

import os

from emulator.settings import LOOPBACK

VPC_PREFIX = "10.0."


def prefix() -> str:
    """Return the loopback block of this twin."""
    return os.environ.get(LOOPBACK) or "127.0."


def loopback(address: str) -> str:
    """Return the loopback address that stands for an address of the VPC."""
    if address.startswith(VPC_PREFIX):
        return prefix() + address.removeprefix(VPC_PREFIX)
    return address


def in_vpc(address: str) -> str:
    """Return the VPC address that a loopback address stands for."""
    if address.startswith(prefix()) and not address.startswith("127.0.0."):
        return VPC_PREFIX + address.removeprefix(prefix())
    return address
