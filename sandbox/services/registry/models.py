"""The API's own model routes: list, show and register."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable

from sandbox.services.base import settings
from sandbox.services.base.documents import method_not_allowed, unprocessable
from sandbox.services.base.fetch import FetchFailedError, FetchTimeoutError, fetch
from sandbox.services.base.web import Request, Response, json_response

DETAILS = {"info": "GET", "health": "GET", "predict": "POST"}  # what is asked -> its method
LISTS = ("/models", "/models/", "/api/models", "/api/models/", "/api/v1/models")


def answer(request: Request, mlflow_url: str) -> Response | None:
    """Answer a model route, or None when the path is not one."""
    route = _route(request, mlflow_url)
    if route is None:
        return None
    method, make = route
    return make() if request.method == method else method_not_allowed(method)


def _route(request: Request, mlflow_url: str) -> tuple[str, Callable[[], Response]] | None:
    """Return the method and the function of a path's route."""
    if request.path in LISTS:
        return "GET", lambda: json_response(200, {"models": _models(mlflow_url)})
    if request.path in ("/models/register", "/api/models/register"):
        return "POST", lambda: _register(request)
    parts = request.path.strip("/").split("/")
    if parts[:3] == ["api", "v1", "models"] and len(parts) == 5 and parts[4] in DETAILS:
        return DETAILS[parts[4]], lambda: _detail(parts[3], parts[4])
    return None


def _models(mlflow_url: str) -> list[dict[str, object]]:
    """List models; ignore MLflow's errors, as the platform does."""
    url = f"{mlflow_url}/api/2.0/mlflow/registered-models/search?max_results=100"
    try:
        found = fetch("GET", url, {}, b"", 5.0)
        models = json.loads(found.body).get("registered_models", [])
    except (FetchFailedError, FetchTimeoutError, ValueError) as error:
        settings.log(f"ERROR:    listing models: {error}")
        return []
    return [{"name": m["name"], "created": m.get("creation_timestamp")} for m in models]


def _register(request: Request) -> Response:
    name = str(request.json().get("model_name") or "")
    if not name:
        return unprocessable(("model_name", "missing", "Field required"))
    body = {
        "model_id": str(uuid.uuid4()),
        "model_name": name,
        "version": "1",
        "registration_timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    return json_response(201, body)


def _detail(model_id: str, what: str) -> Response:
    if what == "info":
        return json_response(200, {"model_id": model_id, "name": f"model-{model_id}"})
    if what == "health":
        return json_response(200, {"model_id": model_id, "status": "healthy"})
    return json_response(200, {"model_id": model_id, "predictions": []})
