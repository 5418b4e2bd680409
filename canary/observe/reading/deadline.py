"""The moment by which a reading ends: what is late is unread, and said so."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future
from typing import TypeVar

from canary.control_plane.state import NOT_IN_TIME
from canary.observe.calls import Permission, Reader

T = TypeVar("T")

PARTS_S = 0.1
"""Seconds before the end by which a reading gives its parts, where some of them are late."""


class Deadline:
    """The end of a reading that began now and may take so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.end = time.monotonic() + seconds

    def of_parts(self) -> Deadline:
        """Return the end of readings whose own parts may be late: a little before this one."""
        earlier = Deadline(self.seconds)
        earlier.end = self.end - PARTS_S
        return earlier

    def result(self, future: Future[T]) -> T:
        """Return the outcome of a reading, which has until the end; raises what it raised.

        A reading that is late raises TimeoutError.
        """
        return future.result(max(self.end - time.monotonic(), 0.0))

    def note(self, reader: Reader, actions: Iterable[Permission], resource: str = "*") -> None:
        """Note that what these actions tell was not read in time."""
        late = TimeoutError(f"not read within {self.seconds:.1f} s of the failing checks")
        for action in sorted({p.action for p in actions}):
            reader.note(action, resource, NOT_IN_TIME, late)
