"""Connections in use by requests, closed when the target's draining ends.

Source: "Troubleshoot your Application Load Balancers": 502 where the deregistration delay ran out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from emulator.balancer.exchange.dial import Wire

Key = tuple[str, str, int]  # target group's ARN, target's id, port


class Flights:
    """The open connections to each target."""

    def __init__(self) -> None:
        self._open: dict[Key, list[Wire]] = defaultdict(list)

    @contextmanager
    def counted(self, key: Key, wire: Wire) -> Iterator[None]:
        """Count a connection for as long as a request uses it."""
        self._open[key].append(wire)
        try:
            yield
        finally:
            self._open[key].remove(wire)

    def end_all_but(self, registered: set[Key]) -> None:
        """Close the connections to targets that are neither registered nor draining."""
        for key in [key for key in self._open if key not in registered]:
            for wire in self._open[key]:
                wire.reader.set_exception(ConnectionAbortedError("deregistered"))
            if not self._open[key]:
                del self._open[key]
