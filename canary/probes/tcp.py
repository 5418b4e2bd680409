"""`tcp`: a port takes a connection, and answers what it is asked, if it is asked anything."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from canary.model import Assertion, Check, Frozen, Service, Status
from canary.probes.base.api import Kind, NotTriedError, ProbeContext
from canary.probes.base.conversation import Conversation, shown
from canary.probes.base.evidence import Stopwatch, assertion
from canary.probes.base.expectations import Milliseconds

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
    try:
        talk = Conversation(context, host, port, tls=spec.tls)
    except NotTriedError as error:
        context.record(watch.step(name, status=Status.SKIP, reason=str(error)))
        return
    with talk:
        made = _asked(spec, talk)
        took = watch.elapsed_ms()
    if spec.limit_ms:
        limit = f"at most {spec.limit_ms} ms"
        made.append(assertion("time", limit, f"{took:.0f} ms", took <= spec.limit_ms))
    context.record(watch.step(name, made, evidence=[talk.exchange()]))


def place(spec: TcpSpec, service: Service) -> tuple[str, int]:
    """Return host and port: of the spec, else of the service's URL, its name in Cloud Map, port."""
    parts = urlsplit(service.url)
    host = spec.host or parts.hostname or service.discovery
    of_url = parts.port or (HTTPS if parts.scheme == "https" else 80 if service.url else 0)
    return host, spec.port or (of_url if service.url and not spec.host else service.port)


def _asked(spec: TcpSpec, talk: Conversation) -> list[Assertion]:
    expected = "open"
    if talk.failure:
        why = f"{talk.failure.kind.value}: {talk.failure.detail}"
        return [assertion("port", expected, why, False)]
    made = [assertion("port", expected, expected, True)]
    return [*made, _answered(talk, spec)] if spec.contains else made


def _answered(talk: Conversation, spec: TcpSpec) -> Assertion:
    wanted, heard = spec.contains.encode(), b""
    if spec.send:
        talk.send(spec.send.encode())
    while wanted not in heard and len(heard) < MOST:
        more = talk.receive(MOST)
        if not more:
            break
        heard += more
    # what came until then may be all that was asked for
    why = f"({talk.failure.kind.value}: {talk.failure.detail})" if talk.failure else ""
    seen = " ".join(filter(None, (shown(heard)[:200], why))) or "nothing"
    return assertion("answer", f"contains {spec.contains}", seen, wanted in heard)


KIND = Kind(
    name="tcp",
    spec=TcpSpec,
    run=run,
    needs_url=False,
    summary="a port takes a connection, and answers what it is asked",
)
