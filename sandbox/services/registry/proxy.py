"""The API's proxy to MLflow, which changes prefix, headers and HTML pages."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.services.base import settings
from sandbox.services.base.fetch import Answer, FetchFailedError, FetchTimeoutError, fetch
from sandbox.services.base.web import Request, Response, json_response
from sandbox.services.registry.breaker import Breaker
from sandbox.services.registry.keycheck import Caller

PREFIXES = ("/api/mlflow", "/api/2.0/mlflow", "/mlflow")
HOP_BY_HOP = {
    "host", "content-length", "connection", "keep-alive", "transfer-encoding", "upgrade", "te",
    "trailer", "proxy-authorization", "proxy-connection", "expect",
}  # fmt: skip
NOT_RETURNED = HOP_BY_HOP | {"date", "server"}


def prefix_of(path: str) -> str:
    """Return the proxy mount that a path lies under, or an empty string."""
    return next((p for p in PREFIXES if path == p or path.startswith(p + "/")), "")


@dataclass(frozen=True)
class Proxy:
    """MLflow's address, its timeout and the prefix for each path."""

    mlflow_url: str
    timeout_s: float
    breaker: Breaker
    added_prefix: str = ""
    drops_delete_body: bool = False

    def forward(self, request: Request, caller: Caller | None) -> Response:
        """Relay a request and its response; 502 without a connection, 504 without a response."""
        target = self.added_prefix + request.target[len(prefix_of(request.path)) :]
        url = self.mlflow_url + (target or "/")
        try:
            answer = fetch(
                request.method,
                url,
                _upstream_headers(request, caller),
                b"" if self._drops(request) else request.body,
                self.timeout_s,
            )
        except FetchTimeoutError as error:
            return self._timed_out(url, error)
        except FetchFailedError as error:
            self.breaker.record(success=False)
            settings.log(f"ERROR:    MLflow proxy: {request.method} {url}: {error}")
            detail = f"Failed to connect to MLflow server at {self.mlflow_url}"
            return json_response(502, {"detail": detail})
        self.breaker.record(success=True)
        settings.log(f'INFO:     HTTP Request: {request.method} {url} "HTTP/1.1 {answer.status}"')
        return _downstream(answer, target)

    def _drops(self, request: Request) -> bool:
        """Return whether the body stays here: the deployed API forwards it for these alone."""
        return self.drops_delete_body and request.method not in ("POST", "PUT", "PATCH")

    def _timed_out(self, url: str, error: FetchTimeoutError) -> Response:
        self.breaker.record(success=False)
        settings.log(f"ERROR:    MLflow proxy: {url}: {error}")
        detail = f"MLflow server request timeout after {self.timeout_s:.1f}s"
        return json_response(504, {"detail": detail})


def _upstream_headers(request: Request, caller: Caller | None) -> dict[str, str]:
    headers = {k: v for k, v in request.headers.items() if k not in HOP_BY_HOP}
    if caller is not None:
        headers["X-Hokusai-User-Id"] = caller.user_id
        headers["X-Hokusai-API-Key-Id"] = caller.key_id
    return headers


def _downstream(answer: Answer, target: str) -> Response:
    if answer.status == 404 and "text/html" in answer.header("content-type"):
        path = target.partition("?")[0]
        message = f"MLflow endpoint not found: {path}"
        return json_response(404, {"error_code": "RESOURCE_NOT_FOUND", "message": message})
    headers = {k: v for k, v in answer.headers if k.lower() not in NOT_RETURNED}
    return Response(answer.status, answer.body, headers)
