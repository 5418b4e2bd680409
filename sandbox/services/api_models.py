"""The API's own model routes: lists, details, registration by the short way."""

from __future__ import annotations

import json
import time
import uuid

from sandbox.services import settings
from sandbox.services.fetch import FetchFailedError, FetchTimeoutError, fetch
from sandbox.services.web import Request, Response, json_response

LISTS = ("/models", "/models/", "/api/models", "/api/models/", "/api/v1/models")


def answer(request: Request, mlflow_url: str) -> Response | None:
    """Answer a model route, or None when the path is not one."""
    if request.path in LISTS:
        return json_response(200, {"models": _models(mlflow_url)})
    if request.path in ("/models/register", "/api/models/register") and request.method == "POST":
        return _register(request)
    parts = request.path.strip("/").split("/")
    if parts[:3] == ["api", "v1", "models"] and len(parts) == 5:
        return _detail(parts[3], parts[4])
    return None


def _models(mlflow_url: str) -> list[dict[str, object]]:
    """List models; MLflow's errors are swallowed, as the platform does it."""
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
        detail = [{"type": "missing", "loc": ["body", "model_name"], "msg": "Field required"}]
        return json_response(422, {"detail": detail})
    body = {
        "model_id": str(uuid.uuid4()),
        "model_name": name,
        "version": "1",
        "registration_timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    return json_response(201, body)


def _detail(model_id: str, what: str) -> Response | None:
    if what == "info":
        return json_response(200, {"model_id": model_id, "name": f"model-{model_id}"})
    if what == "health":
        return json_response(200, {"model_id": model_id, "status": "healthy"})
    if what == "predict":
        return json_response(200, {"model_id": model_id, "predictions": []})
    return None
