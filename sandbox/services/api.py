"""The registry API, which authenticates callers and proxies to MLflow."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.services.base import behaviour, documents, settings
from sandbox.services.base.web import Request, Response, json_response, not_found, serve
from sandbox.services.registry import models as api_models
from sandbox.services.registry import proxy
from sandbox.services.registry.breaker import Breaker
from sandbox.services.registry.health import VERSION, Health
from sandbox.services.registry.keycheck import Caller, KeyCheck
from sandbox.services.wire import postgres as pgwire
from sandbox.services.wire import redis as resp

# prefix match, as the middleware does it
OPEN_PATHS = (
    "/health", "/ready", "/live", "/version", "/metrics", "/docs", "/openapi.json", "/redoc",
    "/favicon.ico", "/api/v1/dspy/health", "/api/health/mlflow",
)  # fmt: skip
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
    "Access-Control-Allow-Headers": "*",
}
TITLE = "Hokusai API"
PATHS = (
    "/", "/health", "/health/alb", "/health/mlflow", "/health/mlflow/reset", "/health/status",
    "/ready", "/live", "/version", "/metrics", "/api/health/mlflow",
    "/api/health/mlflow/detailed", "/api/health/mlflow/connectivity", "/models/",
    "/models/register", "/api/models/", "/api/models/register", "/api/v1/models",
    "/api/v1/models/{model_id}/info", "/api/v1/models/{model_id}/health",
    "/api/v1/models/{model_id}/predict", "/mlflow/{path}", "/api/mlflow/{path}",
    "/api/2.0/mlflow/{path}",
)  # fmt: skip


@dataclass(frozen=True)
class ApiService:
    """The middleware and the routes."""

    check: KeyCheck
    proxy: proxy.Proxy
    health: Health
    behaviour: behaviour.Behaviour

    def route(self, request: Request) -> Response:
        """Answer a request by CORS, authentication and route, in this order."""
        if request.method == "OPTIONS":
            return Response(200, b"OK", {**CORS, "Content-Type": "text/plain; charset=utf-8"})
        if request.path.startswith(OPEN_PATHS):
            return self._open(request)
        if self.behaviour.has("no-auth"):
            return self._closed(request, None)
        seen = self._without_key(request) if self.behaviour.has("strip-authorization") else request
        caller = self.check.admit(seen, bool(proxy.prefix_of(request.path)))
        if isinstance(caller, Response):
            return caller
        response = self._closed(request, caller)
        if response.status >= 400:
            return response
        return Response(response.status, response.body, {**response.headers, **caller.headers})

    def _open(self, request: Request) -> Response:
        if request.path == "/health/mlflow/reset" and request.method == "POST":
            self.health.breaker.reset()
            return json_response(200, {"message": "Circuit breaker reset"})
        if request.path in ("/docs", "/redoc"):
            found = documents.page(TITLE)
        elif request.path == "/openapi.json":
            mounted = [path for path in PATHS if not self.behaviour.unmounted(path)]
            found = documents.interface(TITLE, VERSION, mounted)
        else:
            found = self.health.answer(request.path, request.query) or not_found()
        plain = request.method == "GET" or found.status == 404
        return found if plain else documents.method_not_allowed()

    def _closed(self, request: Request, caller: Caller | None) -> Response:
        if request.path == "/":
            if request.method != "GET":
                return documents.method_not_allowed()
            body = {"service": "Hokusai MLOps API", "version": VERSION, "health_check": "/health"}
            return json_response(200, body)
        if proxy.prefix_of(request.path):
            return self.proxy.forward(request, caller)
        return api_models.answer(request, self.proxy.mlflow_url) or not_found()

    @staticmethod
    def _without_key(request: Request) -> Request:
        kept = {k: v for k, v in request.headers.items() if k not in ("authorization", "x-api-key")}
        return Request(
            request.method, request.target, request.path, {}, kept, request.body, request.peer
        )


def build() -> ApiService:
    """Build the service from its environment; raise the error that ends the deployed one."""
    switches = behaviour.from_environment()
    if switches.has("crash-on-start"):
        raise settings.MissingSettingError(
            switches.values["crash-on-start"] or "application failed"
        )
    dsn = pgwire.Dsn(
        host=settings.required("DB_HOST", "Database host not found in environment"),
        port=int(settings.optional("DB_PORT", "5432")),
        name=settings.optional("DB_NAME", "mlflow"),
        user=settings.optional("DB_USER", "postgres"),
        password=settings.required("DB_PASSWORD", "Database password not found in environment"),
    )
    patient = switches.has("no-redis-timeouts")
    redis = settings.optional("REDIS_HOST", "localhost")
    cache = resp.Cache(
        redis,
        int(settings.optional("REDIS_PORT", "6379")),
        settings.optional("REDIS_AUTH_TOKEN", ""),
        None if patient else resp.TIMEOUT_S,
        resp.encrypted(redis),
    )
    mlflow_url = settings.optional("MLFLOW_SERVER_URL", "http://localhost:5000").rstrip("/")
    breaker = Breaker(settings.scaled(30.0))
    return ApiService(
        check=KeyCheck(
            auth_url=settings.optional("AUTH_SERVICE_URL", "https://auth.hokus.ai").rstrip("/"),
            service_id=settings.optional("AUTH_SERVICE_ID", "ml-platform"),
            cache=cache,
            legacy_errors=switches.has("legacy-auth-errors"),
            rate_limit_headers=not switches.has("no-rate-limit-headers"),
        ),
        proxy=_proxy(mlflow_url, breaker, switches),
        health=Health(mlflow_url, cache, dsn, breaker, switches.has("lying-health"), patient),
        behaviour=switches,
    )


def _proxy(mlflow_url: str, breaker: Breaker, switches: behaviour.Behaviour) -> proxy.Proxy:
    """Build the proxy to MLflow from the environment."""
    return proxy.Proxy(
        mlflow_url,
        float(settings.optional("MLFLOW_PROXY_TIMEOUT", "30")),
        breaker,
        "/mlflow" if switches.has("wrong-prefix") else "",
        switches.has("drop-delete-body"),
    )


def main() -> None:
    """Serve until told to stop."""
    try:
        service = build()
        address = settings.listen_address()
    except (RuntimeError, ValueError) as error:
        settings.die(error)
    serve("api", address, service.route, service.behaviour)


if __name__ == "__main__":
    main()
