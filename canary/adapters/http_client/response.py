"""Convert a received answer to an Answer with bounded body and timing."""

from __future__ import annotations

import time

from canary.adapters.http_client.connection import Received
from canary.adapters.http_client.deadline import InFlightRequest, watchdog
from canary.adapters.http_client.decoding import decoded
from canary.adapters.http_client.exchange import ExchangeError
from canary.adapters.http_client.failures import failure_of
from canary.model import Answer, Failure, FailureKind, PeerCertificate, Request, Timing


def timing_of(in_flight: InFlightRequest, began: float, body_s: float = 0.0) -> Timing:
    return Timing(
        dns_ms=round(in_flight.dns_s * 1000, 3),
        tcp_ms=round(in_flight.tcp_s * 1000, 3),
        tls_ms=round(in_flight.tls_s * 1000, 3),
        first_byte_ms=round(in_flight.first_byte_s * 1000, 3),
        transfer_ms=round(body_s * 1000, 3),
        total_ms=round((time.perf_counter() - began) * 1000, 3),
        reused=in_flight.reused,
    )


def read_answer(
    received: Received, request: Request, in_flight: InFlightRequest, began: float, number: int
) -> Answer:
    """Read at most one byte more than the cap, after decoding, and judge completeness."""
    body_began = time.perf_counter()
    failure: Failure | None = None
    body, whole = b"", True
    try:
        body, whole = _body(received, request)
    except (ExchangeError, OSError) as error:
        failure = failure_of(error, in_flight)
    # Before the next request gets the connection: this one's deadline must not end that one.
    watchdog.release(in_flight)
    if failure is None and in_flight.expired:
        failure = Failure(kind=FailureKind.DEADLINE, detail="not complete (body)")
    if not whole and failure is None:
        text = f"more than {request.max_body} bytes"
        failure = Failure(kind=FailureKind.TOO_LARGE, detail=text)
    received.release()
    return Answer(
        status=received.status,
        headers=received.fields,
        body=body[: request.max_body],
        truncated=not whole,
        timing=timing_of(in_flight, began, time.perf_counter() - body_began),
        attempts=number,
        peer=in_flight.peer,
        dead_addresses=in_flight.dead,
        failure=failure,
        certificate=in_flight.certificate,
        tls_version=in_flight.tls_version,
    )


def no_answer(
    error: BaseException,
    in_flight: InFlightRequest,
    began: float,
    number: int,
    certificate: PeerCertificate | None,
) -> Answer:
    """Return why no answer came, and what is known of the connection."""
    return Answer(
        failure=failure_of(error, in_flight),
        timing=timing_of(in_flight, began),
        attempts=number,
        peer=in_flight.peer,
        dead_addresses=in_flight.dead,
        certificate=certificate,
        tls_version=in_flight.tls_version,
    )


def _body(received: Received, request: Request) -> tuple[bytes, bool]:
    """Return the decoded body and whether it is whole: one above the cap is read no further."""
    body = received.exchange.read_body(request.max_body)
    whole = len(body) <= request.max_body
    codings = ",".join(v for name, v in received.fields if name.lower() == "content-encoding")
    # An announced length of 0 is no body, and none that was cut.
    if codings and (body or received.exchange.ended_by_close):
        return decoded(body, codings, request.max_body, whole=whole)
    return body, whole
