"""`websocket`: the server takes a WebSocket (RFC 6455), and answers a ping."""

from __future__ import annotations

import socket
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Event, Ping, Pong, RejectConnection, Request
from wsproto.utilities import ProtocolError

from hokusai_canary.kinds import (
    Check,
    Frozen,
    Kind,
    NotOpenError,
    NotTriedError,
    ProbeContext,
    Status,
    Stopwatch,
    assertion,
)

PAYLOAD = b"canary"


class WebsocketSpec(Frozen, frozen=True, kw_only=True):
    """Where the WebSocket is; the descriptions stand in the schema and in the reference."""

    path: Annotated[
        str,
        msgspec.Meta(pattern="^/", description="Path of the WebSocket", examples=["/socket"]),
    ]
    ping: Annotated[
        bool, msgspec.Meta(description="Whether a ping must be answered", examples=[False])
    ] = True


def run(check: Check, spec: WebsocketSpec, context: ProbeContext) -> None:
    """Shake hands, then send a ping; each is a step."""
    url = urlsplit(context.service(check.service).url)
    watch = Stopwatch(context)
    try:
        connection = context.connect(
            url.hostname or "",
            url.port or (443 if url.scheme == "https" else 80),
            tls=url.scheme == "https",
            seconds=context.remaining(False),
        )
    except NotTriedError as error:  # the run has no time left
        context.record(watch.step("handshake", status=Status.SKIP, reason=str(error)))
        return
    except NotOpenError as error:
        made = [assertion("connection", "open", str(error), False)]
        context.record(watch.step("handshake", made))
        return
    with connection:
        _over(connection, url.netloc, spec, watch, context)


def _over(
    connection: socket.socket,
    host: str,
    spec: WebsocketSpec,
    watch: Stopwatch,
    context: ProbeContext,
) -> None:
    client = WSConnection(ConnectionType.CLIENT)
    said = _exchanged(connection, client, Request(host=host, target=spec.path))
    accepted = isinstance(said, AcceptConnection)
    made = [assertion("WebSocket", "accepted", _described(said), accepted)]
    context.record(watch.step("handshake", made))
    if accepted and spec.ping:
        said = _exchanged(connection, client, Ping(payload=PAYLOAD))
        same = isinstance(said, Pong) and bytes(said.payload) == PAYLOAD
        made = [assertion("answer to a ping", "the same pong", _described(said), same)]
        context.record(watch.step("ping", made))


def _exchanged(connection: socket.socket, client: WSConnection, event: Event) -> Event | str:
    """Return the next event, or why none came."""
    try:
        connection.sendall(client.send(event))
        while True:
            data = connection.recv(65_536)
            client.receive_data(data or None)
            for found in client.events():
                return found
            if not data:
                return "closed"
    except (OSError, ProtocolError) as error:
        return f"{type(error).__name__}: {error}"


def _described(said: Event | str) -> str:
    if isinstance(said, RejectConnection):
        return f"refused with status {said.status_code}"
    if isinstance(said, AcceptConnection):
        return "accepted"
    return said if isinstance(said, str) else type(said).__name__


KIND = Kind(
    name="websocket",
    spec=WebsocketSpec,
    run=run,
    summary="the server takes a WebSocket, and answers a ping",
)
