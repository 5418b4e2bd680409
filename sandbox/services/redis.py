"""The cache, fakeredis' TCP server with a password, slow or refusing on demand."""

from __future__ import annotations

import select
import time
from pathlib import Path
from typing import Any

from fakeredis import TcpFakeServer
from fakeredis._clients._tcp_server import TCPFakeRequestHandler

from sandbox.services.base.server import read_control, serve

NOAUTH = b"-NOAUTH Authentication required.\r\n"
WRONGPASS = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"


class _Commands:
    """Reads whole commands for fakeredis and answers AUTH itself (fakeredis enforces none)."""

    def __init__(self, handler: _Handler) -> None:
        self._handler = handler
        self._source = handler.rfile
        self._buffer = b""
        self._admitted = False

    def fileno(self) -> int:
        return self._source.fileno()

    def close(self) -> None:
        self._source.close()

    def readline(self) -> bytes:
        """Return one whole admitted command, or nothing if there is none yet or at the end.

        In the middle of a command, and after an answer of our own, it waits: fakeredis takes an
        empty second read for the end and would close on a client that is about to speak.
        """
        self._buffer += self._source.read1(65536) or b""
        answered = False
        while True:
            taken = _take(self._buffer)
            if taken is None:
                if not self._buffer and not answered:
                    return b""
                select.select([self._source], [], [])
                piece = self._source.read1(65536)
                if not piece:
                    return b""
                self._buffer += piece
                continue
            words, size = taken
            command, self._buffer = self._buffer[:size], self._buffer[size:]
            admitted = self._admit(words, command)
            if admitted:
                return admitted
            answered = True

    def _admit(self, words: list[bytes], command: bytes) -> bytes:
        """Return an admitted command, or nothing if it is answered here."""
        control = self._handler.server.control()
        time.sleep(float(control.get("delay_s") or 0))
        password = str(control.get("password") or "").encode()
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
        super().setup()
        self.rfile = _Commands(self)  # type: ignore[assignment]


class RedisServer(TcpFakeServer):
    """fakeredis behind a password; DIR/redis.json is read anew for each command."""

    request_queue_size = 64

    def __init__(self, address: tuple[str, int], folder: Path) -> None:
        self.folder = folder
        super().__init__(address)
        self.RequestHandlerClass = _Handler
        self.daemon_threads = True

    def control(self) -> dict[str, Any]:
        """Read password and delay; no file means no password."""
        return read_control(self.folder / "redis.json")

    def verify_request(self, request: object, client_address: object) -> bool:  # noqa: ARG002 socketserver calls it so
        """Return False, which closes new connections, while the control file says refuse."""
        return not self.control().get("refuse")


if __name__ == "__main__":
    serve("sandbox.services.redis", RedisServer, 6379, "Ready to accept connections tcp")
