"""What a twin costs the machine that it runs on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

import psutil
import pytest

from tests.sandbox.support.twin import RunningTwin

GIGABYTE = 10**9
READY_S = 15.0
BUSY = 1.0  # a load average above this says nothing about two free cores


def resident(pid: int) -> int:
    """The resident memory of a process and all below it, in bytes; shared pages count each time."""
    parent = psutil.Process(pid)
    total = 0
    for process in (parent, *parent.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total


def test_a_whole_twin_takes_less_than_a_gigabyte(twin: RunningTwin) -> None:
    assert resident(twin.state.pid) < GIGABYTE


@pytest.mark.slow
def test_a_twin_is_ready_within_fifteen_seconds(start_twin: Callable[..., RunningTwin]) -> None:
    load = os.getloadavg()[0]
    if load > BUSY:
        pytest.skip(f"the machine is busy: load {load:.1f}")
    assert float(start_twin().ready_line.split(" after ")[1].split()[0]) < READY_S
