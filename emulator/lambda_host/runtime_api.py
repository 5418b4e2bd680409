"""The Lambda runtime API of one execution environment, on loopback.

Source: AWS Lambda developer guide, "Using the Lambda runtime API" (version 2018-06-01).
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import msgspec

Kind = Literal["next", "response", "error", "init-error", "exit"]


class Message(msgspec.Struct, frozen=True):
    """A message of the runtime to the host."""

    kind: Kind
    request_id: str = ""
    body: bytes = b""
    at: float = 0.0
    """Seconds of the monotonic clock."""


class Event(msgspec.Struct, frozen=True):
    """An invocation for the runtime."""

    request_id: str
    payload: bytes
    deadline: float
    """Epoch seconds."""
    function_arn: str


class RuntimeApi:
    """A server for one environment: events in, messages out."""

    def __init__(self) -> None:
        self.messages: queue.Queue[Message] = queue.Queue()
        self._events: queue.Queue[Event | None] = queue.Queue()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="runtime-api", daemon=True
        )

    def start(self) -> str:
        """Start to listen once; return host:port for AWS_LAMBDA_RUNTIME_API."""
        if self._thread.ident is None:
            self._thread.start()
        return f"127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Close the server and release a waiting runtime."""
        self._events.put(None)
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()

    def deliver(self, event: Event) -> None:
        """Give an event to the waiting runtime."""
        self._events.put(event)

    def tell(self, kind: Kind, request_id: str = "", body: bytes = b"") -> None:
        """Pass a message on to the host."""
        self.messages.put(Message(kind, request_id, body, time.monotonic()))

    def wait(self) -> Event | None:
        """Return the next event; None once the environment ends."""
        return self._events.get()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    api: RuntimeApi


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: Any) -> None:
        """Write no access log."""

    def do_GET(self) -> None:
        """/runtime/invocation/next, a long poll."""
        self.server.api.tell("next")
        event = self.server.api.wait()
        if event is None:
            self._answer(500, b"")
            return
        trace = f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0"
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(event.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
            "Lambda-Runtime-Trace-Id": trace,
            "Content-Type": "application/json",
        }
        self._answer(200, event.payload, headers)

    def do_POST(self) -> None:
        """/runtime/init/error, /runtime/invocation/ID/{response,error}."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = self.path.rstrip("/").split("/")
        if parts[-2:] == ["init", "error"]:
            self.server.api.tell("init-error", "", body)
        elif parts[-1] in ("response", "error"):
            kind: Kind = "response" if parts[-1] == "response" else "error"
            self.server.api.tell(kind, parts[-2], body)
        self._answer(202, b'{"status":"OK"}')

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the runtime was killed meanwhile
