"""The balancer process, which reads snapshots and writes health verdicts and access records."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import Any

import msgspec

from emulator.balancer.choose import Chooser
from emulator.balancer.edge import Edges
from emulator.balancer.health import HealthBoard
from emulator.balancer.model import Snapshot, parse_snapshot
from emulator.balancer.table import views

SNAPSHOT_BYTES = 64 * 1024 * 1024
log = logging.getLogger(__name__)


class Outbox:
    """Messages to the control process, written together once per turn of the event loop."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: list[bytes] = []

    def put(self, message: dict[str, Any]) -> None:
        """Send a message."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._flush)
        self._lines.append(msgspec.json.encode(message) + b"\n")

    def _flush(self) -> None:
        data = memoryview(b"".join(self._lines))
        self._lines = []
        while data:
            data = data[os.write(self._descriptor, data) :]


class App:
    """The parts of the balancer process."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._health = HealthBoard(outbox.put)
        chooser = Chooser(self._health.state)
        self._flights = chooser.flights
        self._edges = Edges(chooser, outbox.put)

    def apply(self, line: bytes) -> None:
        """Apply a snapshot; refuse an unreadable one and keep the last."""
        try:
            snapshot = parse_snapshot(line)
            self._health.apply(snapshot)
            self._edges.apply(views(snapshot))
            self._flights.end_all_but(
                {(g.arn, t.id, t.port) for g in snapshot.target_groups for t in g.targets}
            )
        except (msgspec.DecodeError, OSError, ValueError) as error:
            log.exception("snapshot refused")
            self._outbox.put({"kind": "refused", "reason": str(error)})
            return
        self._tell(snapshot)

    def _tell(self, snapshot: Snapshot) -> None:
        served = [
            {
                "balancer": arn,
                "port": port,
                "door": door,
                "address": address,
                "edge_port": edge_port,
            }
            for (arn, port, door), (address, edge_port) in self._edges.addresses().items()
        ]
        self._outbox.put({"kind": "applied", "serial": snapshot.serial, "listeners": served})

    def close(self) -> None:
        """Close every listener."""
        self._edges.close()


async def serve() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=SNAPSHOT_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    outbox = Outbox(sys.stdout.fileno())
    app = App(outbox)
    outbox.put({"kind": "ready"})
    while line := await reader.readline():
        app.apply(line)
    app.close()
