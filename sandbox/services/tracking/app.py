"""MLflow's own web application behind a gateway, a database gate and misbehaviour."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from mlflow.server import app as mlflow_application
from mlflow.server.handlers import _get_model_registry_store, _get_tracking_store
from werkzeug.exceptions import NotFound
from werkzeug.utils import redirect

from sandbox.services.base import behaviour, settings
from sandbox.services.base.web import Request, Response, json_response
from sandbox.services.mlflow import dsn
from sandbox.services.tracking import basic_auth
from sandbox.services.tracking.gateway import Gateway
from sandbox.services.tracking.prefix import inside
from sandbox.services.wire import postgres as pgwire

GATE_SECONDS = 0.2
# with its own authentication MLflow runs as this version does: it leads all paths by itself
OWN_PREFIX = os.environ.get("MLFLOW_STATIC_PREFIX", "").rstrip("/")
PREFIX = "" if basic_auth.wanted() else OWN_PREFIX
EXEMPT = ("/health", "/version", f"{OWN_PREFIX}/health", f"{OWN_PREFIX}/version")
StartResponse = Callable[..., Any]
Environ = dict[str, Any]


class DatabaseGate:
    """Checks at most a few times a second whether the database still admits this server."""

    def __init__(self) -> None:
        self._dsn = dsn()
        self._lock = threading.Lock()
        self._asked_at = 0.0
        self._error = ""
        self._full = False

    def error(self, *, writes: bool) -> str:
        """Return the driver's text, or an empty string while all is well."""
        return self._asked() or (pgwire.NO_SPACE if writes and self._full else "")

    def _asked(self) -> str:
        arrived = time.monotonic()
        with self._lock:
            if arrived - self._asked_at >= GATE_SECONDS:  # asked while this one waited: good
                try:
                    self._full = pgwire.login(self._dsn, 3.0).full
                    self._error = ""
                except pgwire.DatabaseError as error:
                    settings.log(f"ERROR mlflow.store: (psycopg2.OperationalError) {error}")
                    self._error = str(error)
                self._asked_at = time.monotonic()
            return self._error


class Application:
    """The WSGI application that gunicorn serves."""

    def __init__(self) -> None:
        self._behaviour = behaviour.from_environment()
        self._gate = DatabaseGate()
        self._gateway = (
            Gateway(enabled=False) if basic_auth.wanted() else Gateway.from_environment()
        )

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = str(environ["PATH_INFO"])
        if PREFIX and path == "/health":
            # MLflow itself has it under its prefix alone; the deployed gateway answers both
            return _send(json_response(200, {"status": "ok"}), start)
        wanted = inside(path, PREFIX)
        exempt = wanted in EXEMPT
        answer = None if exempt else self._misbehave(path)
        answer = answer or self._gateway.answer(_request(environ, path))
        if answer is None and not exempt:
            answer = self._database_error(writes=_writes(str(environ["REQUEST_METHOD"]), path))
        if answer is not None:
            return _send(answer, start)
        if PREFIX and path == PREFIX:
            return redirect(f"{PREFIX}/", 308)(environ, start)
        if wanted is None:
            return NotFound()(environ, start)
        return _pass_on({**environ, "PATH_INFO": wanted}, start)

    def _misbehave(self, path: str) -> Response | None:
        switches = self._behaviour
        time.sleep(switches.delay_s(path))
        if switches.has("hang"):
            time.sleep(3600)
        if switches.unmounted(path):
            return json_response(404, {"detail": "Not Found"})
        if switches.fails_now(path):
            return json_response(500, {"error_code": "INTERNAL_ERROR", "message": "intermittent"})
        return None

    def _database_error(self, *, writes: bool) -> Response | None:
        error = self._gate.error(writes=writes)
        if not error:
            return None
        # MLflow's own translation of sqlalchemy.exc.OperationalError
        named = error.startswith("(psycopg2.")
        message = error if named else f"(psycopg2.OperationalError) {error}"
        return json_response(503, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": message})


def _writes(method: str, path: str) -> bool:
    """Return whether MLflow writes rows for a request; files of artifacts are none."""
    asks = path.rsplit("/", maxsplit=1)[-1].startswith(("search", "get", "list", "batch"))
    return method in ("POST", "PATCH", "DELETE") and not asks


def _request(environ: Environ, path: str) -> Request:
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    method, peer = str(environ["REQUEST_METHOD"]), str(environ.get("REMOTE_ADDR", ""))
    return Request(method, path, path, {}, headers, b"", peer)


def _send(response: Response, start: StartResponse) -> Iterable[bytes]:
    headers = [*response.headers.items(), ("Content-Length", str(len(response.body)))]
    start(f"{response.status} {_reason(response)}", headers)
    return [response.body]


def _reason(response: Response) -> str:
    try:
        return str(json.loads(response.body).get("error_code") or "Error").title()
    except ValueError:
        return "Error"


def _pass_on(environ: Environ, start: StartResponse) -> Iterable[bytes]:
    return mlflow_application.wsgi_app(environ, start)


# gunicorn loads this before it listens and forks: tables are made now, connections later
for _store in (_get_tracking_store(), _get_model_registry_store()):
    _store.engine.dispose()  # type: ignore[union-attr]
if basic_auth.wanted():
    basic_auth.create()  # adds itself to MLflow's application
if os.environ.get("_MLFLOW_SERVER_ARTIFACT_DESTINATION", "").startswith("s3:"):
    import boto3

    boto3.client("s3")  # its service model takes a second to load: not at the first upload
application = Application()
