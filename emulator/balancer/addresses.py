"""Where an address of the VPC is on this machine: 10.0.a.b is 127.n.a.b (decision 2)."""

from __future__ import annotations

import os

from emulator.settings import LOOPBACK

VPC_PREFIX = "10.0."


def prefix() -> str:
    """Return the loopback block of this twin."""
    return os.environ.get(LOOPBACK) or "127.0."


def loopback(address: str) -> str:
    """Return the loopback address that stands for a VPC address; others stay as they are."""
    if address.startswith(VPC_PREFIX):
        return prefix() + address.removeprefix(VPC_PREFIX)
    return address


def seen_as(peer: str) -> str:
    """Return the address a peer has in the VPC's words; a client on 127.0.0.x is outside of it."""
    if peer.startswith(prefix()) and not peer.startswith("127.0.0."):
        return VPC_PREFIX + peer.removeprefix(prefix())
    return peer
