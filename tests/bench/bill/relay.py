"""Relays between the canary and a twin, which count what passes them: the wire's own word."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace

CALL = re.compile(rb"(GET|PUT|POST|HEAD|DELETE) (\S+) HTTP/1\.1\r\n(.*?)\r\n\r\n", re.DOTALL)
SERVICE = re.compile(rb"Credential=[^/]+/\d{8}/[^/]+/([a-z0-9-]+)/aws4_request")
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
CHUNK = 65_536


@dataclass
class Wire:
    """One connection: what passed, and of a plain one the beginning of each request."""

    sent: int = 0
    received: int = 0
    text: bytearray = field(default_factory=bytearray)
    opened: float = field(default_factory=time.monotonic)
    closed: float = float("inf")

    @property
    def service(self) -> str:
        """Return the service of AWS that the connection leads to, "" for one of the platform."""
        found = SERVICE.search(self.text)
        return found[1].decode() if found else ""


@dataclass(frozen=True)
class Call:
    """One request to AWS."""

    service: str
    method: str
    path: str
    body: int  # bytes


class Relay:
    """Listens on this machine and hands bytes on to one address."""

    def __init__(self, address: str, port: int, *, plain: bool = False) -> None:
        self._to, self._plain = (address, port), plain
        self._wires: list[Wire] = []
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def wires(self) -> list[Wire]:
        """Return the connections that passed anything since the last look, and count anew."""
        with self._lock:
            used = [replace(w, text=bytearray(w.text)) for w in self._wires if w.sent]
            for wire in self._wires:
                wire.sent = wire.received = 0
                wire.text.clear()
            self._wires = [w for w in self._wires if w.closed == float("inf")]
        return used

    def _accept(self) -> None:
        while True:
            near, _ = self._server.accept()
            far = socket.create_connection(self._to)
            wire = Wire()
            with self._lock:
                self._wires.append(wire)
            for one, other, sent in ((near, far, True), (far, near, False)):
                threading.Thread(
                    target=self._pass, args=(one, other, wire, sent), daemon=True
                ).start()

    def _pass(self, one: socket.socket, other: socket.socket, wire: Wire, sent: bool) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(CHUNK):
                with self._lock:
                    if sent:
                        wire.sent += len(data)
                        wire.text += data if self._plain else b""
                    else:
                        wire.received += len(data)
                other.sendall(data)
        wire.closed = min(wire.closed, time.monotonic())
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)


def calls(wires: list[Wire]) -> list[Call]:
    """Return the requests to AWS that passed plain connections."""
    found = []
    for wire in wires:
        for method, path, head in CALL.findall(bytes(wire.text)):
            service, length = SERVICE.search(head), LENGTH.search(head)
            found.append(
                Call(
                    service=service[1].decode() if service else "",
                    method=method.decode(),
                    path=path.decode(),
                    body=int(length[1]) if length else 0,
                )
            )
    return found


def passed(wires: list[Wire]) -> Counter[str]:
    """Return bytes in both directions by service, "" for the platform."""
    found = Counter[str]()
    for wire in wires:
        found[wire.service] += wire.sent + wire.received
    return found


def at_once(wires: list[Wire]) -> Counter[str]:
    """Return the most connections that were open at one time, by service.

    The emulator ends a connection after each answer and AWS does not: a client then keeps so many.
    """
    found = Counter[str]()
    for wire in wires:
        alike = [w for w in wires if w.service == wire.service]
        beside = sum(w.opened <= wire.opened < w.closed for w in alike)
        found[wire.service] = max(found[wire.service], beside)
    return found
