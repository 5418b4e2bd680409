"""`grpc-health`: a server says that it serves, by gRPC's own health protocol.

The protocol is grpc.health.v1 (github.com/grpc/grpc, doc/health-checking.md), the frames are those
of doc/PROTOCOL-HTTP2.md there. Its messages have one field each: no protobuf library is needed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError

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

METHOD = "/grpc.health.v1.Health/Check"
STATES = {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
CODES = {5: "NOT_FOUND", 7: "PERMISSION_DENIED", 12: "UNIMPLEMENTED", 14: "UNAVAILABLE",
         16: "UNAUTHENTICATED"}  # fmt: skip
FRAME = 5
"""Bytes before each message: whether it is compressed, and its length in four bytes."""
MOST = 4096
"""Bytes of an answer that are kept: the right one has seven."""


class GrpcHealthSpec(Frozen, frozen=True, kw_only=True):
    """What must be served; the descriptions stand in the schema and in the reference."""

    serves: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[A-Za-z0-9_.]{0,100}$",  # so its length is one byte of the message
            description="Name of the gRPC service; empty: the server as a whole",
            examples=["acme.shop.Prices"],
        ),
    ] = ""


@dataclass
class Heard:
    """What came of the answer so far."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    problem: str = ""
    over: bool = False

    def take(self, event: Event) -> None:
        """Keep what an event brought; an answer may consist of headers alone."""
        if isinstance(event, ResponseReceived | TrailersReceived):
            self.headers |= {str(name): str(value) for name, value in event.headers}
        elif isinstance(event, DataReceived):
            self.body = (self.body + event.data)[:MOST]
        elif isinstance(event, StreamReset | ConnectionTerminated):
            self.problem, self.over = f"{type(event).__name__} {event.error_code}", True
        elif isinstance(event, StreamEnded):
            self.over = True

    def state(self) -> str:
        """Return the state that the server told, or what it told in place of one."""
        if self.problem or not self.over:
            return self.problem or "no whole answer"
        if self.headers.get(":status") != "200":
            return f"status {self.headers.get(':status')}"
        code = self.headers.get("grpc-status", "none")
        if code != "0":
            known = CODES.get(int(code), "") if code.isdigit() else ""
            return f"{known} (grpc-status {code})".strip()
        message = self.body[FRAME:]
        if not message:  # a field that is left out is 0
            return STATES[0]
        known = {b"\x08" + bytes([number]): name for number, name in STATES.items()}
        return known.get(message, "no known state")


def run(check: Check, spec: GrpcHealthSpec, context: ProbeContext) -> None:
    """Ask once, over HTTP/2."""
    watch = Stopwatch(context)
    talk = opened(check, context, "health", alpn=("h2",))
    if talk is None:
        return
    with talk:
        if talk.url.startswith("tls:") and talk.protocol != "h2":
            made = [assertion("protocol over TLS", "h2", talk.protocol or "none agreed", False)]
            context.record(watch.step("health", made, evidence=[talk.exchange()]))
            return
        state = _asked(talk, spec.serves, authority(context, check.service))
        if talk.failure is not None:
            state = f"{talk.failure.kind.value}: {talk.failure.detail}"
        made = [assertion(spec.serves or "the server", "SERVING", state, state == "SERVING")]
        seen = talk.exchange(sent=f"{METHOD} {spec.serves}", heard=state)
        context.record(watch.step("health", made, evidence=[seen]))


def _asked(talk: Conversation, name: str, host: str) -> str:
    client, heard = H2Connection(H2Configuration(header_encoding="utf-8")), Heard()
    client.initiate_connection()
    client.send_headers(1, [
        (":method", "POST"), (":scheme", "https" if talk.url.startswith("tls:") else "http"),
        (":authority", host), (":path", METHOD), ("te", "trailers"),
        ("content-type", "application/grpc"),
    ])  # fmt: skip
    client.send_data(1, _framed(name), end_stream=True)
    talk.send(client.data_to_send())
    while not heard.over and (data := talk.receive()):
        if data.startswith(b"HTTP/1"):
            return "an answer of HTTP/1"
        try:
            for event in client.receive_data(data):
                heard.take(event)
        except ProtocolError as error:
            return f"no HTTP/2: {error}"
        if not heard.over:
            talk.send(client.data_to_send())
    return heard.state()


def _framed(name: str) -> bytes:
    """Return the request: a HealthCheckRequest, whose field 1 is the name."""
    text = name.encode()
    message = b"\x0a" + bytes([len(text)]) + text if text else b""
    return b"\x00" + len(message).to_bytes(4, "big") + message


KIND = Kind(
    name="grpc-health",
    spec=GrpcHealthSpec,
    run=run,
    summary="a server says over gRPC that it serves",
)
