"""The API's authentication middleware, shared with MLflow's gateway."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.services.base import settings
from sandbox.services.base.fetch import Answer, FetchFailedError, FetchTimeoutError, fetch
from sandbox.services.base.web import Request, Response, json_response
from sandbox.services.registry.eventloop import EventLoop
from sandbox.services.wire import redis as resp

CACHE_TTL_S = 60.0
AUTH_TIMEOUT_S = 5.0
HOUR_S = 3600.0
ADMIN_SCOPES = {"admin", "mlflow:admin", "registry:admin", "model-registry:admin"}
WRITE_SCOPES = {
    "model:write", "mlflow:write", "mlflow:access", "admin", "mlflow:admin", "write", "full_access",
}  # fmt: skip
WRITE_METHODS = ("POST", "PUT", "PATCH", "DELETE")
WRITTEN = {
    "runs": "create update delete restore log-metric log-parameter log-batch set-tag",
    "experiments": "create update delete restore set-experiment-tag",
    "registered-models": "create update delete rename set-tag",
    "model-versions": "create update delete set-tag transition-stage",
}
WRITE_PATHS = [f"/mlflow/{kind}/{act}" for kind, acts in WRITTEN.items() for act in acts.split()]
READ_PATHS = ("/search", "/get", "/list", "/download")
SERVICE_ERROR = "Authentication service error"


@dataclass(frozen=True)
class Caller:
    """An admitted caller, its scopes and the headers of its responses."""

    key_id: str
    user_id: str
    headers: dict[str, str]
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class KeyCheck:
    """Validates keys with the auth service, and caches valid ones for a minute."""

    auth_url: str
    service_id: str
    cache: resp.Cache | None
    legacy_errors: bool = False
    rate_limit_headers: bool = False
    write_scope: bool = False
    """Whether every write needs a write scope, as it should, or the proxy's own routes alone."""
    timeout_s: float = AUTH_TIMEOUT_S
    loop: EventLoop = field(default_factory=EventLoop)
    """What waits while the cache is asked."""

    def admit(self, request: Request, registry_path: bool) -> Caller | Response:
        """Return the caller, or the response that refuses the request."""
        api_key = extract_key(request)
        if not api_key:
            return json_response(401, {"detail": "API key required"})
        record, cache_works = self._validate(api_key, request)
        if isinstance(record, Response):
            return record
        refused = self._authorise(record, request, registry_path)
        if refused is not None:
            return refused
        headers = self._limit_headers(record, cache_works) if self.rate_limit_headers else {}
        scopes = frozenset(record.get("scopes") or ())
        return Caller(str(record.get("key_id")), str(record.get("user_id")), headers, scopes)

    def debit(self, caller: Caller, path: str) -> Response | None:
        """Debit a call outside the registry paths; return the refusal, or None."""
        url = f"{self.auth_url}/api/v1/usage/{caller.key_id}/debit"
        body = {"endpoint": path, "service_id": self.service_id, "predictions_count": 1}
        headers = {"Content-Type": "application/json"}
        try:
            answer = fetch("POST", url, headers, json.dumps(body).encode(), self.timeout_s)
        except (FetchTimeoutError, FetchFailedError) as error:
            settings.log(f"WARNING:  Failed to debit usage: {error}")  # and the call goes on
            return None
        if answer.status != 402:
            return None
        return json_response(402, {"error": "usage_debit_rejected", "reason_code": None})

    def _validate(self, api_key: str, request: Request) -> tuple[dict[str, Any] | Response, bool]:
        name = f"api_key:validation:{api_key}"
        works = self.cache is not None
        try:
            cached = self._cached(name)
        except resp.CacheError:
            works, cached = False, None
        if cached:
            return json.loads(cached), works
        record = self._ask(api_key, request)
        if isinstance(record, Response):
            return record, works
        try:
            if self.cache:
                with self.loop.held():
                    self.cache.put(name, json.dumps(record), settings.scaled(CACHE_TTL_S))
        except resp.CacheError:
            works = False
        return record, works

    def _cached(self, name: str) -> bytes | None:
        if self.cache is None:
            return None
        with self.loop.held():
            return self.cache.get(name)

    def _ask(self, api_key: str, request: Request) -> dict[str, Any] | Response:
        client = request.headers.get("x-forwarded-for", request.peer).split(",")[0].split(":")[0]
        question = {"service_id": self.service_id, "client_ip": client}
        headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        url = f"{self.auth_url}/api/v1/keys/validate"
        try:
            answer = fetch("POST", url, headers, json.dumps(question).encode(), self.timeout_s)
        except FetchTimeoutError as error:
            settings.log(f"ERROR:    Auth service timeout: {url}: {error}")
            return self._dependency_broken("Authentication service timeout")
        except FetchFailedError as error:
            settings.log(f"ERROR:    Auth service unavailable: {url}: {error}")
            return self._dependency_broken("Authentication service unavailable")
        return self._judge(answer)

    def _judge(self, answer: Answer) -> dict[str, Any] | Response:
        if answer.status == 401:
            settings.log(f"WARNING:  Auth service refused the key: {answer.body[:200]!r}")
            return json_response(401, {"detail": "Invalid or expired API key"})
        if answer.status == 429:
            detail = {"detail": "Rate limit exceeded"}
            if self.legacy_errors:
                return json_response(401, detail)
            return json_response(429, detail, {"Retry-After": "60"})
        if answer.status != 200:
            settings.log(f"ERROR:    Auth service returned {answer.status}")
            return self._dependency_broken(SERVICE_ERROR)
        try:
            record = json.loads(answer.body)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            if self.legacy_errors:
                return json_response(500, {"detail": "Internal Server Error"})
            return json_response(401, {"detail": SERVICE_ERROR})
        limits = {k.lower(): v for k, v in answer.headers if k.lower().startswith("x-ratelimit")}
        return {**record, "limits": limits}

    def _dependency_broken(self, text: str) -> Response:
        if self.legacy_errors:
            return json_response(401, {"detail": text})
        return json_response(503, {"detail": text}, {"Retry-After": "1"})

    def _authorise(
        self, record: dict[str, Any], request: Request, registry_path: bool
    ) -> Response | None:
        scopes = set(record.get("scopes") or ())
        if registry_path:
            roles = scopes | set(record.get("roles") or ())
            if self.legacy_errors or record.get("is_admin") or roles & ADMIN_SCOPES:
                return None
            detail = "Admin access required for the model registry"
            return json_response(403, {"detail": detail, "error": "REGISTRY_ADMIN_REQUIRED"})
        if record.get("has_sufficient_balance") is False:
            return json_response(402, {"detail": "Insufficient balance"})
        if self.legacy_errors or scopes & WRITE_SCOPES:
            return None
        if self.write_scope:
            written = request.method in WRITE_METHODS
        else:
            written = writes_to_mlflow(request.method, request.path)
        return _forbidden(scopes) if written else None

    def _limit_headers(self, record: dict[str, Any], cache_works: bool) -> dict[str, str]:
        limit = int(record.get("rate_limit_per_hour") or 1000)
        hour, used = int(time.time() // HOUR_S), 1
        try:
            if cache_works and self.cache:
                used = self.cache.count(f"api:rate:{record.get('key_id')}:{hour}", HOUR_S)
        except resp.CacheError:
            used = 1  # the limiter never stands in the way
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - used)),
            "X-RateLimit-Reset": str(int((hour + 1) * HOUR_S)),
        }


def extract_key(request: Request) -> str:
    """Find the key: Bearer, ApiKey, X-API-Key, ?api_key=; the schemes are case-sensitive."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme in ("Bearer", "ApiKey") and value:
        return value
    return request.headers.get("x-api-key") or request.query.get("api_key", "")


def _forbidden(scopes: set[str]) -> Response:
    required = "model:write or mlflow:write"
    return json_response(
        403,
        {
            "detail": "Insufficient permissions for this operation",
            "error": "FORBIDDEN",
            "message": f"This operation requires write permissions: {required}",
            "required_scope": required,
            "current_scopes": sorted(scopes),
        },
    )


def writes_to_mlflow(method: str, path: str) -> bool:
    """Return whether the deployed API takes a call for a write: MLflow's own paths alone."""
    lower = path.lower()
    if any(piece in lower for piece in (*WRITE_PATHS, "/mlflow-artifacts/")):
        return True
    written = method in WRITE_METHODS and "/mlflow/" in lower
    return written and not any(piece in lower for piece in READ_PATHS)
