"""What the API knows of MLflow: the question of its health documents, and the light one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sandbox.services.base import settings
from sandbox.services.base.web import Response, json_response
from sandbox.services.registry.breaker import Breaker
from sandbox.services.registry.upstream import MlflowError, Upstream

EXPERIMENTS = ("default", "health-check-test")
"""The experiments that are looked up; that they do not exist is no failure."""


@dataclass(frozen=True)
class MlflowStatus:
    """Asks MLflow for the health documents, and feeds the breaker with what it hears."""

    upstream: Upstream
    breaker: Breaker
    lying: bool = False

    def ask(self) -> dict[str, Any]:
        """Return the status document; its breaker state is the one before this question."""
        before = self.breaker.document()
        status: dict[str, Any] = {
            "circuit_breaker_state": before["state"],
            "circuit_breaker_details": before,
            "connected": False,
            "tracking_uri": self.upstream.url,
            "error": None,
            "last_check_time": settings.now(),
        }
        if self.lying:
            return {**status, "circuit_breaker_state": "CLOSED", "connected": True}
        if self.breaker.blocks():
            wait = before["time_until_retry"]
            error = f"Circuit breaker is OPEN - MLflow unavailable (retry in {wait:.0f}s)"
            return {**status, "error": error}
        started = time.monotonic()
        try:
            self._attempts()
        except MlflowError as error:
            self.breaker.record(success=False)
            settings.log(f"ERROR:    MLflow connection failed after retries: {error}")
            return {**status, "error": str(error), "error_type": error.kind}
        self.breaker.record(success=True)
        taken = round((time.monotonic() - started) * 1000, 1)
        return {**status, "connected": True, "response_time_ms": taken}

    def _attempts(self) -> None:
        patience = self.upstream.patience
        for number in range(patience.attempts):
            try:
                self._look_up()
                return
            except MlflowError as error:
                if number == patience.attempts - 1:
                    raise
                delay = patience.between_s * 2**number
                settings.log(f"WARNING:  Attempt {number + 1} failed: {error}")
                time.sleep(delay)

    def _look_up(self) -> None:
        for name in EXPERIMENTS:
            try:
                self.upstream.ask("GET", "experiments/get-by-name", {"experiment_name": name})
            except MlflowError as error:
                if error.code != "RESOURCE_DOES_NOT_EXIST":
                    raise

    def light(self) -> Response:
        """Answer `/api/health/mlflow`: one question, capped, in a thread, not for the breaker."""
        started, cap = time.monotonic(), self.upstream.patience.cap_s
        body: dict[str, object] = {"status": "error", "tracking_uri": self.upstream.url}
        try:
            sample = None if self.lying else self._sample(started + cap)
        except TimeoutError:
            error = f"MLflow registry SDK probe timed out after {cap:.1f}s"
            body |= {"latency_ms": _since(started), "sample_model": None}
            return json_response(503, {**body, "error_type": "TimeoutError", "error": error})
        except MlflowError as failure:
            body |= {"latency_ms": _since(started), "sample_model": None}
            body |= {"error_type": failure.kind, "error": str(failure)}
            return json_response(503, body)
        body |= {"status": "ok", "latency_ms": _since(started), "sample_model": sample}
        return json_response(200, body)

    def _sample(self, deadline: float) -> str | None:
        found = self.upstream.ask("GET", "registered-models/search", {"max_results": 1}, deadline)
        return next((str(m.get("name")) for m in found.get("registered_models") or ()), None)


def _since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 2)
