"""A listening socket with a full queue, where connections hang as if packets were dropped."""

from __future__ import annotations

import contextlib
import socket

FILLERS = 4  # more than the queue of one holds; the rest keep trying


class Blackhole:
    """A socket at `address` where connections hang while it is started."""

    def __init__(self) -> None:
        self._listener: socket.socket | None = None
        self._fillers: list[socket.socket] = []
        self.address: tuple[str, int] = ("127.0.0.1", 0)

    def start(self) -> None:
        """Listen with the shortest queue and fill the queue."""
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.address = self._listener.getsockname()
        for _ in range(FILLERS):
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(self.address)
            self._fillers.append(filler)

    def stop(self) -> None:
        """Close the sockets; connections that hang are refused."""
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
