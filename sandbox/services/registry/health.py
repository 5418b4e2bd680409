"""The API's health documents, light and blocking."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from sandbox.services.base import settings
from sandbox.services.base.behaviour import Behaviour
from sandbox.services.base.web import Response, json_response
from sandbox.services.registry.dependencies import CacheCheck, DatabaseCheck
from sandbox.services.registry.eventloop import EventLoop
from sandbox.services.registry.mlflow_status import MlflowStatus
from sandbox.services.wire import redis as resp

VERSION = "1.0.0"
NOT_SERIALIZABLE = "Object of type datetime is not JSON serializable"


@dataclass(frozen=True)
class Health:
    """The dependencies that the documents ask, and the loop that the asking holds."""

    mlflow: MlflowStatus
    cache: CacheCheck
    database: DatabaseCheck
    behaviour: Behaviour
    loop: EventLoop

    # --- light

    def health(self, detailed: bool) -> Response:
        """Answer `/health`."""
        if detailed:
            with self.loop.held():
                return self._detailed()
        if self.behaviour.has("no-redis-timeouts") and self.cache.cache is not None:
            with contextlib.suppress(resp.CacheError):  # the version of 2025-08: asked inline
                self.cache.cache.ping()
        services = {"api": "healthy", "dependency_checks": "skipped"}
        body = {"status": "healthy", "version": VERSION, "services": services}
        return json_response(200, {**body, "timestamp": settings.now(), "system_info": None})

    @staticmethod
    def alb() -> Response:
        """Answer `/health/alb`."""
        return json_response(200, {"status": "healthy", "timestamp": settings.now()})

    @staticmethod
    def live() -> Response:
        """Answer `/live`."""
        return json_response(200, {"alive": True, "uptime": 0, "memory_usage_mb": 96.0})

    @staticmethod
    def version() -> Response:
        """Answer `/version`, which does not know what is deployed."""
        body = {"version": VERSION, "build_date": "2025-01-01", "git_commit": "unknown"}
        return json_response(200, {**body, "api_version": "v1"})

    # --- blocking

    def ready(self) -> Response:
        """Answer `/ready`: the database decides the status, MLflow and model 30 the words."""
        with self.loop.held():
            database = "" if self.behaviour.has("lying-health") else self.database.error()
            asked, status = self.mlflow.ask(), self.mlflow.ask()
        mlflow = _mlflow_check(asked, status)
        model = self._model_30()
        pending = model["state"] in ("not_started", "warming")
        serves = not database and not pending
        ready = serves and mlflow["passed"] and model["warmed"]
        body = {
            "ready": ready,
            "can_serve_traffic": serves,
            "checks": [
                {
                    "name": "database",
                    "passed": not database,
                    "error": database or None,
                    "critical": True,
                },
                mlflow,
                {
                    "name": "model_30_warmed",
                    "passed": model["warmed"],
                    "critical": True,
                    "warmup_state": model["state"],
                },
            ],
            "degraded_mode": not ready and serves,
            "model_30": model,
        }
        return json_response(200 if serves else 503, body)

    def metrics(self) -> Response:
        """Answer `/metrics`, for which MLflow is asked first."""
        with self.loop.held():
            status = self.mlflow.ask()
        lines = (
            "# HELP mlflow_connected Whether MLflow answered\n# TYPE mlflow_connected gauge\n"
            f"mlflow_connected {float(status['connected'])}\n"
        )
        return Response(200, lines.encode(), {"Content-Type": "text/plain; charset=utf-8"})

    def breaker(self) -> Response:
        """Answer `/health/mlflow`; as found, a document that says OPEN cannot be written."""
        with self.loop.held():
            status = {**self.mlflow.ask(), "timestamp": settings.now()}
        if status["circuit_breaker_state"] != "OPEN":
            return json_response(200, status)
        if self.behaviour.mended("breaker-document"):
            return json_response(503, status)
        body = {"error": NOT_SERIALIZABLE, "connected": False, "circuit_breaker_state": "UNKNOWN"}
        return json_response(500, {**body, "timestamp": settings.now()})

    def reset(self) -> Response:
        """Answer `POST /health/mlflow/reset`, which nobody needs a key for."""
        self.mlflow.breaker.reset()
        body = {"message": "Circuit breaker reset successfully", "timestamp": settings.now()}
        return json_response(200, {**body, "reset_by": "manual_api_call"})

    def status(self) -> Response:
        """Answer `/health/status`: MLflow once more, then what the detailed document has."""
        with self.loop.held():
            asked = self.mlflow.ask()
            found = self._states()
        if not self.behaviour.mended("detailed-health"):
            return json_response(500, {"detail": _refused_fields(asked, found)})
        state = _overall(found)
        body = {
            "timestamp": settings.now(),
            "api_version": VERSION,
            "service_name": "hokusai-registry",
            "overall_health": state,
            "services": found,
            "mlflow": {"status": asked, "circuit_breaker": self.mlflow.breaker.document()},
        }
        return json_response(503 if state == "unhealthy" else 200, body)

    def _detailed(self) -> Response:
        found = self._states()
        if not self.behaviour.mended("detailed-health"):
            settings.log("ERROR:    Unhandled exception: validation errors for HealthCheckResponse")
            return json_response(500, {"detail": "Internal server error"})
        state = _overall(found)
        body = {"status": state, "version": VERSION, "services": found}
        return json_response(
            503 if state == "unhealthy" else 200, {**body, "timestamp": settings.now()}
        )

    def _states(self) -> dict[str, str]:
        """Ask every dependency and return its state."""
        lying = self.behaviour.has("lying-health")
        status = self.mlflow.ask()
        self.cache.announce()
        return {
            "mlflow": _mlflow_state(status),
            "redis": "healthy" if lying else self.cache.state(),
            "message_queue": "disabled",
            "postgres": _state("" if lying else self.database.error()),
            "external_api": "healthy",
        }

    def _model_30(self) -> dict[str, Any]:
        """Return how far the model's warm-up came: `model-30:STATE` of the switches, or warmed."""
        state = self.behaviour.values.get("model-30", "warmed")
        error = "MLflow did not have it" if state == "failed" else None
        return {"warmed": state == "warmed", "state": state, "last_error": error}


def _mlflow_check(asked: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    """Return MLflow's row of `/ready`, from the first question and the second one's breaker."""
    row: dict[str, Any] = {"name": "mlflow", "critical": False}
    state = status["circuit_breaker_state"]
    if state == "OPEN":
        error = "Circuit breaker open - MLflow temporarily unavailable"
        return {**row, "passed": False, "error": error, "degraded_mode": True}
    if state == "HALF_OPEN":
        return {**row, "passed": True, "error": None, "recovering": True}
    return {**row, "passed": asked["connected"], "error": asked["error"]}


def _mlflow_state(status: dict[str, Any]) -> str:
    named = {"OPEN": "degraded", "HALF_OPEN": "recovering"}
    return named.get(
        status["circuit_breaker_state"], "healthy" if status["connected"] else "unhealthy"
    )


def _state(error: str) -> str:
    return "unhealthy" if error else "healthy"


def _overall(states: dict[str, str]) -> str:
    counted = [v for k, v in states.items() if v != "disabled" and k != "external_api"]
    if all(state == "healthy" for state in counted):
        return "healthy"
    return "degraded" if "healthy" in counted or "unhealthy" not in counted else "unhealthy"


def _refused_fields(asked: dict[str, Any], states: dict[str, str]) -> str:
    """Return the text of the validation that the document fails: objects where text belongs."""
    fields = ["mlflow_details", "message_queue_details"]
    if states["postgres"] == "unhealthy":
        fields.append("postgres_details")
    value = f"{{'circuit_breaker_state': '{asked['circuit_breaker_state']}', ...}}"
    rows = (
        f"services.{field}\n  Input should be a valid string "
        f"[type=string_type, input_value={value}, input_type=dict]"
        for field in fields
    )
    return f"{len(fields)} validation errors for HealthCheckResponse\n" + "\n".join(rows)
