"""The registry API, which authenticates callers and proxies to MLflow."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.services.base import behaviour, documents, settings
from sandbox.services.base.web import Request, Response, json_response, serve
from sandbox.services.registry import environment, middleware, proxy, serving
from sandbox.services.registry.eventloop import EventLoop
from sandbox.services.registry.health import VERSION, Health
from sandbox.services.registry.keycheck import Caller, KeyCheck
from sandbox.services.registry.mlflow_status import MlflowStatus
from sandbox.services.registry.models import Models
from sandbox.services.registry.routes import GET, Call, Route, Router, paths

TITLE = "Hokusai MLOps API"
HEALTH_PATHS = ["/health", "/ready", "/live", "/health/mlflow", "/health/status"]


@dataclass(frozen=True)
class ApiService:
    """The middleware and the routes."""

    check: KeyCheck
    health: Health
    router: Router
    behaviour: behaviour.Behaviour
    loop: EventLoop

    def route(self, request: Request) -> Response:
        """Answer a request when the event loop comes to it."""
        self.loop.turn()
        response = middleware.scanner(request) or self._admitted(request)
        self.loop.turn()
        return response

    def _admitted(self, request: Request) -> Response:
        """Answer by authentication, CORS and route, in this order."""
        if request.method == "OPTIONS":
            asked = middleware.preflight(request)
            if asked is not None:
                return asked
            if not self.behaviour.mended("options"):
                return self._routed(request, None)
        if middleware.is_open(request.path) or self.behaviour.has("no-auth"):
            return self._routed(request, None)
        seen = _without_key(request) if self.behaviour.has("strip-authorization") else request
        registry = middleware.is_registry(request.path)
        caller = self.check.admit(seen, registry)
        if isinstance(caller, Response):
            return caller
        refused = None if registry else self.check.debit(caller, request.path)
        if refused is not None:
            return refused
        response = self._routed(request, caller)
        if response.status >= 400:
            return response
        return Response(response.status, response.body, {**response.headers, **caller.headers})

    def _routed(self, request: Request, caller: Caller | None) -> Response:
        return middleware.with_cors(request, self.router.answer(request, caller))


def _without_key(request: Request) -> Request:
    kept = {k: v for k, v in request.headers.items() if k not in ("authorization", "x-api-key")}
    return Request(
        request.method, request.target, request.path, {}, kept, request.body, request.peer
    )


def _root(_: Call) -> Response:
    body = {
        "service": "Hokusai Data Pipeline API",
        "version": VERSION,
        "health_check": "/health",
        "health_endpoints": HEALTH_PATHS,
        "documentation": "/docs",
    }
    return json_response(200, body)


def _health_routes(health: Health) -> tuple[Route, ...]:
    def asked(call: Call) -> Response:
        return health.health(call.request.query.get("detailed", "").lower() in _TRUE)

    light = ("/api/health/mlflow", "/api/health/mlflow/detailed", "/api/health/mlflow/connectivity")
    return (
        Route("/health", GET, asked),
        Route("/health/alb", GET, lambda _: health.alb()),
        Route("/ready", GET, lambda _: health.ready()),
        Route("/live", GET, lambda _: health.live()),
        Route("/version", GET, lambda _: health.version()),
        Route("/metrics", GET, lambda _: health.metrics()),
        Route("/health/mlflow", GET, lambda _: health.breaker()),
        Route("/health/mlflow/reset", ("POST",), lambda _: health.reset()),
        Route("/health/status", GET, lambda _: health.status()),
        *(Route(path, GET, lambda _: health.mlflow.light()) for path in light),
    )


_TRUE = ("true", "1", "yes", "on", "t", "y")


def _routes(health: Health, models: Models, forward: proxy.Proxy) -> tuple[Route, ...]:
    """Return all routes in the order of the deployed application."""
    listed = (
        *_health_routes(health),
        Route("/", GET, _root),
        *models.routes(),
        *serving.routes(),
        *forward.routes(),
    )

    def interface(_: Call) -> Response:
        mounted = [p for p in paths(listed) if not health.behaviour.unmounted(p)]
        return documents.interface(TITLE, VERSION, mounted)

    def page(_: Call) -> Response:
        return documents.page(TITLE)

    published = [Route(path, GET, page) for path in ("/docs", "/redoc")]
    return (Route("/openapi.json", GET, interface), *published, *listed)


def assemble(check: KeyCheck, health: Health, forward: proxy.Proxy) -> ApiService:
    """Put the parts together."""
    models = Models(health.mlflow.upstream, health.loop)
    router = Router(_routes(health, models, forward))
    return ApiService(check, health, router, health.behaviour, health.loop)


def build() -> ApiService:
    """Build the service from its environment; raise the error that ends the deployed one."""
    switches = behaviour.from_environment()
    if switches.has("crash-on-start"):
        raise settings.MissingSettingError(
            switches.values["crash-on-start"] or "application failed"
        )
    upstream, database = environment.mlflow(), environment.database()
    patient = switches.has("no-redis-timeouts")
    loop = EventLoop(switches.mended("event-loop"))
    status = MlflowStatus(
        upstream,
        environment.breaker(switches.has("breaker-stays-open")),
        switches.has("lying-health"),
    )
    health = Health(status, environment.cache_check(patient), database, switches, loop)
    check = KeyCheck(
        environment.auth_url(),
        settings.optional("AUTH_SERVICE_ID", "platform"),
        environment.cache(patient),
        legacy_errors=switches.has("legacy-auth-errors"),
        rate_limit_headers=limited(switches),
        write_scope=switches.mended("write-scope"),
        loop=loop,
    )
    served = settings.optional("MLFLOW_SERVE_ARTIFACTS", "true").lower() == "true"
    timeout = settings.number("MLFLOW_PROXY_TIMEOUT", proxy.TIMEOUT_S)
    forward = proxy.Proxy(upstream.url, switches, timeout, served, upstream.token)
    return assemble(check, health, forward)


def limited(switches: behaviour.Behaviour) -> bool:
    """Return whether answers carry the caller's rate limit."""
    return switches.mended("rate-limit") and not switches.has("no-rate-limit-headers")


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
