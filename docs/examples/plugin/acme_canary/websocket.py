"""`websocket`: the server takes a WebSocket (RFC 6455), and answers a ping."""

from __future__ import annotations

from typing import Annotated

import msgspec
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Event, Ping, Pong, RejectConnection, Request
from wsproto.utilities import ProtocolError

from acme_canary.place import authority, opened
from hokusai_canary.kinds import (
    Check,
    Conversation,
    Frozen,
    Kind,
    ProbeContext,
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
    watch = Stopwatch(context)
    talk = opened(check, context, "handshake")
    if talk is None:
        return
    with talk:
        client = WSConnection(ConnectionType.CLIENT)
        host = authority(context, check.service)
        heard = _exchanged(talk, client, Request(host=host, target=spec.path))
        accepted = isinstance(heard, AcceptConnection)
        made = [assertion("WebSocket", "accepted", _described(heard), accepted)]
        seen = talk.exchange(sent=f"GET {spec.path}, Upgrade: websocket", heard=_described(heard))
        context.record(watch.step("handshake", made, evidence=[seen]))
        if accepted and spec.ping:
            _ping(talk, client, context)


def _ping(talk: Conversation, client: WSConnection, context: ProbeContext) -> None:
    watch = Stopwatch(context)
    heard = _exchanged(talk, client, Ping(payload=PAYLOAD))
    same = isinstance(heard, Pong) and bytes(heard.payload) == PAYLOAD
    made = [assertion("answer to a ping", "the same pong", _described(heard), same)]
    seen = talk.exchange(sent="Ping", heard=_described(heard))
    context.record(watch.step("ping", made, evidence=[seen]))


def _exchanged(talk: Conversation, client: WSConnection, event: Event) -> Event | str:
    """Return the next event, or why none came."""
    try:
        talk.send(client.send(event))
        while data := talk.receive():
            client.receive_data(data)
            for found in client.events():
                return found
    except ProtocolError as error:
        return f"ProtocolError: {error}"
    return f"{talk.failure.kind.value}: {talk.failure.detail}" if talk.failure else "closed"


def _described(heard: Event | str) -> str:
    if isinstance(heard, RejectConnection):
        return f"refused with status {heard.status_code}"
    if isinstance(heard, AcceptConnection):
        return "accepted"
    return heard if isinstance(heard, str) else type(heard).__name__


KIND = Kind(
    name="websocket",
    spec=WebsocketSpec,
    run=run,
    summary="the server takes a WebSocket, and answers a ping",
)
