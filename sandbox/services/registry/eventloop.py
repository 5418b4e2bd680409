"""The one event loop of the API, which a blocking piece of work stops for every request."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class EventLoop:
    """As found, blocking work holds the loop; mended, it runs beside it."""

    mended: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def turn(self) -> None:
        """Wait until the loop is free, as a request does when it comes and before it answers."""
        with self._lock:
            return

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the loop during blocking work."""
        if self.mended:
            yield
            return
        with self._lock:
            yield
