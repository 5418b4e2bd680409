"""The API's routes of single served models, which it knows by number."""

from __future__ import annotations

from sandbox.services.base.documents import unprocessable
from sandbox.services.base.web import Response, json_response
from sandbox.services.registry.routes import GET, Call, Route

SERVED = {
    "21": ("Sales Lead Scoring Model", "sklearn", "huggingface_private"),
    "27": ("Sales Lead Scoring", "sales_lead_scoring", "mlflow"),
    "30": ("Technical Task Router", "technical_task_router", "mlflow"),
}


def routes() -> tuple[Route, ...]:
    """Return the routes of a served model."""
    model = "/api/v1/models/{model_id}"
    return (
        Route(f"{model}/info", GET, _info),
        Route(f"{model}/health", GET, _health),
        Route(f"{model}/predict", ("POST",), _predict),
    )


def _unknown(model_id: str) -> Response:
    return json_response(404, {"detail": f"Model {model_id} not found"})


def _info(call: Call) -> Response:
    model_id = call.parameters["model_id"]
    if model_id not in SERVED:
        return _unknown(model_id)
    name, kind, storage = SERVED[model_id]
    body = {"model_id": model_id, "name": name, "type": kind, "storage": storage}
    return json_response(200, {**body, "is_available": True})


def _health(call: Call) -> Response:
    model_id = call.parameters["model_id"]
    if model_id not in SERVED:
        error = f"404: Model {model_id} not found"
        return json_response(200, {"model_id": model_id, "status": "unhealthy", "error": error})
    body = {"model_id": model_id, "status": "healthy", "storage_type": SERVED[model_id][2]}
    return json_response(200, {**body, "is_cached": False, "inference_ready": True})


def _predict(call: Call) -> Response:
    model_id = call.parameters["model_id"]
    if "inputs" not in call.request.json():
        return unprocessable(("inputs", "missing", "Field required"))
    if model_id not in SERVED:
        return _unknown(model_id)
    return json_response(200, {"model_id": model_id, "predictions": {}})
