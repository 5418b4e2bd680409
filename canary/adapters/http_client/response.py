"""Convert urllib3's response to an Answer with bounded body and timing."""

from __future__ import annotations

import time

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from canary.adapters.http_client.deadline import InFlightRequest
from canary.adapters.http_client.failures import failure_of
from canary.model import Answer, Failure, FailureKind, Request, Timing


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
    raw: BaseHTTPResponse, request: Request, in_flight: InFlightRequest, began: float, number: int
) -> Answer:
    """Read at most one byte more than the cap, after decoding, and judge completeness."""
    body_began = time.perf_counter()
    failure: Failure | None = None
    body = b""
    try:
        body = raw.read(request.max_body + 1, decode_content=True)
    except (HTTPError, OSError, ValueError) as error:  # ValueError: a chunk of negative length
        failure = failure_of(error, in_flight)
    if failure is None and in_flight.expired:
        failure = Failure(kind=FailureKind.DEADLINE, detail="not complete (body)")
    truncated = len(body) > request.max_body
    if truncated and failure is None:
        text = f"more than {request.max_body} bytes"
        failure = Failure(kind=FailureKind.TOO_LARGE, detail=text)
    if failure is not None:
        raw.close()
    raw.release_conn()
    return Answer(
        status=raw.status,
        headers=tuple(raw.headers.items()),
        body=body[: request.max_body],
        truncated=truncated,
        timing=timing_of(in_flight, began, time.perf_counter() - body_began),
        attempts=number,
        peer=in_flight.peer,
        failure=failure,
        certificate=in_flight.certificate,
        tls_version=in_flight.tls_version,
    )
