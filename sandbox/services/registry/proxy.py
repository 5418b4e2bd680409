"""The API's proxy to MLflow, which changes prefix, headers and HTML pages."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from sandbox.services.base import settings
from sandbox.services.base.behaviour import Behaviour
from sandbox.services.base.fetch import (
    Answer,
    FetchBrokenError,
    FetchFailedError,
    FetchTimeoutError,
    fetch,
)
from sandbox.services.base.web import Request, Response, json_response
from sandbox.services.registry.keycheck import Caller
from sandbox.services.registry.routes import Call, Route

PREFIXES = ("/mlflow", "/api/mlflow", "/api/2.0/mlflow")
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
TIMEOUT_S = 30.0
PUBLIC = "registry.hokus.ai"
"""An MLflow address with this in it is asked at MLflow's own interface instead of its API."""
HOP_BY_HOP = {
    "host", "content-length", "connection", "keep-alive", "transfer-encoding", "upgrade", "te",
    "trailer", "proxy-authorization", "proxy-connection", "expect",
}  # fmt: skip
NOT_RETURNED = HOP_BY_HOP | {"date", "server", "content-encoding"}


@dataclass(frozen=True)
class Proxy:
    """MLflow's address, and what of the deployed proxy is mended."""

    mlflow_url: str
    behaviour: Behaviour
    timeout_s: float = TIMEOUT_S
    serves_artifacts: bool = True
    token: str = ""
    """The API's own, which a build without protection lends to callers without a key."""

    def routes(self) -> tuple[Route, ...]:
        """Return the mounts of the proxy."""
        return tuple(Route(f"{p}/{{path:path}}", METHODS, self.forward) for p in PREFIXES)

    def forward(self, call: Call) -> Response:
        """Relay a request and its response; 502 without a connection, 504 without an answer."""
        request, wanted = call.request, call.parameters["path"]
        path = self._translated(wanted)
        artifacts = path.startswith(("api/2.0/mlflow-artifacts/", "ajax-api/2.0/mlflow-artifacts/"))
        if artifacts and not self.serves_artifacts:
            message = "Artifact storage is not configured. Please contact your administrator."
            detail = {"error": "ARTIFACTS_DISABLED", "message": message}
            return json_response(503, {"detail": detail})
        prefix = "/mlflow" if self.behaviour.has("wrong-prefix") else ""
        url = f"{self.mlflow_url}{prefix}/{quote(path, safe=_SAFE)}{self._query(request)}"
        try:
            headers = {**self._lent(), **_upstream_headers(request, call.caller)}
            answer = fetch(request.method, url, headers, self._body(request), self.timeout_s)
        except (FetchTimeoutError, FetchFailedError) as error:
            return self._failed(url, error)
        settings.log(f'INFO:     HTTP Request: {request.method} {url} "HTTP/1.1 {answer.status}"')
        return _downstream(answer, wanted)

    def _lent(self) -> dict[str, str]:
        lent = self.token and self.behaviour.has("no-auth")
        return {"authorization": f"Bearer {self.token}"} if lent else {}

    def _translated(self, path: str) -> str:
        led = path.startswith(("api/2.0/mlflow/", "api/2.0/mlflow-artifacts/"))
        return f"ajax-{path}" if led and PUBLIC in self.mlflow_url else path

    def _query(self, request: Request) -> str:
        if self.behaviour.mended("repeated-query"):
            query = request.target.partition("?")[2]
        else:  # a mapping: the last of several values of one name
            query = urlencode(request.query)
        return f"?{query}" if query else ""

    def _body(self, request: Request) -> bytes:
        kept = self.behaviour.mended("delete-body") and not self.behaviour.has("drop-delete-body")
        return request.body if kept or request.method in ("POST", "PUT", "PATCH") else b""

    def _failed(self, url: str, error: Exception) -> Response:
        settings.log(f"ERROR:    MLflow proxy: {url}: {error}")
        if isinstance(error, FetchTimeoutError):
            detail = f"MLflow server request timeout after {self.timeout_s:.1f}s"
            return json_response(504, {"detail": detail})
        if isinstance(error, FetchBrokenError):
            return json_response(500, {"detail": "Internal server error while proxying to MLflow"})
        detail = f"Failed to connect to MLflow server at {self.mlflow_url}"
        return json_response(502, {"detail": detail})


_SAFE = "/:@!$&'()*+,;=~"


def _upstream_headers(request: Request, caller: Caller | None) -> dict[str, str]:
    headers = {k: v for k, v in request.headers.items() if k not in HOP_BY_HOP}
    if caller is not None:
        headers["X-Hokusai-User-Id"] = caller.user_id
        headers["X-Hokusai-API-Key-Id"] = caller.key_id
    return headers


def _downstream(answer: Answer, path: str) -> Response:
    if answer.status == 404 and "text/html" in answer.header("content-type"):
        message = f"The requested resource was not found: {path}"
        return json_response(404, {"error_code": "RESOURCE_NOT_FOUND", "message": message})
    headers = {k: v for k, v in answer.headers if k.lower() not in NOT_RETURNED}
    return Response(answer.status, answer.body, headers)
