"""Measure the memory that processes take, without a cost while it is little."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

MIB = 1024 * 1024
PAGE = os.sysconf("SC_PAGE_SIZE")


def taken_mib(pids: Iterable[int], more_than: int) -> float:
    """Return the proportional set size of processes in MiB, or 0 when it is surely less.

    The resident size, which is quick to read and never smaller, says whether it is worth reading.
    """
    found = list(pids)
    if sum(_resident(pid) for pid in found) <= more_than * MIB:
        return 0.0
    return sum(_proportional(pid) for pid in found) / MIB


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):  # it ended meanwhile
        return 0


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
