"""What the edge answers to a few telling requests, in a form that can be compared."""

from __future__ import annotations

import json
import time
from typing import NamedTuple

import urllib3

from tests.sandbox.support import classic as names
from tests.sandbox.support.twin import Outside

SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"
ARTIFACT = "/api/mlflow/api/2.0/mlflow-artifacts/artifacts/fingerprint/probe.txt"
DELETE = "/api/mlflow/api/2.0/mlflow/registered-models/delete"
REGISTER = "/api/models/register"
CREATE = "/api/mlflow/api/2.0/mlflow/experiments/create"
REGISTRY, AUTH = names.REGISTRY_HOST, names.AUTH_HOST
SLOW_S = 0.95
HUGE_BYTES = 10_000_000
PATIENCE = urllib3.Timeout(connect=1.5, read=6.0)


class Request(NamedTuple):
    """One request at the edge."""

    host: str
    path: str
    principal: str = ""
    method: str = "GET"
    body: bytes | None = None


class Answer(NamedTuple):
    """What told answers apart in the incidents: status, content type, who, words, size, time."""

    status: int
    content_type: str
    from_balancer: bool
    word: str  # a health document's own verdict
    limited: bool
    huge: bool
    slow: bool


REQUESTS = (
    Request(AUTH, "/health"),
    Request(AUTH, "/ready"),
    Request(REGISTRY, "/health"),
    Request(REGISTRY, "/health?detailed=true"),
    Request(REGISTRY, "/ready"),
    Request(REGISTRY, "/api/health/mlflow"),
    Request(REGISTRY, "/mlflow/health"),
    Request(REGISTRY, "/health/mlflow"),
    Request(REGISTRY, "/api/v1/models"),
    Request(REGISTRY, SEARCH),
    *(Request(REGISTRY, SEARCH, who) for who in ("revoked", "expired", *5 * ("valid",))),
    Request(REGISTRY, ARTIFACT, "valid", "PUT", b"x"),
    Request(REGISTRY, CREATE, "valid", "POST", b""),
    Request(REGISTRY, DELETE, "valid", "DELETE", b'{"name": "fingerprint"}'),
    Request(REGISTRY, REGISTER, "read-only", "POST", b"{}"),
)


def take(twin: Outside) -> tuple[Answer | str, ...]:
    """Ask everything once; an error is known by its type."""
    return tuple(_ask(twin, request) for request in REQUESTS)


def statuses(answers: tuple[Answer | str, ...]) -> list[object]:
    """The part that does not depend on how busy the machine is."""
    return [each if isinstance(each, str) else each.status for each in answers]


def _word(data: bytes) -> str:
    try:
        return str(json.loads(data)["status"])
    except (ValueError, LookupError, TypeError):
        return ""


def _ask(twin: Outside, request: Request) -> Answer | str:
    key = twin.key(request.principal) if request.principal else ""
    body = request.body
    if request.path == CREATE:
        body = b'{"name": "fingerprint %d"}' % time.monotonic_ns()
    began = time.monotonic()
    try:
        answer = twin.get(
            request.host,
            request.path,
            key=key,
            method=request.method,
            timeout=PATIENCE,
            body=body,
        )
    except urllib3.exceptions.HTTPError as error:
        return type(error).__name__
    return Answer(
        status=answer.status,
        content_type=answer.headers.get("content-type", "").partition(";")[0],
        from_balancer=answer.headers.get("server") == "awselb/2.0",
        word=_word(answer.data) if "/health" in request.path else "",
        limited=any("ratelimit" in name.lower() for name in answer.headers),
        huge=len(answer.data) > HUGE_BYTES,
        slow=time.monotonic() - began > SLOW_S,
    )
