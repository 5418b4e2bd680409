"""Answers and their symptoms: a row for each kind, and the rows that are nearly it."""

from __future__ import annotations

import pytest

from canary.diagnose.core.symptoms import (
    BALANCER_5XX,
    CONTROL,
    DATABASE,
    DOWN,
    EDGE,
    FRONT,
    UPSTREAM,
    Symptom,
    classify,
    describe,
    refuses_own_key,
)
from canary.model import Exchange
from tests.canary.support import platforms as p

S = Symptom

URL = "https://api.example.com/"


@pytest.mark.parametrize(
    ("failure", "symptom"),
    [
        ("dns", S.NO_NAME), ("refused", S.REFUSED), ("connect-timeout", S.NO_CONNECTION),
        ("unreachable", S.NO_CONNECTION), ("tls", S.TLS), ("reset", S.RESET),
        ("protocol", S.RESET), ("truncated", S.RESET), ("read-timeout", S.NO_ANSWER),
        ("deadline", S.NO_ANSWER), ("too-large", S.OVERSIZED), ("something new", S.UNKNOWN),
    ],
)  # fmt: skip
def test_no_answer(failure: str, symptom: S) -> None:
    assert classify(p.none(URL, failure)) is symptom


@pytest.mark.parametrize(
    ("status", "media", "symptom"),
    [
        (502, "text/html", S.BALANCER_502),
        (503, "text/html", S.BALANCER_503),
        (504, "text/html", S.BALANCER_504),
        (500, "text/html", S.BALANCER_FIXED),
        (503, "text/plain", S.BALANCER_FIXED),  # a rule of its own answers so
        (404, "text/html", S.BALANCER_404),
        (404, "text/plain", S.BALANCER_404),
        (301, "", S.WRONG_REDIRECT),
        (300, "", S.WRONG_REDIRECT),
        (399, "", S.WRONG_REDIRECT),
        (299, "", S.BALANCER_FIXED),
        (400, "", S.BALANCER_FIXED),
        (401, "text/html", S.BALANCER_FIXED),
    ],
)
def test_answers_that_the_balancer_made(status: int, media: str, symptom: S) -> None:
    made = p.answer(URL, status, "not authenticated", content_type=media, answered_by="balancer")
    assert classify(made) is symptom


SERVER = (500, 502, 503, 504)
ROWS: list[tuple[tuple[int, ...], str, S]] = [
    ((403,), "Invalid Host header", S.HOST_REJECTED),
    ((403,), "possible DNS rebinding", S.HOST_REJECTED),
    ((401, *SERVER), "Authentication service error", S.AUTH_UNAVAILABLE),
    ((401, *SERVER), "authentication service timeout", S.AUTH_UNAVAILABLE),
    ((401, *SERVER), "Auth service is unavailable", S.AUTH_UNAVAILABLE),
    ((401, *SERVER), "auth service unavailable", S.AUTH_UNAVAILABLE),
    ((401, *SERVER), "authentication is now unavailable", S.AUTH_UNAVAILABLE),
    (SERVER, "API key required", S.OWN_KEY_REFUSED),
    (SERVER, "invalid or expired API key", S.OWN_KEY_REFUSED),
    (SERVER, "invalid api key", S.OWN_KEY_REFUSED),
    (SERVER, "admin access required", S.OWN_KEY_REFUSED),
    ((400, 422), "Missing value for run_id", S.PARAMETER_MISSING),
    ((400, 422), "missing the required parameter", S.PARAMETER_MISSING),
    ((400, 422), "field required", S.PARAMETER_MISSING),
    ((401,), "rate limit exceeded", S.THROTTLED),
    ((401,), "API key required", S.NO_KEY_SEEN),
    ((401,), "Not authenticated", S.NO_KEY_SEEN),
    ((401,), "missing api key", S.NO_KEY_SEEN),
    ((401,), "missing key", S.NO_KEY_SEEN),
    ((401,), "no", S.KEY_REFUSED),
    ((402,), "", S.NO_BALANCE),
    ((403,), "no", S.FORBIDDEN),
    ((404,), "RESOURCE_DOES_NOT_EXIST", S.NO_SUCH_ENTITY),
    ((404,), "key not found", S.NO_SUCH_ENTITY),
    ((404,), "RESOURCE_NOT_FOUND", S.PROXY_404),
    ((404,), "ENDPOINT_NOT_FOUND", S.PROXY_404),
    ((404,), "no", S.NOT_MOUNTED),
    ((405,), "", S.METHOD),
    ((429,), "", S.THROTTLED),
    (SERVER, "password authentication failed for user", S.DATABASE_AUTH),
    (SERVER, "UndefinedTable", S.DATABASE_SCHEMA),
    (SERVER, "no such table: runs", S.DATABASE_SCHEMA),
    (SERVER, 'relation "runs" does not exist', S.DATABASE_SCHEMA),
    ((500,), "circuit_breaker: unknown", S.BREAKER_DOCUMENT),
    ((500,), "CircuitBreakerState: 'unknown'", S.BREAKER_DOCUMENT),
    ((502,), "circuit_breaker: unknown", S.APP_5XX),
    (SERVER, "the circuit breaker is now open", S.BREAKER_OPEN),
    (SERVER, "breaker is open", S.BREAKER_OPEN),
    (SERVER, '"state": "open"', S.BREAKER_OPEN),
    (SERVER, "Failed to connect to MLflow", S.UPSTREAM_UNREACHABLE),
    (SERVER, "mlflow server unreachable", S.UPSTREAM_UNREACHABLE),
    (SERVER, "mlflow: connection refused", S.UPSTREAM_UNREACHABLE),
    (SERVER, "MLflow: timeout", S.UPSTREAM_SLOW),
    (SERVER, "timeout of mlflow", S.UPSTREAM_SLOW),
    (SERVER, "artifact store", S.ARTIFACTS),
    ((501,), "artifacts_disabled", S.ARTIFACTS),
    ((503,), '"ready": false', S.NOT_READY),
    ((503,), "not ready", S.NOT_READY),
    ((503,), '"checks": {}', S.NOT_READY),
    ((503,), '"dependencies": {}', S.NOT_READY),
    ((503,), "unhealthy", S.NOT_READY),
    ((503,), "degraded", S.NOT_READY),
    ((500,), "unhealthy", S.APP_5XX),
    (SERVER, '"error_type": "x"', S.UPSTREAM_UNREACHABLE),
    (SERVER, "tracking_uri", S.UPSTREAM_UNREACHABLE),
    (SERVER, "no", S.APP_5XX),
    ((501, 505, 599), "password authentication failed", S.APP_5XX),
    ((300, 302, 399), "no", S.WRONG_REDIRECT),
    ((200, 299, 400, 410, 422), "no", S.WRONG_ANSWER),
    ((0,), "no", S.UNKNOWN),
]


@pytest.mark.parametrize(
    ("status", "body", "symptom"), [(n, body, s) for many, body, s in ROWS for n in many]
)
def test_answers_of_the_application(status: int, body: str, symptom: S) -> None:
    assert classify(p.answer(URL, status, body)) is symptom


def test_a_page_of_mlflows_server_is_told_from_an_answer_of_the_application() -> None:
    def page(body: str, media: str = "text/html", status: int = 404) -> S:
        return classify(p.answer(URL, status, body, content_type=media))

    assert page(p.WERKZEUG) is S.MLFLOW_404
    assert page("<title>404 Not Found</title>") is S.MLFLOW_404
    assert page("The requested URL was not found on the server. key not found") is S.MLFLOW_404
    assert page("<html>") is S.MLFLOW_404
    assert page("key not found") is S.NO_SUCH_ENTITY
    assert page(p.WERKZEUG, "application/json") is S.NOT_MOUNTED
    assert page(p.WERKZEUG, status=500) is S.APP_5XX


def test_the_sets_of_symptoms() -> None:
    assert {S.FRONT_LATE, S.FRONT_LOST} == FRONT
    assert FRONT | {S.NO_NAME, S.REFUSED, S.NO_CONNECTION, S.TLS, S.RESET} == EDGE
    assert {S.BALANCER_502, S.BALANCER_503, S.BALANCER_504} == BALANCER_5XX
    assert {S.DATABASE_AUTH, S.DATABASE_SCHEMA} == DATABASE
    assert {S.UPSTREAM_UNREACHABLE, S.UPSTREAM_SLOW, S.BREAKER_OPEN} == UPSTREAM
    assert {
        S.CONTROL_ECS, S.CONTROL_TARGETS, S.CONTROL_RULE, S.CONTROL_CERTIFICATE,
    } == CONTROL  # fmt: skip
    assert EDGE | BALANCER_5XX | UPSTREAM | DATABASE | {
        S.NO_ANSWER, S.AUTH_UNAVAILABLE, S.NOT_READY, S.APP_5XX, S.SLOW, S.ARTIFACTS,
    } == DOWN  # fmt: skip


@pytest.mark.parametrize(
    ("exchange", "line"),
    [
        (p.none(URL, "refused"), "no answer: refused"),
        (p.none(URL, "tls", failure_detail="expired"), "no answer: tls (expired)"),
        (p.answer(URL, 500, "a\n  b"), "500 application/json from the target: a b"),
        (p.answer(URL, 500, "", answered_by=""), "500 application/json"),
        (p.page(URL, 404), "404 text/html made by the load balancer"),
        (p.answer(URL, 204, "", content_type=""), "204 from the target"),
        (p.answer(URL, 500, "x" * 161), f"500 application/json from the target: {'x' * 160}"),
    ],
)
def test_an_answer_in_one_line(exchange: Exchange, line: str) -> None:
    assert describe(exchange) == line


def test_a_refusal_of_the_services_own_key() -> None:
    said = [refuses_own_key(t) for t in ("Invalid API key", "ADMIN access required", "api key")]
    assert said == [True, True, False]
