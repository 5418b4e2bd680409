"""What the services' server answers by itself: as uvicorn and FastAPI, whoever asks."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from sandbox.services.base import documents
from tests.sandbox.support.service_ground import ask, served


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with served(lambda request: documents.method_not_allowed("GET")) as url:
        yield url


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "CONNECT", "PURGE"])
def test_a_method_that_nobody_declares_reaches_the_routes(service: str, method: str) -> None:
    answer = ask(f"{service}/", method)
    assert (answer.status, answer.json()) == (405, {"detail": "Method Not Allowed"})


@pytest.mark.parametrize(
    "sent", [b"nonsense\r\n\r\n", b"GET / HTTP/one\r\n\r\n", b"GET /a b HTTP/1.1\r\n\r\n"]
)
def test_what_is_no_request_is_refused_as_uvicorn_does(service: str, sent: bytes) -> None:
    host, _, port = service.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as plug:
        plug.sendall(sent)
        answer = b"".join(iter(lambda: plug.recv(4096), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-type: text/plain; charset=utf-8" in head.lower()
    assert b"python" not in head.lower()
    assert body == b"Invalid HTTP request received."
