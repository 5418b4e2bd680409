"""The auth service, which creates, validates and revokes keys."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sandbox.services.base import behaviour, documents, settings
from sandbox.services.base.web import Request, Response, json_response, not_found, serve
from sandbox.services.keys import admin as auth_admin
from sandbox.services.keys import records as auth_keys
from sandbox.services.keys import validation
from sandbox.services.keys.store import Store
from sandbox.services.wire import redis as resp
from sandbox.services.wire.postgres import DatabaseError, Dsn, UndefinedTableError

TITLE, VERSION = "Hokusai Authentication Service", "1.0.0"
PATHS = (
    "/", "/health", "/ready", "/metrics", "/api/v1/keys", "/api/v1/keys/validate",
    "/api/v1/keys/{key_id}", "/api/v1/keys/{key_id}/rotate", "/api/v1/usage/{key_id}",
    "/api/v1/usage/{key_id}/debit",
)  # fmt: skip
CACHE_TTL_S = 300.0
HOUR_S = 3600.0
SECURITY_HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class AuthService:
    """The routes over a store, a cache and an admin token."""

    store: Store
    cache: resp.Cache
    admin_token: str
    behaviour: behaviour.Behaviour

    def route(self, request: Request) -> Response:
        """Answer a request; database trouble becomes a 500 with its text, as deployed."""
        try:
            response = self._dispatch(request)
        except UndefinedTableError as error:
            settings.log(f"ERROR:    sqlalchemy.exc.ProgrammingError: {error}")
            response = json_response(500, {"detail": f"UndefinedTable: {error}"})
        except DatabaseError as error:
            settings.log(f"ERROR:    sqlalchemy.exc.OperationalError: {error}")
            response = json_response(500, {"detail": "Internal Server Error"})
        return Response(response.status, response.body, {**response.headers, **SECURITY_HEADERS})

    def _dispatch(self, request: Request) -> Response:
        path = request.path.removeprefix("/auth") if request.path != "/auth" else "/"
        published = self._published(path)
        if published is not None:
            return published() if request.method == "GET" else documents.method_not_allowed()
        if path == "/api/v1/keys/validate" and request.method == "POST":
            return self._validate(request)
        if path.startswith("/api/v1/usage/"):
            posted = request.method == "POST"
            return self._usage(path) if posted else documents.method_not_allowed("POST")
        if path == "/api/v1/keys" or path.startswith("/api/v1/keys/"):
            return auth_admin.manage(request, path, self.store, self.cache, self.admin_token)
        return not_found()

    def _published(self, path: str) -> Callable[[], Response] | None:
        """Return the function that makes a path's document, or None."""
        health = {"status": "healthy", "service": "auth", "version": VERSION}
        root = {"service": TITLE, "version": VERSION, "status": "operational"}
        found: dict[str, Callable[[], Response]] = {
            "/": lambda: json_response(200, root),
            "/ready": self._ready,
            "/docs": lambda: documents.page(TITLE),
            "/openapi.json": lambda: documents.interface(TITLE, VERSION, PATHS),
            "/metrics": lambda: documents.text("# no metrics\n"),
            **dict.fromkeys(("/health", "/live", "/version"), lambda: json_response(200, health)),
        }
        return found.get(path)

    def _ready(self) -> Response:
        lying = self.behaviour.has("lying-health")
        try:
            self.store.check()
        except DatabaseError as error:
            settings.log(f"ERROR:    readiness: {error}")
            if not lying:
                return json_response(503, {"status": "not ready", "checks": {"database": False}})
        return json_response(200, {"status": "ready", "checks": {"database": True}})

    def _usage(self, path: str) -> Response:
        self.store.record_usage(path.split("/")[4])
        return json_response(200, {"status": "recorded"})

    def _validate(self, request: Request) -> Response:
        body = request.json()
        api_key = presented_key(request) or str(body.get("api_key") or "")
        if not api_key:
            return json_response(401, {"detail": "API key required"})
        question = validation.Question(
            service_id=str(body.get("service_id") or ""),
            required_scope=str(body.get("required_scope") or ""),
            client_ip=str(body.get("client_ip") or ""),
        )
        record, cache_works = self._lookup(api_key)
        refused = validation.refusal(record, question, self.behaviour)
        if refused or record is None:
            settings.log(f"WARNING:  validation refused: {refused}")
            return json_response(401, {"is_valid": False, "error": refused, "detail": refused})
        return self._limited(record, cache_works)

    def _lookup(self, api_key: str) -> tuple[auth_keys.KeyRecord | None, bool]:
        """Return the record, from the cache where possible, and whether the cache works."""
        name = f"auth:key:{auth_keys.digest(api_key)}"
        works, cached = True, None
        try:
            cached = self.cache.get(name)
        except resp.CacheError:
            works = False
        if cached:
            values = json.loads(cached)
            values |= {k: tuple(values[k]) for k in ("scopes", "allowed_ips")}
            return auth_keys.KeyRecord(**values), True
        record = self.store.find(api_key)
        if works and record is not None and record.is_active:
            try:
                text = json.dumps(record.__dict__)
                self.cache.put(name, text, settings.scaled(CACHE_TTL_S))
            except resp.CacheError:
                works = False
        return record, works

    def _limited(self, record: auth_keys.KeyRecord, cache_works: bool) -> Response:
        limit, used = record.rate_limit_per_hour, 1
        hour = int(time.time() // HOUR_S)
        if cache_works:
            try:
                used = self.cache.count(f"auth:rate:{record.key_id}:{hour}", HOUR_S)
            except resp.CacheError:
                used = 1  # the limiter lets everyone through without its counter
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - used)),
            "X-RateLimit-Reset": str(int((hour + 1) * HOUR_S)),
        }
        if self.behaviour.has("no-rate-limit-headers"):
            headers = {}
        if used > limit:
            detail = {"detail": "Rate limit exceeded"}
            return json_response(429, detail, {**headers, "Retry-After": "60"})
        return json_response(200, validation.document(record), headers)


def presented_key(request: Request) -> str:
    """Return the key of the Authorization or X-API-Key header, or an empty string."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme == "Bearer" and value:
        return value
    return request.headers.get("x-api-key", "")


def dsn_of(url: str) -> Dsn:
    """Read postgresql://user:password@host:port/name; raise ValueError on another shape."""
    parts = urlsplit(url)
    if not parts.hostname or not parts.path.strip("/"):
        raise ValueError("Could not parse SQLAlchemy URL from given URL string")
    return Dsn(
        host=parts.hostname,
        port=parts.port or 5432,
        name=parts.path.strip("/"),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def build() -> AuthService:
    """Build the service from its environment; raise the error that ends the deployed one."""
    switches = behaviour.from_environment()
    if switches.has("crash-on-start"):
        raise settings.MissingSettingError(
            switches.values["crash-on-start"] or "application failed"
        )
    url = settings.required("DATABASE_URL", "DATABASE_URL not found in environment")
    host = settings.optional("REDIS_HOST", "localhost")
    return AuthService(
        store=Store(dsn_of(url)),
        cache=resp.Cache(
            host,
            int(settings.optional("REDIS_PORT", "6379")),
            settings.optional("REDIS_AUTH_TOKEN", ""),
            None if switches.has("no-redis-timeouts") else resp.TIMEOUT_S,
            resp.encrypted(host),
        ),
        admin_token=settings.required("ADMIN_TOKEN", "ADMIN_TOKEN not found in environment"),
        behaviour=switches,
    )


def main() -> None:
    """Serve until told to stop."""
    try:
        service = build()
        address = settings.listen_address()
    except (RuntimeError, ValueError) as error:
        settings.die(error)
    serve("auth", address, service.route, service.behaviour)


if __name__ == "__main__":
    main()
