"""`tcp`: a port takes a connection, and answers what it is asked, if it is asked anything."""

from __future__ import annotations

import socket
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from canary.model import Assertion, Check, Frozen, Service, Status
from canary.probes.base.api import Kind, NotOpenError, NotTriedError, ProbeContext
from canary.probes.base.evidence import Stopwatch, assertion
from canary.probes.base.expectations import Milliseconds
from canary.redaction.patterns import mask_foreign

MOST = 4096
"""Bytes that are read at most."""
HTTPS = 443


class TcpSpec(Frozen, frozen=True, kw_only=True):
    """Which port, and what it must answer; nothing is sent that is not written here."""

    host: str = ""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    tls: bool = False
    send: Annotated[str, msgspec.Meta(max_length=MOST)] = ""
    contains: str = ""
    limit_ms: Milliseconds = 0


def run(check: Check, spec: TcpSpec, context: ProbeContext) -> None:
    """Connect, and compare what comes with what is expected."""
    host, port = place(spec, context.service(check.service))
    watch = Stopwatch(context)
    name = f"{host}:{port}"
    if not host or not port:
        missing = "host" if not host else "port"
        made = [assertion(missing, "of the check or of its service", "none", False)]
        context.record(watch.step("place", made))
        return
    began = context.clock.monotonic()
    try:
        made = _asked(spec, context, host, port)
    except NotTriedError as error:
        context.record(watch.step(name, status=Status.SKIP, reason=str(error)))
        return
    took = (context.clock.monotonic() - began) * 1000
    if spec.limit_ms:
        limit = f"at most {spec.limit_ms} ms"
        made.append(assertion("time", limit, f"{took:.0f} ms", took <= spec.limit_ms))
    context.record(watch.step(name, made))


def place(spec: TcpSpec, service: Service) -> tuple[str, int]:
    """Return host and port: of the spec, else of the service's URL, its name in Cloud Map, port."""
    parts = urlsplit(service.url)
    host = spec.host or parts.hostname or service.discovery
    of_url = parts.port or (HTTPS if parts.scheme == "https" else 80 if service.url else 0)
    return host, spec.port or (of_url if service.url and not spec.host else service.port)


def _asked(spec: TcpSpec, context: ProbeContext, host: str, port: int) -> list[Assertion]:
    expected = "open"
    try:
        connection = context.connect(host, port, tls=spec.tls, seconds=context.remaining(False))
    except NotOpenError as error:
        return [assertion("port", expected, str(error), False)]
    with connection:
        made = [assertion("port", expected, expected, True)]
        if spec.contains:
            made.append(_answered(connection, spec))
        return made


def _answered(connection: socket.socket, spec: TcpSpec) -> Assertion:
    wanted, heard, why = spec.contains.encode(), b"", ""
    try:
        connection.sendall(spec.send.encode())
        while wanted not in heard and len(heard) < MOST:
            more = connection.recv(MOST)
            if not more:
                break
            heard += more
    except OSError as error:  # what came until then may be all that was asked for
        why = f" ({type(error).__name__})"
    shown = mask_foreign(heard[:MOST].decode("utf-8", "replace"))[:200]
    return assertion("answer", f"contains {spec.contains}", f"{shown}{why}", wanted in heard)


KIND = Kind(
    name="tcp",
    spec=TcpSpec,
    run=run,
    needs_url=False,
    summary="a port takes a connection, and answers what it is asked",
)
