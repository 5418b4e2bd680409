"""A small HTTP/1.1 server with one function from request to response."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

from sandbox.services.base.behaviour import Behaviour
from sandbox.services.base.broken_responses import send_broken
from sandbox.services.base.settings import log


@dataclass(frozen=True)
class Request:
    """A request as the routes see it; header names are lower case, the path is decoded."""

    method: str
    target: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    peer: str

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object; anything else is an empty one."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class Response:
    """An answer; Content-Length, Date and Server are added on sending."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Route = Callable[[Request], Response]


def json_response(status: int, value: object, headers: dict[str, str] | None = None) -> Response:
    """Make a JSON answer as FastAPI writes it."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Response(status, body, {"Content-Type": "application/json", **(headers or {})})


def not_found() -> Response:
    """Make FastAPI's answer for a path that is not mounted."""
    return json_response(404, {"detail": "Not Found"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Nagle with delayed ACK would add 40 ms to each answer
    timeout = 75
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Suppress the standard library's own log lines."""

    def handle_any(self) -> None:
        request = self._read()
        response = _answer(self.server, request)
        self._log(request, response)
        if send_broken(self.server.behaviour.transport(request.path), self.connection):
            self.close_connection = True
            return
        self._send(response)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Let every method reach the routes, which answer 405 to undeclared methods."""
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def send_error(self, *_: Any, **__: Any) -> None:
        """Refuse a malformed request, as uvicorn does."""
        self.command, self.request_version = "", "HTTP/1.1"
        self.close_connection = True
        kind = {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
        self._send(Response(400, b"Invalid HTTP request received.", kind))

    def _read(self) -> Request:
        path, _, query = self.path.partition("?")
        return Request(
            method=self.command,
            target=self.path,
            path=unquote(path),
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={k.lower(): v for k, v in self.headers.items()},
            body=self._body(),
            peer=f"{self.client_address[0]}:{self.client_address[1]}",
        )

    def _body(self) -> bytes:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            continue
        return b"".join(parts)

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        self.send_header("Date", self.date_time_string())
        self.send_header("Server", "uvicorn")
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status not in (204, 304):
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _log(self, request: Request, response: Response) -> None:
        reason = responses.get(response.status, "")
        extra = [
            f'{name}="{request.headers[header]}"'
            for name, header in (("ua", "user-agent"), ("traceparent", "traceparent"))
            if header in request.headers
        ]
        log(
            f'INFO:     {request.peer} - "{request.method} {request.target} HTTP/1.1" '
            f"{response.status} {reason} {' '.join(extra)}".rstrip()
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], route: Route, behaviour: Behaviour) -> None:
        self.route = route
        self.behaviour = behaviour
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Print no traceback for a client that closed."""


def _answer(server: _Server, request: Request) -> Response:
    behaviour = server.behaviour
    time.sleep(behaviour.delay_s(request.path))
    if behaviour.unmounted(request.path):
        return not_found()
    if behaviour.fails_now(request.path):
        log("ERROR:    Exception in ASGI application\nValueError: intermittent failure")
        return json_response(500, {"detail": "Internal Server Error"})
    try:
        return server.route(request)
    except Exception as error:
        log(f"ERROR:    Exception in ASGI application\n{type(error).__name__}: {error}")
        return json_response(500, {"detail": "Internal Server Error"})


def make_server(address: tuple[str, int], route: Route, behaviour: Behaviour) -> _Server:
    """Bind the server, which the caller then serves."""
    return _Server(address, route, behaviour)


def serve(name: str, address: tuple[str, int], route: Route, behaviour: Behaviour) -> None:
    """Serve until the process is told to stop, with uvicorn's lines at the start."""
    log("INFO:     Started server process [1]")
    log(f"INFO:     {name} application startup complete.")
    server = make_server(address, route, behaviour)
    log(f"INFO:     Uvicorn running on http://0.0.0.0:{address[1]} (Press CTRL+C to quit)")
    cast(ThreadingHTTPServer, server).serve_forever()
