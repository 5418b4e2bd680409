"""What each fault of the library does to the edge: the platform's record of incidents, as a table.

Status, content type, who answered, the words, the time: what separates look-alikes. `status` 0 is
no answer, with the words of the client's error.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import urllib3

from sandbox.services.registry import keycheck
from tests.sandbox.support import classic as names
from tests.sandbox.support.twin import Outside

SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"
CREATE = "/api/mlflow/api/2.0/mlflow/experiments/create"
ARTIFACT = "/api/mlflow/api/2.0/mlflow-artifacts/artifacts/symptoms/probe.txt"
DELETE = "/api/mlflow/api/2.0/mlflow/registered-models/delete"
REGISTER = "/api/models/register"
DETAILED, LINK = "/health?detailed=true", "/api/health/mlflow"
HTML, JSON, TEXT = "text/html", "application/json", "text/plain"
BALANCER, TARGET = "balancer", "target"
REGISTRY, AUTH = names.REGISTRY_HOST, names.AUTH_HOST
SLOW_S, HUGE_BYTES = 0.95, 10_000_000
BLOCKING_S = 25.0
"""How long the API's blocking documents may take while a dependency does not answer."""
REMEMBERED_S = keycheck.CACHE_TTL_S / 10 + 1.0
"""How long a twin of the usual pace (10) answers from its cache, and a second more."""
TIMES = 40
"""How often is asked what shows now and then: one answer in five stays away once in 7,500."""


class Symptom(NamedTuple):
    """One answer at the edge that a fault leads to."""

    fault: str
    host: str
    path: str
    status: int
    content_type: str = ""
    who: str = ""
    body: str = ""
    principal: str = ""
    method: str = "GET"
    slow: bool = False
    huge: bool = False
    sometimes: bool = False
    without: str = ""
    """A header that is not there, though a healthy platform sends it."""
    patience_s: float = 6.0


NO_REDIS = '"redis":"unhealthy"'
NO_PATH = "RESOURCE_NOT_FOUND"
SYMPTOMS = [
    Symptom("mlflow-rule-missing", REGISTRY, "/mlflow/health", 401, JSON, TARGET, "required"),
    Symptom("api-rules-missing", REGISTRY, "/api/v1/models", 404, TEXT, BALANCER, "Not Found"),
    Symptom("mlflow-api-rule-missing", REGISTRY, SEARCH, 404, TEXT, BALANCER, "Not Found"),
    Symptom(
        "mlflow-api-rule-wrong-target", REGISTRY, SEARCH, 404, HTML, TARGET, "<!doctype", "valid"
    ),
    Symptom("catch-all-shadows-rules", REGISTRY, "/api/v1/models", 404, HTML, TARGET, "", "valid"),
    Symptom("rules-on-http-only", REGISTRY, "/health", 404, TEXT, BALANCER, "Not Found"),
    Symptom("api-group-detached", REGISTRY, "/health", 503, HTML, BALANCER, "503 Service"),
    Symptom("api-group-empty", REGISTRY, "/health", 503, HTML, BALANCER, "503 Service"),
    Symptom("api-listens-elsewhere", REGISTRY, "/health", 502, HTML, BALANCER, "502 Bad"),
    Symptom("api-blocked", REGISTRY, "/health", 504, HTML, BALANCER, "504 Gateway Time-out"),
    Symptom("auth-blocked", AUTH, "/health", 504, HTML, BALANCER, "504 Gateway Time-out"),
    Symptom("api-scaled-to-zero", REGISTRY, "/health", 503, HTML, BALANCER, "503 Service"),
    Symptom("auth-scaled-to-zero", AUTH, "/health", 503, HTML, BALANCER, "503 Service"),
    Symptom("auth-scaled-to-zero", REGISTRY, SEARCH, 503, JSON, TARGET, "", "valid"),
    Symptom("mlflow-scaled-to-zero", REGISTRY, SEARCH, 502, JSON, TARGET, "MLflow", "valid"),
    Symptom("mlflow-service-deleted", REGISTRY, "/mlflow/x", 503, HTML, BALANCER),
    Symptom("api-crash-loop", REGISTRY, "/health", 503, HTML, BALANCER),
    Symptom("auth-secret-placeholder", AUTH, "/health", 503, HTML, BALANCER),
    Symptom("wrong-command", REGISTRY, "/health", 503, HTML, BALANCER),
    Symptom("module-missing", AUTH, "/health", 503, HTML, BALANCER),
    Symptom("script-not-executable", REGISTRY, SEARCH, 502, JSON, TARGET, "MLflow", "valid"),
    Symptom("sidecar-essential-dies", REGISTRY, "/health", 503, HTML, BALANCER),
    Symptom("proxy-sidecar-dies", REGISTRY, SEARCH, 502, JSON, TARGET, "MLflow", "valid"),
    Symptom("execution-role-denied", REGISTRY, "/health", 503, HTML, BALANCER),
    Symptom("image-missing", REGISTRY, "/health", 503, HTML, BALANCER),
    Symptom("mlflow-url-unset", REGISTRY, "/health", 503, HTML, BALANCER, "503 Service"),
    Symptom("mlflow-token-missing", REGISTRY, LINK, 503, JSON, TARGET, "API key required"),
    Symptom("mlflow-token-missing", REGISTRY, SEARCH, 200, JSON, TARGET, "", "valid"),
    Symptom(
        "mlflow-url-wrong-namespace", REGISTRY, SEARCH, 502, JSON, TARGET, "hokusai.local", "valid"
    ),
    Symptom("service-id-wrong", REGISTRY, SEARCH, 401, JSON, TARGET, "Invalid or", "valid"),
    Symptom("host-header-rejected", REGISTRY, SEARCH, 403, TEXT, TARGET, "Invalid Host", "valid"),
    Symptom("discovery-missing", REGISTRY, SEARCH, 502, JSON, TARGET, "MLflow", "valid"),
    Symptom("key-unknown", REGISTRY, SEARCH, 401, JSON, TARGET, "Invalid or", "valid"),
    Symptom("key-without-scope", REGISTRY, SEARCH, 403, JSON, TARGET, "", "valid"),
    Symptom("authorization-stripped", REGISTRY, SEARCH, 401, JSON, TARGET, "required", "valid"),
    Symptom("no-protection", REGISTRY, SEARCH, 200, JSON, TARGET, "experiments"),
    Symptom("revoked-accepted", REGISTRY, SEARCH, 200, JSON, TARGET, "", "revoked"),
    Symptom("expired-accepted", REGISTRY, SEARCH, 200, JSON, TARGET, "", "expired"),
    Symptom("auth-down-misreported", REGISTRY, SEARCH, 401, JSON, TARGET, "", "valid"),
    Symptom("proxy-unmounted", REGISTRY, SEARCH, 404, JSON, TARGET, "Not Found", "valid"),
    Symptom("seed-2025-08-05", AUTH, "/health", 502, HTML, BALANCER, "502 Bad Gateway"),
    # MLflow's gateway, which that day did not have, cannot ask the auth service either
    Symptom("seed-2025-08-05", REGISTRY, SEARCH, 503, JSON, TARGET, "service error", "valid"),
    Symptom("seed-2025-08-05-as-reported", REGISTRY, SEARCH, 404, TEXT, BALANCER, "Not Found"),
    Symptom("registry-listener-missing", REGISTRY, "/health", 0, body="Failed to establish"),
    Symptom("auth-listener-missing", AUTH, "/health", 0, body="Failed to establish"),
    Symptom("auth-listener-missing", REGISTRY, SEARCH, 503, JSON, TARGET, "unavailable", "valid"),
    Symptom("edge-closed", REGISTRY, "/health", 0, body="timed out"),
    Symptom("certificate-expired", REGISTRY, "/health", 0, body="certificate has expired"),
    Symptom("certificate-wrong-name", REGISTRY, "/health", 0, body="doesn't match"),
    Symptom("certificate-untrusted", REGISTRY, "/health", 0, body="self-signed certificate"),
    Symptom("half-to-an-empty-group", REGISTRY, SEARCH, 503, HTML, BALANCER, sometimes=True),
    Symptom("mlflow-blocked-from-api", REGISTRY, LINK, 503, JSON, TARGET, "Timeout", slow=True),
    Symptom("discovery-stale", REGISTRY, LINK, 503, JSON, TARGET, "Timeout", slow=True),
    Symptom("redis-blocked-from-api", REGISTRY, DETAILED, 200, JSON, TARGET, NO_REDIS, slow=True),
    Symptom("redis-slow", REGISTRY, SEARCH, 401, JSON, TARGET, "", "revoked", slow=True),
    Symptom("redis-down", REGISTRY, DETAILED, 200, JSON, TARGET, NO_REDIS),
    Symptom("redis-silent", REGISTRY, SEARCH, 0, body="Read timed out", principal="valid"),
    Symptom("database-silent", AUTH, "/ready", 503, JSON, TARGET, '"database":false', slow=True),
    Symptom("mlflow-silent", REGISTRY, LINK, 503, JSON, TARGET, "timed out", slow=True),
    Symptom("redis-token-wrong", REGISTRY, DETAILED, 200, JSON, TARGET, NO_REDIS),
    Symptom("redis-host-not-injected", REGISTRY, DETAILED, 200, JSON, TARGET, NO_REDIS),
    Symptom("redis-parameter-deleted", REGISTRY, "/health", 503, HTML, BALANCER),
    Symptom("api-password-not-injected", REGISTRY, "/health", 503, HTML, BALANCER),
    Symptom("auth-crash-loop", AUTH, "/health", 503, HTML, BALANCER),
    Symptom("auth-crash-loop", REGISTRY, SEARCH, 503, JSON, TARGET, "service error", "valid"),
    Symptom("image-for-arm", AUTH, "/health", 503, HTML, BALANCER),
    Symptom("auth-url-wrong", REGISTRY, SEARCH, 503, JSON, TARGET, "unavailable", "valid"),
    Symptom("auth-schema-missing", AUTH, "/ready", 503, JSON, TARGET, '"database":false'),
    Symptom("mlflow-url-is-public", REGISTRY, LINK, 503, JSON, TARGET, "404"),
    Symptom("mlflow-url-is-public", REGISTRY, SEARCH, 200, JSON, TARGET, "", "valid"),
    Symptom("proxy-prefix-wrong", REGISTRY, SEARCH, 404, JSON, TARGET, NO_PATH, "valid"),
    Symptom("mlflow-url-pinned", REGISTRY, LINK, 503, JSON, TARGET, "Timeout", slow=True),
    Symptom("mlflow-out-of-memory", REGISTRY, SEARCH, 502, JSON, TARGET, "MLflow", "valid"),
    Symptom(
        "database-down", REGISTRY, "/ready", 503, JSON, TARGET, "connection to server",
        patience_s=BLOCKING_S,
    ),
    Symptom("database-down", AUTH, "/ready", 503, JSON, TARGET, '"database":false'),
    Symptom(
        "database-password-changed", REGISTRY, "/ready", 503, JSON, TARGET, "connection to",
        patience_s=BLOCKING_S,
    ),
    Symptom("database-blocked-from-mlflow", REGISTRY, SEARCH, 502, JSON, TARGET, "", "valid"),
    Symptom("database-name-wrong", REGISTRY, SEARCH, 502, JSON, TARGET, "MLflow", "valid"),
    Symptom("database-user-wrong", REGISTRY, SEARCH, 502, JSON, TARGET, "MLflow", "valid"),
    Symptom("database-write-lock", REGISTRY, CREATE, 0, "", "", "timed out", "valid", "POST"),
    Symptom("database-full", REGISTRY, CREATE, 503, JSON, TARGET, "No space left", "valid", "POST"),
    Symptom("database-failing-over", AUTH, "/ready", 503, JSON, TARGET, '"database":false'),
    Symptom("database-stopped", AUTH, "/ready", 503, JSON, TARGET, '"database":false', slow=True),
    Symptom("database-connections-taken", AUTH, "/ready", 503, JSON, TARGET, '"database":false'),
    Symptom(
        "cache-deleted", REGISTRY, DETAILED, 200, JSON, TARGET, NO_REDIS, slow=True,
        patience_s=BLOCKING_S,
    ),
    Symptom("mlflow-paths-blocked", REGISTRY, SEARCH, 403, HTML, BALANCER, "Forbidden", "valid"),
    Symptom(
        "acl-denies-database", AUTH, "/ready", 503, JSON, TARGET, '"database":false', slow=True
    ),
    Symptom("acl-drops-answers", REGISTRY, "/health", 504, HTML, BALANCER, "504 Gateway Time-out"),
    Symptom("acl-drops-answers", AUTH, "/health", 504, HTML, BALANCER, "504 Gateway Time-out"),
    # the API asks the auth service by its public name, on the way that is lost
    Symptom("route-deleted", REGISTRY, SEARCH, 503, JSON, TARGET, "service timeout", "valid"),
    Symptom("nat-deleted", REGISTRY, SEARCH, 503, JSON, TARGET, "service timeout", "valid"),
    Symptom("no-capacity", REGISTRY, SEARCH, 502, JSON, TARGET, "MLflow", "valid"),
    Symptom("vcpu-quota-reached", REGISTRY, SEARCH, 502, JSON, TARGET, "MLflow", "valid"),
    Symptom("subnet-full", REGISTRY, SEARCH, 502, JSON, TARGET, "MLflow", "valid"),
    Symptom("artifact-bucket-denied", REGISTRY, ARTIFACT, 500, HTML, TARGET, "", "valid", "PUT"),
    Symptom(
        "artifacts-not-served", REGISTRY, ARTIFACT, 503, HTML, TARGET, "--serve-artifacts",
        "valid", "PUT",
    ),
    Symptom(
        "rate-limit-headers-missing", REGISTRY, SEARCH, 200, JSON, TARGET, "", "valid",
        without="x-ratelimit-limit",
    ),
    Symptom(
        "proxy-drops-body", REGISTRY, DELETE, 400, JSON, TARGET, "Missing value", "valid", "DELETE"
    ),
    Symptom("read-only-key-writes", REGISTRY, REGISTER, 422, JSON, TARGET, "", "read-only", "POST"),
    Symptom("detailed-health-fails", REGISTRY, DETAILED, 500, JSON, TARGET, "Internal server"),
    Symptom("breaker-document-fails", REGISTRY, "/health/mlflow", 500, JSON, TARGET, "UNKNOWN"),
    Symptom("health-lies", REGISTRY, SEARCH, 502, JSON, TARGET, "MLflow", "valid"),
    Symptom("health-lies", REGISTRY, DETAILED, 200, JSON, TARGET, '"mlflow":"healthy"'),
    Symptom("mlflow-slow", REGISTRY, SEARCH, 200, JSON, TARGET, "", "valid", slow=True),
    Symptom("api-hangs", REGISTRY, "/api/v1/models", 0, body="Read timed out"),
    Symptom("api-header-drip", REGISTRY, "/api/v1/models", 0, body="Read timed out"),
    Symptom("api-resets", REGISTRY, "/api/v1/models", 0, body="IncompleteRead"),
    Symptom("api-huge-body", REGISTRY, "/api/v1/models", 200, JSON, TARGET, huge=True),
    Symptom("one-in-five-fails", REGISTRY, SEARCH, 500, JSON, TARGET, "", "valid", sometimes=True),
]  # fmt: skip


def shown(twin: Outside, symptom: Symptom) -> str:
    """Return what is not as the table says, "" where the symptom shows.

    A key that was admitted just before the fault is admitted from the API's cache for a while.
    """
    until = time.monotonic() + REMEMBERED_S
    asked = 0
    while problem := _problem(twin, symptom):
        asked += 1
        if time.monotonic() > until and (not symptom.sometimes or asked >= TIMES):
            break
        time.sleep(0 if symptom.sometimes else 0.5)
    return problem


def _problem(twin: Outside, symptom: Symptom) -> str:
    key = twin.key(symptom.principal) if symptom.principal else ""
    body = b'{"name": "symptom %d"}' % time.monotonic_ns() if symptom.method != "GET" else None
    patience = urllib3.Timeout(connect=1.5, read=symptom.patience_s)
    began = time.monotonic()
    try:
        answer = twin.get(
            symptom.host, symptom.path, key=key, method=symptom.method, body=body, timeout=patience
        )
    except urllib3.exceptions.HTTPError as error:
        return "" if symptom.status == 0 and symptom.body in str(error) else f"{error}"
    who = BALANCER if answer.headers.get("server") == "awselb/2.0" else TARGET
    holds = (
        answer.status == symptom.status
        and answer.headers.get("content-type", "").startswith(symptom.content_type)
        and who == symptom.who
        and symptom.body in answer.data.decode(errors="replace")
        and (not symptom.slow or time.monotonic() - began >= SLOW_S)
        and (not symptom.huge or len(answer.data) >= HUGE_BYTES)
        and (not symptom.without or symptom.without not in answer.headers)
    )
    return "" if holds else f"{answer.status} {who} {answer.headers} {answer.data[:300]!r}"
