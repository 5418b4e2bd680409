"""PostgreSQL's protocol for start-up, password and one simple query.

Message formats: PostgreSQL 15 documentation, chapter 55.7. Rows live in SQLite files; after the
start-up `SHOW data_directory` says where, and the services open the file themselves.
"""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import struct
from collections.abc import Iterator
from dataclasses import dataclass

PROTOCOL = 196608  # version 3.0
CONNECT_TIMEOUT_S = 10.0
# a parameter of this stand-in alone: the disk behind the database is full
DISK_FULL = "sandbox.disk_full"
NO_SPACE = (
    '(psycopg2.errors.DiskFull) could not extend file "base/16401/16523": No space left on device\n'
    "HINT:  Check free disk space."
)


class DatabaseError(Exception):
    """The database refused or is unreachable; the text is libpq's."""


class UndefinedTableError(DatabaseError):
    """The database exists without its schema."""


@dataclass(frozen=True)
class Dsn:
    """A database's address and credentials."""

    host: str
    port: int
    name: str
    user: str
    password: str


def send(connection: socket.socket, kind: bytes, payload: bytes) -> None:
    """Send one typed message."""
    connection.sendall(kind + struct.pack("!i", len(payload) + 4) + payload)


def receive_exactly(connection: socket.socket, count: int) -> bytes:
    """Read count bytes or raise ConnectionError at the end of the stream."""
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise ConnectionError("server closed the connection unexpectedly")
        data += piece
    return data


def receive(connection: socket.socket) -> tuple[bytes, bytes]:
    """Read one typed message."""
    head = receive_exactly(connection, 5)
    (length,) = struct.unpack("!i", head[1:])
    return head[:1], receive_exactly(connection, length - 4)


def error_fields(payload: bytes) -> dict[str, str]:
    """Split an ErrorResponse into its fields."""
    return {f[:1].decode(): f[1:].decode() for f in payload.split(b"\0") if f}


@dataclass(frozen=True)
class Login:
    """The path of the database's file, and whether its disk has room for writing."""

    path: str
    full: bool


def data_file(dsn: Dsn, timeout_s: float = CONNECT_TIMEOUT_S) -> str:
    """Log in and return the path of the database's file; raise DatabaseError as libpq words it."""
    return login(dsn, timeout_s).path


def login(dsn: Dsn, timeout_s: float = CONNECT_TIMEOUT_S) -> Login:
    """Log in and ask where the data is; raise DatabaseError as libpq words it."""
    try:
        with socket.create_connection((dsn.host, dsn.port), timeout_s) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return _converse(connection, dsn)
    except socket.gaierror as error:
        raise DatabaseError(
            f'could not translate host name "{dsn.host}" to address: {error.strerror}'
        ) from error
    except TimeoutError as error:
        raise DatabaseError(_failed(dsn, f"Connection to {dsn.host} timed out")) from error
    except OSError as error:
        raise DatabaseError(_failed(dsn, str(error.strerror or error))) from error


def _failed(dsn: Dsn, why: str) -> str:
    return f'connection to server at "{dsn.host}", port {dsn.port} failed: {why}'


def _converse(connection: socket.socket, dsn: Dsn) -> Login:
    words = f"user\0{dsn.user}\0database\0{dsn.name}\0\0".encode()
    connection.sendall(struct.pack("!ii", len(words) + 8, PROTOCOL) + words)
    row, full = "", False
    while True:
        kind, payload = receive(connection)
        if kind == b"E":
            raise DatabaseError(_failed(dsn, "FATAL:  " + error_fields(payload).get("M", "")))
        if kind == b"R" and struct.unpack("!i", payload[:4]) == (3,):
            send(connection, b"p", dsn.password.encode() + b"\0")
        if kind == b"S":
            full = full or payload == f"{DISK_FULL}\0on\0".encode()
        if kind == b"D":
            (length,) = struct.unpack("!i", payload[2:6])
            row = payload[6 : 6 + length].decode()
        if kind == b"Z":
            if row:
                send(connection, b"X", b"")
                return Login(row, full)
            send(connection, b"Q", b"SHOW data_directory\0")


@contextlib.contextmanager
def session(dsn: Dsn, timeout_s: float = CONNECT_TIMEOUT_S) -> Iterator[sqlite3.Connection]:
    """Open the database for one unit of work, commit at the end, translate the driver's errors."""
    found = login(dsn, timeout_s)
    mode = "ro" if found.full else "rw"
    connection = sqlite3.connect(f"file:{found.path}?mode={mode}", uri=True, timeout=5.0)
    try:
        with connection:
            yield connection
    except sqlite3.OperationalError as error:
        text = str(error)
        if text.startswith("no such table: "):
            table = text.removeprefix("no such table: ")
            raise UndefinedTableError(
                f'(psycopg2.errors.UndefinedTable) relation "{table}" does not exist'
            ) from error
        if found.full and "readonly" in text:
            raise DatabaseError(NO_SPACE) from error
        raise DatabaseError(f"(psycopg2.OperationalError) {text}") from error
    finally:
        connection.close()
