"""One request with its response and its access record."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec

from emulator.balancer.exchange.headers import HOP_BY_HOP
from emulator.balancer.exchange.pages import OwnAnswer, for_browser, render
from emulator.balancer.exchange.stream import Reader
from emulator.balancer.exchange.wire import CHUNKED, RequestHead, body, first
from emulator.balancer.match import Asked
from emulator.balancer.table import View

SMALL_BODY_BYTES = 64 * 1024
LINGER_S = 1.0


class ClientGoneError(Exception):
    """The client closed before it had its answer (460 in the access record)."""


class Client(msgspec.Struct, kw_only=True):
    """A client's connection; peer is the address that the balancer sees."""

    reader: Reader
    writer: asyncio.StreamWriter
    peer: str
    peer_port: int


class Exchange(msgspec.Struct, kw_only=True):
    """State of one request while it is answered."""

    client: Client
    view: View
    request: RequestHead | None
    asked: Asked | None = None
    started: float = 0.0
    rule: str | None = None
    target_group: str | None = None
    target: str | None = None
    status: int = 0
    target_status: int | None = None
    answered_by: str = "balancer"
    reason: str | None = None
    target_started: float | None = None
    target_ms: float | None = None
    sent_bytes: int = 0
    body_read: bool = False
    client_owes: bool = False  # the next piece of its body is waited for
    keep_alive: bool = False

    def record(self) -> dict[str, Any]:
        """Return the access record, without the query because it may contain keys."""
        return {
            "kind": "request",
            "time": time.time(),
            "balancer": self.view.balancer.arn,
            "balancer_name": self.view.balancer.name,
            "listener": self.view.listener.arn,
            "port": self.view.listener.port,
            "rule": self.rule,
            "target_group": self.target_group,
            "target": self.target,
            "method": self.asked.method if self.asked else None,
            "host": self.asked.host if self.asked else None,
            "path": self.asked.path if self.asked else None,
            "status": self.status,
            "target_status": self.target_status,
            "answered_by": self.answered_by,
            "reason": self.reason,
            "target_ms": self.target_ms,
            "duration_ms": round((time.monotonic() - self.started) * 1000, 3),
            "sent_bytes": self.sent_bytes,
        }

    def send(self, data: bytes) -> None:
        """Write to the client and count the bytes."""
        self.client.writer.write(data)
        self.sent_bytes += len(data)

    def answer(self, answer: OwnAnswer) -> None:
        """Send a response of the balancer itself."""
        head_only = self.request is not None and self.request.method == "HEAD"
        self.status, self.answered_by = answer.status, answer.answered_by
        self.reason = answer.reason
        if self.request is not None:
            answer = for_browser(answer, first(self.request.headers, "user-agent") or "")
        server = self.view.names_server
        self.send(render(answer, keep_alive=self.keep_alive, head_only=head_only, server=server))


def wants_keep_alive(request: RequestHead) -> bool:
    """Return whether a client wants its connection kept: by version and by Connection."""
    said = (first(request.headers, "connection") or "").lower()
    return "close" not in said if request.version == (1, 1) else "keep-alive" in said


def expects_continue(request: RequestHead) -> bool:
    """Return whether a client waits for 100 before it sends its body."""
    expected = (first(request.headers, "expect") or "").lower() == "100-continue"
    return expected and request.length != 0 and request.version == (1, 1)


def asked_of(request: RequestHead, peer: str) -> Asked:
    """Return the fields that rules match; of an absolute target only the path (RFC 9112)."""
    target = request.target
    if target.lower().startswith(("http://", "https://")):
        target = "/" + target.split("://", 1)[1].partition("/")[2]
    path, _, query = target.partition("?")
    host = (first(request.headers, "host") or "").lower()
    if not host.endswith("]"):  # an IPv6 address without port
        host = host.rsplit(":", 1)[0] if host.rpartition(":")[2].isdigit() else host
    headers = [item for item in request.headers if item[0].lower() not in HOP_BY_HOP]
    return Asked(
        method=request.method, host=host, path=path, query=query, headers=headers, peer=peer
    )


async def discard_body(exchange: Exchange) -> None:
    """Read a body that no target received, so that the response is not lost in a reset."""
    request = exchange.request
    if request is None or exchange.body_read or request.length == 0:
        return
    if request.length > SMALL_BODY_BYTES or request.length == CHUNKED:
        exchange.keep_alive = False
    try:
        async with asyncio.timeout(LINGER_S):
            async for _ in body(exchange.client.reader, request.length):
                pass
    except Exception:
        exchange.keep_alive = False  # whatever it was, the connection cannot be used again
