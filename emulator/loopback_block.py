"""Claim a block of loopback addresses, so that several accounts run side by side."""

from __future__ import annotations

import contextlib
import os
import socket

from emulator.settings import LOOPBACK

BLOCKS = 64  # 127.0. to 127.63.


class NoBlockError(Exception):
    """Every block is in use."""


def claim(first: int = 0) -> socket.socket:
    """Claim the first free block for this process and its children until the socket closes.

    In block 0 the addresses 10.0.0.b would be this machine's own, 127.0.0.b: an account whose
    subnets are not known begins at block 1.

    The claim is an abstract Unix socket: the kernel drops it with the process, no file stays.
    """
    for number in range(first, BLOCKS):
        holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):
            holder.bind(f"\0hokusai-sandbox-block-{number}")
            os.environ[LOOPBACK] = f"127.{number}."
            return holder
        holder.close()
    raise NoBlockError(f"all {BLOCKS} blocks of loopback addresses are taken")
