"""A stream reader that measures its idle time and notices when its peer closes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import SupportsIndex

STREAM_LIMIT = 128 * 1024  # more than any head, so that the limits of `wire` decide


class Reader(asyncio.StreamReader):
    """A stream that notices when its peer closes, and extends its deadline when data comes."""

    def __init__(self) -> None:
        super().__init__(limit=STREAM_LIMIT)
        self._on_gone: Callable[[], None] | None = None
        self._gone = False
        self._deadline: asyncio.Timeout | None = None
        self._patience_s = 0.0
        self.received = 0  # chunks of data so far: tells whether anything came within a wait

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        """Take data in and restart the idle time."""
        super().feed_data(data)
        self.received += 1
        self.touch()

    def feed_eof(self) -> None:
        """Note that the peer sends no more."""
        super().feed_eof()
        self._leave()

    def set_exception(self, exc: Exception) -> None:
        """Note that the connection broke."""
        super().set_exception(exc)
        self._leave()

    def _leave(self) -> None:
        self._gone = True
        if self._on_gone is not None:
            self._on_gone()

    def when_gone(self, act: Callable[[], None] | None) -> None:
        """Call a function when the peer closes, or at once if it has; None cancels it."""
        self._on_gone = act
        if act is not None and self._gone:
            act()

    def touch(self) -> None:
        """Restart the idle time, for data in the other direction."""
        if self._deadline is not None:
            now = asyncio.get_running_loop().time()
            self._deadline.reschedule(now + self._patience_s)

    @asynccontextmanager
    async def patience(self, seconds: float) -> AsyncIterator[None]:
        """Limit the time without data in either direction; raises TimeoutError."""
        try:
            async with asyncio.timeout(seconds) as self._deadline:
                self._patience_s = seconds
                yield
        finally:
            self._deadline = None
