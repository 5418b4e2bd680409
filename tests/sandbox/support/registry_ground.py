"""A registry API on ports of its own, with an auth service and a small MLflow behind it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from sandbox.services import api
from sandbox.services.base import behaviour
from sandbox.services.base.web import Request, Response, json_response
from sandbox.services.registry import proxy
from sandbox.services.registry.breaker import Breaker
from sandbox.services.registry.dependencies import CacheCheck, DatabaseCheck
from sandbox.services.registry.eventloop import EventLoop
from sandbox.services.registry.health import Health
from sandbox.services.registry.keycheck import KeyCheck
from sandbox.services.registry.mlflow_status import MlflowStatus
from sandbox.services.registry.upstream import Patience, Upstream
from tests.sandbox.support.service_ground import Answer, Ground, ask, ground, served

SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"
NOWHERE = "http://127.0.0.1:1"
TOKEN = "tracking-token"
QUICK = Patience(request_s=0.2, retries=0, backoff_s=0.0, attempts=2, between_s=0.01, cap_s=0.3)
"""The deployed API's patience in small, so that an outage does not cost a test its minute."""
WAITING = replace(QUICK, request_s=10.0)
"""A patience that outlasts a test, for an MLflow that says nothing."""
ADMIN, READER = ("admin",), ("model:read",)


@dataclass
class SmallMlflow:
    """Answers as MLflow behind its gateway does, and keeps the requests that came."""

    versions: set[tuple[str, str]] = field(default_factory=set)
    seen: list[Request] = field(default_factory=list)
    accepted: str = TOKEN
    """The API's token; keys of callers, which come with their user's name, are accepted too."""

    def route(self, request: Request) -> Response:
        """Answer one request."""
        self.seen.append(request)
        if request.method == "OPTIONS":
            return Response(204, b"", {"Allow": "GET, OPTIONS"})
        own = request.headers.get("authorization") == f"Bearer {self.accepted}"
        if not own and "x-hokusai-user-id" not in request.headers:
            return json_response(401, {"detail": "API key required"})
        if not request.path.startswith("/api/2.0/"):
            return Response(404, b"<title>404 Not Found</title>", {"Content-Type": "text/html"})
        return self._model(request) or self._echo(request)

    def _model(self, request: Request) -> Response | None:
        if "/model-versions/" not in request.path and "/experiments/get" not in request.path:
            return None
        if request.path.endswith("/search"):
            found = [{"name": n, "version": v} for n, v in sorted(self.versions)]
            return json_response(200, {"model_versions": found})
        values = request.query if request.method == "GET" else request.json()
        name = (str(values.get("name")), str(values.get("version")))
        if name not in self.versions:
            missing = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not found"}
            return json_response(404, missing)
        if request.method == "DELETE":
            self.versions.discard(name)
            return json_response(200, {})
        version = {"name": name[0], "version": name[1], "status": "READY"}
        return json_response(200, {"model_version": version})

    @staticmethod
    def _echo(request: Request) -> Response:
        seen = {"path": request.path, "user": request.headers.get("x-hokusai-user-id")}
        query = request.target.partition("?")[2]
        return json_response(200, {**seen, "query": query, "body": request.body.decode()})


@dataclass(frozen=True)
class Registry:
    """A running registry API and what lies behind it."""

    url: str
    floor: Ground
    mlflow: SmallMlflow
    health: Health

    def key(self, *scopes: str) -> str:
        """Plant a key."""
        return self.floor.plant(scopes=scopes)

    def ask(
        self,
        path: str,
        method: str = "GET",
        key: str = "",
        body: object = None,
        timeout: float = 5.0,
        **headers: str,
    ) -> Answer:
        """Send one request."""
        return ask(self.url + path, method, key, body, timeout, **headers)


def health_of(
    floor: Ground, mlflow_url: str, switches: behaviour.Behaviour, patience: Patience = QUICK
) -> Health:
    """Build the health documents over a ground."""
    upstream = Upstream(mlflow_url, TOKEN, patience)
    status = MlflowStatus(upstream, Breaker(0.3), switches.has("lying-health"))
    database = DatabaseCheck(floor.dsn, connect_s=0.2, attempts=2, delay_s=0.01)
    cache = CacheCheck(floor.cache)
    return Health(status, cache, database, switches, EventLoop(switches.mended("event-loop")))


def service(floor: Ground, auth_url: str, health: Health, cached: bool = True) -> api.ApiService:
    """Assemble the API as its own `build` does it."""
    switches = health.behaviour
    check = KeyCheck(
        auth_url,
        "platform",
        floor.cache if cached else None,
        switches.has("legacy-auth-errors"),
        api.limited(switches),
        switches.mended("write-scope"),
        loop=health.loop,
    )
    forward = proxy.Proxy(health.mlflow.upstream.url, switches, 0.5, token=TOKEN)
    return api.assemble(check, health, forward)


@contextlib.contextmanager
def registry(
    folder: Path,
    switches: str = "",
    mended: str = "all",
    mlflow_url: str = "",
    auth_url: str = "",
    patience: Patience = QUICK,
) -> Iterator[Registry]:
    """Run a registry API; `mended=""` is the platform as found."""
    upstream, parsed = SmallMlflow(), behaviour.parse(switches, mended)
    with (
        ground(folder) as floor,
        served(floor.auth().route) as auth,
        served(upstream.route) as mlflow,
    ):
        health = health_of(floor, mlflow_url or mlflow, parsed, patience)
        made = service(floor, auth_url or auth, health)
        with served(made.route, switches) as url:
            yield Registry(url, floor, upstream, health)


def without_database(health: Health) -> Health:
    """Return the documents with a database that refuses."""
    dsn = replace(health.database.dsn, port=1)
    return replace(health, database=replace(health.database, dsn=dsn))
