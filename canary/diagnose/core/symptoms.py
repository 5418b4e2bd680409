"""Classify answers: by status, media type, sender (balancer or target), words of the body.

The table comes from the platform's incidents. A symptom describes an answer at the edge, never its
cause.
"""

from __future__ import annotations

import re
from enum import StrEnum

from canary.diagnose.stores import refusals
from canary.model import Exchange
from canary.model.principals import BASIC


class Symptom(StrEnum):
    """The kind of failure that one step met."""

    NO_NAME = "the name does not resolve"
    REFUSED = "the connection is refused"
    NO_CONNECTION = "no connection within the time"
    TLS = "the TLS handshake fails"
    RESET = "the connection breaks"
    NO_ANSWER = "no complete answer within the time"
    OVERSIZED = "the answer is larger than allowed"
    FRONT_LATE = "the network before the load balancer waits for it in vain"
    FRONT_LOST = "the network before the load balancer is refused by it, or breaks off"
    BALANCER_404 = "the load balancer answers 404: no rule on this listener"
    BALANCER_FIXED = "the load balancer answers by itself"
    BALANCER_502 = "502 made by the load balancer: the target refuses, resets or answers malformed"
    BALANCER_503 = "503 made by the load balancer: the target group has no usable target"
    BALANCER_504 = "504 made by the load balancer: the target does not connect or answer in time"
    MLFLOW_404 = "404 page of MLflow's web server: the request reached MLflow past the API"
    NOT_MOUNTED = "404 of the application: no such route"
    PROXY_404 = "404 through the proxy: MLflow does not know the path"
    NO_SUCH_ENTITY = "404: the entity does not exist"
    NO_KEY_SEEN = "401: no key was seen"
    KEY_REFUSED = "401: the key was refused"
    AUTH_UNAVAILABLE = "the API could not ask the auth service"
    HOST_REJECTED = "403: the Host header was rejected"
    FORBIDDEN = "403: the key may not do this"
    THROTTLED = "429: too many requests"
    NO_BALANCE = "402: no balance"
    UPSTREAM_UNREACHABLE = "502 of the proxy: MLflow cannot be reached"
    UPSTREAM_SLOW = "504 of the proxy: MLflow does not answer in time"
    BREAKER_OPEN = "the circuit breaker to MLflow is open"
    BREAKER_DOCUMENT = "the circuit breaker's document fails"
    OWN_KEY_REFUSED = "a dependency refuses the service's own question"
    NOT_READY = "the service says that it is not ready, or a dependency is not healthy"
    DATABASE_AUTH = "the database refuses the login"
    DATABASE_SCHEMA = "the database lacks a table"
    ARTIFACTS = "the artifact store fails"
    APP_5XX = "the application answers with an error of its own"
    METHOD = "405: the method is not allowed"
    PARAMETER_MISSING = "400: a parameter that was sent is missing"
    ACCEPTED = "accepted although it must be refused"
    NO_RATE_HEADERS = "no rate limit headers"
    SLOW = "slower than allowed"
    WRONG_REDIRECT = "redirected elsewhere"
    WRONG_ANSWER = "another answer than expected"
    CONTROL_ECS = "the ECS service is not as wanted"
    CONTROL_TARGETS = "the target group is not as wanted"
    CONTROL_RULE = "the listener rules do not lead where they must"
    CONTROL_CERTIFICATE = "the certificate is not as wanted"
    UNKNOWN = "the canary could not tell"


S = Symptom

FRONT = frozenset({S.FRONT_LATE, S.FRONT_LOST})
EDGE = FRONT | {S.NO_NAME, S.REFUSED, S.NO_CONNECTION, S.TLS, S.RESET}
BALANCER_5XX = frozenset({S.BALANCER_502, S.BALANCER_503, S.BALANCER_504})
DATABASE = frozenset({S.DATABASE_AUTH, S.DATABASE_SCHEMA})
UPSTREAM = frozenset({S.UPSTREAM_UNREACHABLE, S.UPSTREAM_SLOW, S.BREAKER_OPEN})
CONTROL = frozenset({S.CONTROL_ECS, S.CONTROL_TARGETS, S.CONTROL_RULE, S.CONTROL_CERTIFICATE})
# Symptoms that an outage behind the edge can have; all others are more specific.
DOWN = (
    EDGE
    | BALANCER_5XX
    | UPSTREAM
    | DATABASE
    | frozenset({S.NO_ANSWER, S.AUTH_UNAVAILABLE, S.NOT_READY, S.APP_5XX, S.SLOW, S.ARTIFACTS})
)

# the last words are those of MLflow's own login (`--app-name basic-auth`)
_OWN_KEY_REFUSED = (
    r"you are not authenticated\. please see|api key required|invalid (or expired )?api key"
    r"|admin access required"
)
_FAILURES = {
    "dns": S.NO_NAME,
    "refused": S.REFUSED,
    "connect-timeout": S.NO_CONNECTION,
    "unreachable": S.NO_CONNECTION,
    "tls": S.TLS,
    "reset": S.RESET,
    "protocol": S.RESET,
    "truncated": S.RESET,
    "read-timeout": S.NO_ANSWER,
    "deadline": S.NO_ANSWER,
    "too-large": S.OVERSIZED,
}

# an error of a database's driver as SQLAlchemy quotes it, before the server's own words
_DRIVER = r"\((?:psycopg2?|asyncpg|pymysql|mysqldb|mysql\.connector)\.[\w.]{1,80}\)[^\n]{0,400}?"


def _quoted(*causes: str) -> str:
    """Return a pattern for what a driver quotes of a database that refuses for these causes."""
    return rf"{_DRIVER}(?:{'|'.join(map(refusals.words_of, causes))})"


# (statuses, words of the body, symptom); the first row that fits decides.
_BODIES: tuple[tuple[frozenset[int], re.Pattern[str], Symptom], ...] = tuple(
    (frozenset(statuses), re.compile(words, re.IGNORECASE), symptom)
    for statuses, words, symptom in (
        ((403,), r"invalid host header|dns rebinding", S.HOST_REJECTED),
        (
            (401, 500, 502, 503, 504),
            r"authentication service (error|timeout|unavailable)|auth service (is )?unavailable"
            r"|authentication.{0,20}unavailable",
            S.AUTH_UNAVAILABLE,
        ),
        ((500, 502, 503, 504), _OWN_KEY_REFUSED, S.OWN_KEY_REFUSED),
        # MLflow answers 400 for SQLAlchemy's errors (mlflow/store/db/utils.py), but for
        # OperationalError: a 5xx in all but its number
        ((400,), _quoted(refusals.AUTH), S.DATABASE_AUTH),
        ((400,), _quoted(refusals.SCHEMA), S.DATABASE_SCHEMA),
        ((400,), _quoted(*refusals.OF_DATABASE), S.APP_5XX),
        ((400, 422), r"missing (value|.{0,40}\bparameter)|field required|required parameter",
         S.PARAMETER_MISSING),
        ((401,), r"rate limit", S.THROTTLED),
        ((401,), r"api key required|not authenticated|missing (api )?key", S.NO_KEY_SEEN),
        ((401,), r"", S.KEY_REFUSED),
        ((402,), r"", S.NO_BALANCE),
        ((403,), r"", S.FORBIDDEN),
        ((404,), r"resource_does_not_exist|key not found", S.NO_SUCH_ENTITY),
        ((404,), r"resource_not_found|endpoint_not_found", S.PROXY_404),
        ((405,), r"", S.METHOD),
        ((429,), r"", S.THROTTLED),
        ((500, 502, 503, 504), refusals.words_of(refusals.AUTH), S.DATABASE_AUTH),
        ((500, 502, 503, 504), refusals.words_of(refusals.SCHEMA), S.DATABASE_SCHEMA),
        ((500,), r"circuit.?breaker\w*\W{1,9}unknown", S.BREAKER_DOCUMENT),
        ((500, 502, 503, 504), r"circuit.?breaker.{0,40}open|breaker is open|\"open\"",
         S.BREAKER_OPEN),
        ((500, 502, 503, 504), r"failed to connect to mlflow|mlflow.{0,40}(unreachable|connection)",
         S.UPSTREAM_UNREACHABLE),
        ((500, 502, 503, 504), r"mlflow.{0,40}timeout|timeout.{0,40}mlflow", S.UPSTREAM_SLOW),
        ((500, 501, 502, 503, 504), r"artifacts?_disabled|artifact", S.ARTIFACTS),
        ((503,), r"\"ready\"|not ready|\"(checks|dependencies)\"|unhealthy|degraded", S.NOT_READY),
        ((500, 502, 503, 504), r"\"error_type\"|tracking_uri", S.UPSTREAM_UNREACHABLE),
    )
)  # fmt: skip
# a gateway's time-out; Cloudflare's for connecting and for the answer
_WAITED_FOR = frozenset({504, 522, 524})
# a statement of SQL, to its end or to that of the text: MLflow's tables have artifact_uri
_SQL = re.compile(
    r"\[SQL: .*|\binsert into \S+ ?\(.*|\bupdate \S+ set .*|\bdelete from \S+ .*"
    r"|\bselect .{1,4000}? from .*",
    re.IGNORECASE | re.DOTALL,
)
_WERKZEUG = re.compile(r"the requested url was not found on the server|<title>404 not found", re.I)


def classify(exchange: Exchange) -> Symptom:
    """Return the symptom that an unexpected answer shows."""
    if exchange.failure:
        return _FAILURES.get(exchange.failure, S.UNKNOWN)
    if exchange.answered_by == "balancer":
        return _balancer(exchange)
    if exchange.answered_by == "front":
        return S.FRONT_LATE if exchange.status in _WAITED_FOR else S.FRONT_LOST
    body = exchange.excerpt
    html = "html" in exchange.content_type
    if exchange.status == 404 and html and _WERKZEUG.search(body):
        return S.MLFLOW_404
    plain = _SQL.sub("", body)
    for statuses, words, symptom in _BODIES:
        text = plain if symptom is S.ARTIFACTS else body
        if exchange.status in statuses and words.search(text):
            return _of_basic(exchange) if symptom is S.NO_KEY_SEEN else symptom
    return _by_status(exchange, html)


def _of_basic(exchange: Exchange) -> Symptom:
    """Return what a 401 without a key says: who asks for Basic says the same of a wrong pair."""
    answered = exchange.challenge.lower() == BASIC == exchange.header_form
    return S.KEY_REFUSED if answered else S.NO_KEY_SEEN


def _balancer(exchange: Exchange) -> Symptom:
    page = "html" in exchange.content_type
    made = {502: S.BALANCER_502, 503: S.BALANCER_503, 504: S.BALANCER_504}
    if page and exchange.status in made:
        return made[exchange.status]
    if exchange.status == 404:
        return S.BALANCER_404
    return S.WRONG_REDIRECT if 300 <= exchange.status < 400 else S.BALANCER_FIXED


def _by_status(exchange: Exchange, html: bool) -> Symptom:
    status = exchange.status
    if status == 404:
        return S.MLFLOW_404 if html else S.NOT_MOUNTED
    if status >= 500:
        return S.APP_5XX
    if 300 <= status < 400:
        return S.WRONG_REDIRECT
    return S.WRONG_ANSWER if status else S.UNKNOWN


def refuses_own_key(body: str) -> bool:
    """Return whether a document reports that a dependency refused the service's own question."""
    return re.search(_OWN_KEY_REFUSED, body, re.IGNORECASE) is not None


def describe(exchange: Exchange) -> str:
    """Describe an answer and its sender in one line."""
    if exchange.failure:
        detail = f" ({exchange.failure_detail})" if exchange.failure_detail else ""
        return f"no answer: {exchange.failure}{detail}"
    if not exchange.status and exchange.answered:
        said = f": {exchange.excerpt[:160]}" if exchange.excerpt else ""
        return f"connected, {exchange.body_bytes} bytes came{said}"
    by = {
        "balancer": " made by the load balancer",
        "front": " made by the network before the load balancer",
        "target": " from the target",
    }
    excerpt = " ".join(exchange.excerpt.split())[:160]
    tail = f": {excerpt}" if excerpt else ""
    media = f" {exchange.content_type}" if exchange.content_type else ""
    return f"{exchange.status}{media}{by.get(exchange.answered_by, '')}{tail}"
