"""From urllib3's response to an Answer: bounded, timed, without the credential."""

from __future__ import annotations

import time
from urllib.parse import quote_plus

import msgspec
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from canary.adapters.http_client.deadline import InFlightRequest
from canary.adapters.http_client.failures import failure_of
from canary.model import Answer, Failure, FailureKind, Request, Timing

STRUCK = "***"
SHORTEST = 8  # a shorter value stands in many texts by chance, and is no secret


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


def without_secret(answer: Answer, secret: str) -> Answer:
    """Return the answer with the credential struck out, wherever it was echoed."""
    if len(secret) < SHORTEST:
        return answer
    forms = {secret, quote_plus(secret)}

    def clean(text: str) -> str:
        for form in forms:
            text = text.replace(form, STRUCK)
        return text

    body = answer.body
    for form in forms:
        body = body.replace(form.encode(), STRUCK.encode())
    failure = answer.failure
    if failure is not None:
        failure = msgspec.structs.replace(failure, detail=clean(failure.detail))
    headers = answer.headers
    if any(form in value for _, value in headers for form in forms):
        headers = tuple((name, clean(value)) for name, value in headers)
    elif body == answer.body and failure == answer.failure:
        return answer
    return msgspec.structs.replace(answer, body=body, headers=headers, failure=failure)
