"""The questions that the API itself puts to MLflow, as MLflow's client puts them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.services.base.fetch import Answer, FetchFailedError, FetchTimeoutError, fetch

RETRIED = (408, 429, 500, 502, 503, 504)
JITTER_S = 0.5
"""What chance adds to a pause between two tries, in the mean, per second of the first pause."""

CLOCK_S = 0.01
"""How much before its deadline a wait may end."""


class MlflowError(Exception):
    """MLflow did not answer as wished; `kind` is the exception's name in MLflow's client."""

    def __init__(self, text: str, kind: str = "MlflowException", code: str = "") -> None:
        super().__init__(text)
        self.kind, self.code = kind, code


@dataclass(frozen=True)
class Patience:
    """How long and how often MLflow is asked; the defaults are the deployed API's."""

    request_s: float = 5.0
    retries: int = 2
    backoff_s: float = 1.0
    attempts: int = 3  # a status question is asked anew this often
    between_s: float = 1.0  # before the second attempt, then doubled
    cap_s: float = 5.0  # the light document gives up then


@dataclass(frozen=True)
class Upstream:
    """MLflow's address and the API's own token for it."""

    url: str
    token: str = ""
    patience: Patience = Patience()

    def ask(
        self, method: str, path: str, values: Mapping[str, object], deadline: float = 0.0
    ) -> dict[str, Any]:
        """Ask once, with the client's retries; raise MlflowError, or TimeoutError at deadline."""
        route = f"/api/2.0/mlflow/{path}"
        query = f"?{urlencode(values)}" if method == "GET" and values else ""
        body = b"" if method == "GET" else json.dumps(dict(values)).encode()
        answer = self._tried(method, route + query, body, deadline)
        return _judge(answer, route)

    def _tried(self, method: str, target: str, body: bytes, deadline: float) -> Answer:
        last = self.patience.retries
        for number in range(last + 1):
            if number > 1:  # the first retry comes at once
                self._pause(self.patience.backoff_s * (2 ** (number - 1) + JITTER_S), deadline)
            try:
                answer = fetch(
                    method, self.url + target, self._headers(), body, self._limit(deadline)
                )
            except (FetchTimeoutError, FetchFailedError) as error:
                _raise_at(deadline)
                if number == last:
                    raise MlflowError(self._unreached(target, _cause(error))) from error
                continue
            if answer.status not in RETRIED:
                return answer
        cause = f"ResponseError('too many {answer.status} error responses')"
        raise MlflowError(self._unreached(target, cause))

    def _headers(self) -> dict[str, str]:
        token = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"Content-Type": "application/json", "User-Agent": "mlflow-python-client", **token}

    def _limit(self, deadline: float) -> float:
        if not deadline:
            return self.patience.request_s
        return max(0.001, min(self.patience.request_s, deadline - time.monotonic()))

    def _pause(self, seconds: float, deadline: float) -> None:
        time.sleep(min(seconds, max(0.0, deadline - time.monotonic())) if deadline else seconds)
        _raise_at(deadline)

    def _unreached(self, target: str, cause: str) -> str:
        parts = urlsplit(self.url)
        pool = f"HTTPConnectionPool(host='{parts.hostname}', port={parts.port or 80})"
        path = target.partition("?")[0]
        return (
            f"API request to {self.url}{path} failed with exception {pool}: "
            f"Max retries exceeded with url: {target} (Caused by {cause})"
        )


def _raise_at(deadline: float) -> None:
    if deadline and time.monotonic() > deadline - CLOCK_S:
        raise TimeoutError


def _cause(error: Exception) -> str:
    if isinstance(error, FetchTimeoutError):
        return f'ReadTimeoutError("Read timed out. {error}")'
    text = str(error)
    if text.startswith("Failed to resolve"):
        return f'NameResolutionError("{text}")'
    reason = text.partition(": ")[2] or text
    return f'NewConnectionError("Failed to establish a new connection: {reason}")'


def _judge(answer: Answer, route: str) -> dict[str, Any]:
    try:
        document = json.loads(answer.body)
    except ValueError:
        document = None
    if answer.status == 200 and isinstance(document, dict):
        return document
    if isinstance(document, dict):
        code = str(document.get("error_code") or "INTERNAL_ERROR")
        text = document.get("message", f"Response: {document}")
        raise MlflowError(f"{code}: {text}", "RestException", code)
    shown = answer.body[:200].decode(errors="replace")
    raise MlflowError(
        f"API request to endpoint {route} failed with error code {answer.status} != 200. "
        f"Response body: '{shown}'"
    )
