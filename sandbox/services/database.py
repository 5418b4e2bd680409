"""A database server with PostgreSQL's start-up in front of SQLite files."""

from __future__ import annotations

import os
import socket
import socketserver
import struct
from pathlib import Path
from typing import Any

from sandbox.services.base.server import delay, read_control, serve
from sandbox.services.base.settings import log
from sandbox.services.wire import postgres as pgwire

SSL_REQUEST = 80877103
INVALID_PASSWORD = "28P01"
UNKNOWN_DATABASE = "3D000"
TOO_MANY_CONNECTIONS = "53300"
# of a server of version 15 (postinit.c): the last slots are kept for the administrator
NO_SLOT = "remaining connection slots are reserved for non-replication superuser connections"
INTEGER, TEXT = 23, 25  # the types' object ids
# what a server reports at the start (PostgreSQL 15 documentation, chapter 55.2.7); drivers refuse
# a session without client_encoding, and set a DateStyle that is not ISO by a query
PARAMETERS = {
    "server_version": "15.8",
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "application_name": "",
    "default_transaction_read_only": "off",
    "in_hot_standby": "off",
    "is_superuser": "off",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "integer_datetimes": "on",
    "standard_conforming_strings": "on",
}
# drivers wrap what they ask in a transaction: command -> the state of the session after it
TRANSACTIONS = {"BEGIN": b"T", "COMMIT": b"I", "ROLLBACK": b"I"}


class _Session(socketserver.BaseRequestHandler):
    server: DatabaseServer

    def handle(self) -> None:
        """Serve one connection; ignore a peer that closes."""
        # several small messages in a row: Nagle would add 40 ms to each log-in
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._serve()
        except (OSError, ConnectionError, struct.error):
            return

    def _serve(self) -> None:
        words = self._startup()
        delay(self.server.control)
        control = self.server.control()
        user, name = words.get("user", ""), words.get("database", "")
        pgwire.send(self.request, b"R", struct.pack("!i", 3))
        _, password = pgwire.receive(self.request)
        if control.get("users", {}).get(user) != password.rstrip(b"\0").decode():
            self._fatal(INVALID_PASSWORD, f'password authentication failed for user "{user}"')
            return
        path = self.server.folder / f"{name}.sqlite"
        if not path.exists():
            self._fatal(UNKNOWN_DATABASE, f'database "{name}" does not exist')
            return
        if control.get("taken"):
            self._fatal(TOO_MANY_CONNECTIONS, NO_SLOT)
            return
        pgwire.send(self.request, b"R", struct.pack("!i", 0))
        self._greet(full=bool(control.get("full")))
        self._queries(path)

    def _greet(self, *, full: bool) -> None:
        """Report the parameters and the cancellation key of a session that starts."""
        more = {pgwire.DISK_FULL: "on"} if full else {}
        for name, value in {**PARAMETERS, **more}.items():
            pgwire.send(self.request, b"S", f"{name}\0{value}\0".encode())
        pgwire.send(self.request, b"K", struct.pack("!ii", os.getpid(), 0))
        pgwire.send(self.request, b"Z", b"I")

    def _startup(self) -> dict[str, str]:
        while True:
            length, code = struct.unpack("!ii", pgwire.receive_exactly(self.request, 8))
            if code != SSL_REQUEST:
                break
            self.request.sendall(b"N")
        words = pgwire.receive_exactly(self.request, length - 8).split(b"\0")
        texts = [w.decode() for w in words]
        return dict(zip(texts[::2], texts[1::2], strict=False))

    def _fatal(self, code: str, message: str) -> None:
        log(f"FATAL:  {message}")
        payload = f"SFATAL\0VFATAL\0C{code}\0M{message}\0\0".encode()
        pgwire.send(self.request, b"E", payload)

    def _queries(self, path: Path) -> None:
        state = b"I"
        while True:
            kind, payload = pgwire.receive(self.request)
            if kind != b"Q":
                return
            query = payload.rstrip(b"\0").decode().strip().rstrip(";").upper()
            if query == "SHOW DATA_DIRECTORY":
                self._row("data_directory", str(path))
            elif query == "SELECT 1":
                self._row("?column?", "1", INTEGER)
            elif query in TRANSACTIONS:
                state = TRANSACTIONS[query]
                pgwire.send(self.request, b"C", query.encode() + b"\0")
            else:
                text = "SERROR\0VERROR\0C0A000\0Monly the start-up is emulated\0\0"
                pgwire.send(self.request, b"E", text.encode())
            pgwire.send(self.request, b"Z", state)

    def _row(self, column: str, value: str, kind: int = TEXT) -> None:
        meta = struct.pack("!ihihih", 0, 0, kind, -1, -1, 0)
        pgwire.send(self.request, b"T", struct.pack("!h", 1) + column.encode() + b"\0" + meta)
        data = value.encode()
        pgwire.send(self.request, b"D", struct.pack("!hi", 1, len(data)) + data)
        pgwire.send(self.request, b"C", b"SELECT 1\0")


class DatabaseServer(socketserver.ThreadingTCPServer):
    """Listens on the endpoint's address; users, delay and what is full come from database.json."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], folder: Path) -> None:
        self.folder = folder
        super().__init__(address, _Session)

    def control(self) -> dict[str, Any]:
        """Read users and delay; an unreadable file admits no user."""
        return read_control(self.folder / "database.json")


if __name__ == "__main__":
    serve(
        "sandbox.services.database",
        DatabaseServer,
        5432,
        "database system is ready to accept connections on",
    )
