"""The gateway that lets registry administrators alone into MLflow."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

from sandbox.services.base import settings
from sandbox.services.base.fetch import Answer, FetchFailedError, FetchTimeoutError, fetch
from sandbox.services.base.web import Request, Response, json_response

AUTH_URL = "https://auth.hokus.ai"
HEALTH_PATHS = ("/health", "/mlflow/health")
ADMIN_SCOPES = "admin,mlflow:admin,registry:admin,model-registry:admin"
SCHEMES = ("Bearer ", "ApiKey ")  # case-sensitive
NOT_ADMIN = {
    "detail": "Admin access required for the model registry",
    "error": "REGISTRY_ADMIN_REQUIRED",
}


@dataclass(frozen=True)
class Gateway:
    """Asks the auth service about the key of each request, and remembers nothing."""

    auth_url: str = AUTH_URL
    service_id: str = "platform"
    timeout_s: float = 5.0
    enabled: bool = True
    health_paths: tuple[str, ...] = HEALTH_PATHS
    admin_scopes: tuple[str, ...] = tuple(ADMIN_SCOPES.split(","))

    @classmethod
    def from_environment(cls) -> Gateway:
        """Read the variables of this process."""
        return cls(
            auth_url=settings.optional("HOKUSAI_AUTH_SERVICE_URL", AUTH_URL).rstrip("/"),
            service_id=os.environ.get("HOKUSAI_AUTH_SERVICE_ID", "platform"),
            timeout_s=float(os.environ.get("HOKUSAI_AUTH_SERVICE_TIMEOUT", "5.0")),
            enabled=os.environ.get("MLFLOW_ADMIN_AUTH_ENABLED", "true").lower() == "true",
            health_paths=_listed("MLFLOW_ADMIN_AUTH_HEALTH_PATHS", ",".join(HEALTH_PATHS)),
            admin_scopes=_listed("REGISTRY_ADMIN_SCOPES", ADMIN_SCOPES),
        )

    def answer(self, request: Request) -> Response | None:
        """Return what the gateway answers in MLflow's place, or None where it lets in."""
        if not self.enabled:
            return None
        if request.path in self.health_paths:
            return json_response(200, {"status": "ok"})
        if request.method == "OPTIONS":
            return None
        key = _presented(request)
        if not key:
            return json_response(401, {"detail": "API key required"})
        try:
            answer = self._ask(key, request)
        except FetchTimeoutError as error:
            settings.log(f"ERROR hokusai.mlflow_admin_gateway: {error}")
            return _unavailable("Authentication service timeout")
        except FetchFailedError as error:
            settings.log(f"ERROR hokusai.mlflow_admin_gateway: {error}")
            return _unavailable("Authentication service unavailable")
        return self._judge(answer)

    def _ask(self, key: str, request: Request) -> Answer:
        client = request.headers.get("x-forwarded-for", "").split(",")[0].strip() or request.peer
        question = {"service_id": self.service_id, "client_ip": client}
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        url = f"{self.auth_url}/api/v1/keys/validate"
        return fetch("POST", url, headers, json.dumps(question).encode(), self.timeout_s)

    def _judge(self, answer: Answer) -> Response | None:
        if answer.status == 200:
            record = json.loads(answer.body)
            return None if self._is_admin(record) else json_response(403, NOT_ADMIN)
        if answer.status == 401:
            return json_response(401, {"detail": "Invalid or expired API key"})
        if answer.status == 429:
            return json_response(401, {"detail": "Rate limit exceeded"})
        settings.log(f"ERROR hokusai.mlflow_admin_gateway: auth service: {answer.status}")
        if answer.status >= 500:
            return _unavailable("Authentication service error")
        return json_response(401, {"detail": "Authentication service error"})

    def _is_admin(self, record: dict[str, Any]) -> bool:
        granted = {*(record.get("scopes") or ()), *(record.get("roles") or ())}
        return bool(record.get("is_admin")) or bool(granted & set(self.admin_scopes))


def _presented(request: Request) -> str:
    """Return the key of the Authorization or X-API-Key header, or an empty string."""
    authorization = request.headers.get("authorization", "")
    if authorization.startswith(SCHEMES):
        return authorization[7:]
    return request.headers.get("x-api-key", "")


def _unavailable(text: str) -> Response:
    return json_response(503, {"detail": text}, {"Retry-After": "1"})


def _listed(name: str, default: str) -> tuple[str, ...]:
    """Return the parts of a comma list, without the quotes that operators put around them."""
    parts = (part.strip().strip("\"'") for part in os.environ.get(name, default).split(","))
    return tuple(part for part in parts if part)
