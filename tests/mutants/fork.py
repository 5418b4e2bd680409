"""Run a function in a forked process, and end that process and its children afterwards."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import time
from collections.abc import Callable
from typing import Any


class TimeUpError(Exception):
    """The process did not end in time, or ended without an answer."""


def forked(work: Callable[[], Any], limit_s: float) -> Any:
    """Return what a function returns in a process of its own, where nothing is shown."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.close(reading)
        _silence()
        try:
            answer = (True, work())
        except BaseException as error:  # noqa: BLE001 - the parent raises it
            answer = (False, f"{type(error).__name__}: {error}")
        with os.fdopen(writing, "wb") as out:
            out.write(pickle.dumps(answer))
        os._exit(0)
    os.close(writing)
    try:
        data = _read(reading, time.monotonic() + limit_s)
    finally:
        os.close(reading)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if not data:
        raise TimeUpError
    worked, found = pickle.loads(data)
    if not worked:
        raise RuntimeError(found)
    return found


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def _read(reading: int, end: float) -> bytes:
    parts = []
    while (left := end - time.monotonic()) > 0:
        ready, _, _ = select.select([reading], [], [], left)
        if not ready:
            return b""
        part = os.read(reading, 1 << 20)
        if not part:
            break
        parts.append(part)
    return b"".join(parts)
