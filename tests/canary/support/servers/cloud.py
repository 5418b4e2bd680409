"""AWS on this machine: moto over HTTP, which keeps what was sent to it and fails on demand."""

from __future__ import annotations

import contextlib
import re
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from canary.adapters.store.packing import unpack

SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
Answering = Callable[..., Iterable[bytes]]
Fault = Callable[[dict[str, Any], Answering, Answering], Iterable[bytes]]
"""WSGI environment, start_response, moto itself -> the answer."""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


@dataclass
class Cloud:
    """Where it is, what it was sent, and which services are out of order."""

    url: str = ""
    sent: list[bytes] = field(default_factory=list)
    """Request line, headers and body of every call, for what may leave."""
    faults: dict[str, Fault] = field(default_factory=dict)
    """Service as in a signature ("s3", "sns") -> how it fails."""
    calls: dict[str, int] = field(default_factory=dict)
    clients: dict[str, Any] = field(default_factory=dict)
    """Service -> an operator's client; to make one takes longer than to use it."""
    mended: threading.Event = field(default_factory=threading.Event)

    def client(self, service: str) -> Any:
        """Return an operator's client."""
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.url,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self.clients[service]

    def mend(self) -> None:
        """End all faults, also for calls that still wait for a slow answer."""
        self.faults.clear()
        self.mended.set()
        self.mended = threading.Event()

    def reset(self) -> None:
        """Forget everything."""
        self.mend()
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")
        urllib.request.urlopen(request).close()
        self.sent.clear()
        self.calls.clear()

    def answer(self, moto: Answering, environ: dict[str, Any], start: Answering) -> Iterable[bytes]:
        """Keep the request, then fail or let moto answer."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", ""):
            body = environ["wsgi.input"].read()
        headers = {k: v for k, v in environ.items() if k.startswith("HTTP_")}
        line = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        self.sent.append(f"{line}\n{headers}\n".encode() + unpack(body))
        import io

        environ["wsgi.input"] = io.BytesIO(body)
        environ["cloud.mended"] = self.mended
        scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        service = scope.group(1) if scope else ""
        self.calls[service] = self.calls.get(service, 0) + 1
        fault = self.faults.get(service)
        return fault(environ, start, moto) if fault else moto(environ, start)


def json_error(code: str, status: str = "400 Bad Request") -> Fault:
    """Answer as the JSON protocol does when it refuses."""
    body = f'{{"__type":"{code}","message":"{code} for a test"}}'.encode()

    def fault(environ: dict[str, Any], start: Answering, moto: Answering) -> Iterable[bytes]:
        start(status, [("Content-Type", "application/x-amz-json-1.1")])
        return [body]

    return fault


def xml_error(code: str, status: str = "403 Forbidden") -> Fault:
    """Answer as the query and REST protocols do when they refuse."""
    inner = f"<Code>{code}</Code><Message>{code} for a test</Message>"
    query = f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>".encode()
    rest = f"<Error>{inner}</Error>".encode()

    def fault(environ: dict[str, Any], start: Answering, moto: Answering) -> Iterable[bytes]:
        start(status, [("Content-Type", "text/xml")])
        return [rest if "/s3/" in environ.get("HTTP_AUTHORIZATION", "") else query]

    return fault


def slow(seconds: float) -> Fault:
    """Answer late."""

    def fault(environ: dict[str, Any], start: Answering, moto: Answering) -> Iterable[bytes]:
        environ["cloud.mended"].wait(seconds)
        return moto(environ, start)

    return fault


@contextlib.contextmanager
def serving_cloud() -> Iterator[Cloud]:
    """Serve AWS; yield it."""
    cloud = Cloud()
    moto = DomainDispatcherApplication(create_backend_app)

    def application(environ: dict[str, Any], start: Answering) -> Iterable[bytes]:
        return cloud.answer(moto, environ, start)

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cloud.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()
