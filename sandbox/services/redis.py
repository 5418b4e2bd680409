"""The cache, fakeredis behind a password and TLS; slow, silent or refusing on demand."""

from __future__ import annotations

import os
import socket
import ssl
import time
from pathlib import Path
from typing import Any

from fakeredis import TcpFakeServer
from fakeredis._clients._tcp_server import TCPFakeRequestHandler

from sandbox.services.base.server import delay, read_control, serve

CERTIFICATE = "redis.pem"
HANDSHAKE_S = 10.0
NOAUTH = b"-NOAUTH Authentication required.\r\n"
WRONGPASS = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"


class _Commands:
    """Reads whole commands for fakeredis, and answers what fakeredis does not know (AUTH, INFO)."""

    def __init__(self, handler: _Handler) -> None:
        self._handler = handler
        self._source: socket.socket = handler.connection
        self._buffer = b""
        self._admitted = False

    def fileno(self) -> int:
        return self._source.fileno()

    def close(self) -> None:
        """Leave the socket to its server, which closes it."""

    def readline(self) -> bytes:
        """Wait for one whole admitted command and return it, or nothing at the end."""
        while True:
            taken = _take(self._buffer)
            if taken is None:
                piece = self._receive()
                if not piece:
                    return b""
                self._buffer += piece
                continue
            words, size = taken
            command, self._buffer = self._buffer[:size], self._buffer[size:]
            if self._handler.server.control().get("refuse"):
                self._end()
                return b""
            admitted = self._admit(words, command)
            if admitted:
                return admitted

    def _receive(self) -> bytes:
        try:
            return self._source.recv(65536)
        except OSError:
            return b""

    def _end(self) -> None:
        """End a connection that was kept from before the cache refused."""
        self._source.shutdown(socket.SHUT_RDWR)

    def _admit(self, words: list[bytes], command: bytes) -> bytes:
        """Return an admitted command, or nothing if it is answered here."""
        delay(self._handler.server.control)
        password = str(self._handler.server.control().get("password") or "").encode()
        name = words[0].upper() if words else b""
        if name == b"AUTH":
            self._admitted = words[-1] == password
            self._reply(b"+OK\r\n" if self._admitted else WRONGPASS)
            return b""
        if name == b"HELLO" and len(words) == 5:  # HELLO 3 AUTH user password
            self._admitted = words[-1] == password
            if not self._admitted:
                self._reply(WRONGPASS)
                return b""
            return b"*2\r\n$5\r\nHELLO\r\n$%d\r\n%s\r\n" % (len(words[1]), words[1])
        if password and not self._admitted and name != b"QUIT":
            self._reply(NOAUTH)
            return b""
        if name == b"INFO":
            text = self._handler.server.info()
            self._reply(b"$%d\r\n%s\r\n" % (len(text), text))
            return b""
        return command

    def _reply(self, answer: bytes) -> None:
        self._handler.wfile.write(answer)
        self._handler.wfile.flush()


def _take(data: bytes) -> tuple[list[bytes], int] | None:
    """Split one RESP array off the front: its words and its length in bytes."""
    head, found, _ = data.partition(b"\r\n")
    if not found or not head.startswith(b"*"):
        return None
    words, at = [], len(head) + 2
    for _ in range(int(head[1:])):
        line, found, _ = data[at:].partition(b"\r\n")
        if not found:
            return None
        start = at + len(line) + 2
        end = start + int(line[1:])
        if len(data) < end + 2:
            return None
        words.append(data[start:end])
        at = end + 2
    return words, at


class _Handler(TCPFakeRequestHandler):
    server: RedisServer

    def setup(self) -> None:
        """Shake hands in this connection's own thread, where the server has a certificate."""
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(HANDSHAKE_S)
            self.request.do_handshake()
        super().setup()
        self.connection.settimeout(None)  # fakeredis made it non-blocking, which TLS cannot be
        self.rfile = _Commands(self)  # type: ignore[assignment]


class RedisServer(TcpFakeServer):
    """fakeredis behind a password; DIR/redis.json is read anew for each command."""

    request_queue_size = 64

    def __init__(self, address: tuple[str, int], folder: Path) -> None:
        self.folder = folder
        self._tls = _encryption(folder / CERTIFICATE)
        self._began = time.monotonic()
        super().__init__(address)
        self.RequestHandlerClass = _Handler
        self.daemon_threads = True

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection, whose thread then shakes hands."""
        plug, peer = super().get_request()
        if self._tls is None:
            return plug, peer
        wrapped = self._tls.wrap_socket(plug, server_side=True, do_handshake_on_connect=False)
        return wrapped, peer

    def control(self) -> dict[str, Any]:
        """Read password and delay; no file means no password."""
        return read_control(self.folder / "redis.json")

    def verify_request(self, request: object, client_address: object) -> bool:  # noqa: ARG002 socketserver calls it so
        """Return False, which closes new connections, while the control file says refuse."""
        return not self.control().get("refuse")

    def handle_error(self, request: object, client_address: object) -> None:
        """Print no traceback for a client that speaks no TLS, or closed."""

    def info(self) -> bytes:
        """Return what INFO says, in Redis' own form."""
        lines = (
            "# Server", "redis_version:7.1.0", "redis_mode:standalone", f"process_id:{os.getpid()}",
            f"uptime_in_seconds:{int(time.monotonic() - self._began)}",
            "# Clients", f"connected_clients:{len(self.clients)}",
            "# Memory", "used_memory:1048576", "used_memory_human:1.00M",
            "# Persistence", "loading:0",
            "# Replication", "role:master", "connected_slaves:0",
        )  # fmt: skip
        return "".join(f"{line}\r\n" for line in lines).encode()


def _encryption(certificate: Path) -> ssl.SSLContext | None:
    """Return the context of a certificate with its key, or None where there is none."""
    if not certificate.exists():
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


if __name__ == "__main__":
    serve("sandbox.services.redis", RedisServer, 6379, "Ready to accept connections tcp")
