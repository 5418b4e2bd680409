"""A relay before a server that loses, refuses and spoils calls as it is told."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Meddling(StrEnum):
    """What becomes of one call."""

    PASS = "it is relayed"
    REFUSED = "the connection is closed before anything happens"
    LOST = "it is carried out, and the answer never arrives"
    BROKEN = "500, and nothing happened"
    SPOILED = "500, although it was carried out"


class Instead(NamedTuple):
    """An answer that is given in place of the server's, which never sees the call."""

    status: int
    body: str = "{}"
    media: str = "application/json"


class Bodyless(NamedTuple):
    """The call is relayed without its body."""


Decide = Callable[[int, str, str], Meddling | Instead | Bodyless]
_HOPS = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
    "host",
    "server",
    "date",
}


class _Relay(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    target = ""
    decide: Decide
    numbers: Iterator[int]
    now: Callable[[], float]

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(type(self).now() if timestamp is None else timestamp)

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        what = type(self).decide(next(self.numbers), self.command, self.path)
        if what is Meddling.REFUSED:
            self.close_connection = True
            return
        status, headers, data = (500, [], b'{"error_code":"INTERNAL_ERROR"}')
        if isinstance(what, Instead):
            status, headers, data = what.status, [("Content-Type", what.media)], what.body.encode()
        elif what is not Meddling.BROKEN:
            answered = self._relayed(b"" if isinstance(what, Bodyless) else body)
            if what is Meddling.LOST:
                self.close_connection = True
                return
            if what is not Meddling.SPOILED:
                status, headers, data = answered
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _relayed(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.target, timeout=30)
        with contextlib.closing(connection):
            sent = {k: v for k, v in self.headers.items() if k.lower() not in _HOPS}
            connection.request(self.command, self.path, body or None, sent)
            answer = connection.getresponse()
            kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOPS]
            return answer.status, kept, answer.read()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def meddling(url: str, decide: Decide, now: Callable[[], float] = time.time) -> Iterator[str]:
    """Relay to a server; `decide` is asked for each call: its number, method and path.

    `now` gives the time of the answers' dates.
    """
    numbers = itertools.count(1)
    known: dict[str, Any] = {
        "target": urlsplit(url).netloc,
        "decide": staticmethod(decide),
        "numbers": numbers,
        "now": staticmethod(now),
    }
    handler = type("Relay", (_Relay,), known)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
