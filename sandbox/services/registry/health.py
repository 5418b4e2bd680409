"""The API's health documents and the dependencies that each one checks."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

from sandbox.services.base.fetch import FetchFailedError, FetchTimeoutError, fetch
from sandbox.services.base.web import Response, json_response
from sandbox.services.registry.breaker import Breaker
from sandbox.services.wire import postgres as pgwire
from sandbox.services.wire import redis as resp

PROBE_TIMEOUT_S = 5.0
VERSION = "1.0.0"


@dataclass(frozen=True)
class Health:
    """The dependencies that the health documents report."""

    mlflow_url: str
    cache: resp.Cache
    dsn: pgwire.Dsn
    breaker: Breaker
    lying: bool
    inline_cache: bool

    def answer(self, path: str, query: dict[str, str]) -> Response | None:
        """Return the health document of a path, or None for any other path."""
        if path == "/health" and query.get("detailed", "").lower() == "true":
            return self._detailed()
        documents = {
            "/health": self._light,
            "/health/alb": self._light,
            "/live": lambda: json_response(200, {"alive": True, "timestamp": time.time()}),
            "/ready": self._ready,
            "/version": lambda: json_response(
                200, {"version": VERSION, "git_commit": "unknown", "environment": "development"}
            ),
            "/metrics": lambda: Response(200, b"# no metrics\n", {"Content-Type": "text/plain"}),
            "/health/status": self._detailed,
            "/health/mlflow": self._breaker,
            "/api/health/mlflow": self._mlflow,
            "/api/health/mlflow/detailed": self._mlflow,
            "/api/health/mlflow/connectivity": self._mlflow,
        }
        document = documents.get(path)
        return document() if document else None

    def _light(self) -> Response:
        if self.inline_cache:  # the version of 2025-08: dependencies asked inline
            with contextlib.suppress(resp.CacheError):
                self.cache.ping()
        services = {"api": "healthy", "dependency_checks": "skipped"}
        body = {"status": "healthy", "version": VERSION, "services": services}
        return json_response(200, {**body, "timestamp": time.time()})

    def _detailed(self) -> Response:
        states = {
            "mlflow": "healthy" if self.lying or not self.mlflow_error() else "unhealthy",
            "redis": "healthy" if self.lying or not self._cache_error() else "unhealthy",
            "message_queue": "disabled",
            "postgres": "healthy" if self.lying or not self._database_error() else "unhealthy",
            "external_api": "healthy",
        }
        bad = [name for name, state in states.items() if state == "unhealthy"]
        status = "healthy" if not bad else "unhealthy" if len(bad) == 3 else "degraded"
        body = {"status": status, "version": VERSION, "services": states, "timestamp": time.time()}
        return json_response(503 if status == "unhealthy" else 200, body)

    def _ready(self) -> Response:
        error = "" if self.lying else self._database_error()
        checks = [{"name": "database", "passed": not error, "error": error or None}]
        body = {
            "ready": not error,
            "can_serve_traffic": not error,
            "checks": checks,
            "degraded_mode": self.breaker.state != "CLOSED",
        }
        return json_response(503 if error else 200, body)

    def _breaker(self) -> Response:
        error = "" if self.lying else self.mlflow_error()
        state = "CLOSED" if self.lying else self.breaker.state
        body = {
            "status": "unhealthy" if error else "healthy",
            "circuit_breaker_state": state,
            "mlflow_server": self.mlflow_url,
            "error": error or None,
        }
        return json_response(503 if state == "OPEN" else 200, body)

    def _mlflow(self) -> Response:
        started = time.monotonic()
        error = "" if self.lying else self.mlflow_error()
        if error:
            body = {"status": "error", "error_type": error.split(":")[0], "error": error}
            return json_response(503, body)
        latency = round((time.monotonic() - started) * 1000, 1)
        body = {"status": "ok", "tracking_uri": self.mlflow_url}
        return json_response(200, {**body, "latency_ms": latency, "sample_model": None})

    def mlflow_error(self) -> str:
        """Ask MLflow for one experiment and return what went wrong, or an empty string."""
        url = f"{self.mlflow_url}/api/2.0/mlflow/experiments/search?max_results=1"
        try:
            answer = fetch("GET", url, {}, b"", PROBE_TIMEOUT_S)
        except (FetchTimeoutError, FetchFailedError) as error:
            self.breaker.record(success=False)
            timed_out = isinstance(error, FetchTimeoutError)
            return f"{'TimeoutError' if timed_out else 'ConnectionError'}: {error}"
        # 401 and 403 of MLflow's own gateway prove that it is there
        reached = answer.status in (200, 401) or (
            answer.status == 403 and "json" in answer.header("content-type")
        )
        self.breaker.record(success=reached)
        return "" if reached else f"MlflowException: status {answer.status}: {answer.body[:120]!r}"

    def _cache_error(self) -> str:
        try:
            self.cache.ping()
        except resp.CacheError as error:
            return str(error)
        return ""

    def _database_error(self) -> str:
        try:
            pgwire.data_file(self.dsn, PROBE_TIMEOUT_S)
        except pgwire.DatabaseError as error:
            return str(error)
        return ""
