"""The API's model routes, which ask MLflow with the API's own token inside its event loop."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sandbox.services.base import settings
from sandbox.services.base.documents import unprocessable
from sandbox.services.base.web import Response, json_response
from sandbox.services.registry.eventloop import EventLoop
from sandbox.services.registry.keycheck import WRITE_SCOPES
from sandbox.services.registry.routes import GET, Call, Route
from sandbox.services.registry.upstream import MlflowError, Upstream

MOUNTS = ("/models", "/api/models")
POST = ("POST",)
MODEL_TYPES = ("lead_scoring", "classification", "regression", "ranking")
EVENT_FIELDS = (
    "model_name", "version", "token_id", "proposal_identifier", "metric_name", "baseline_value",
    "mlflow_run_id",
)  # fmt: skip
Step = tuple[str, str, dict[str, object]]
"""One question to MLflow: method, path, and what goes with the model's name and version."""
NO_EVENTS = "Insufficient permissions for model registration events"
SEARCH = "model-versions/search"


@dataclass(frozen=True)
class Models:
    """MLflow as the API itself asks it, and the loop that the asking holds."""

    upstream: Upstream
    loop: EventLoop

    def routes(self) -> tuple[Route, ...]:
        """Return the routes under both mounts."""
        return tuple(route for mount in MOUNTS for route in self._routes(mount))

    def _routes(self, mount: str) -> tuple[Route, ...]:
        version = f"{mount}/{{name}}/{{version}}"
        return (
            Route(f"{mount}/", GET, self._list),
            Route(f"{mount}/register", POST, _register),
            Route(f"{mount}/tokenized-registration-events", POST, _event),
            Route(version, GET, self._show),
            Route(version, ("PATCH",), self._update),
            Route(version, ("DELETE",), self._delete),
            Route(f"{version}/transition", POST, self._transition),
        )

    def _list(self, call: Call) -> Response:
        name = call.request.query.get("name", "")
        wanted = f"name='{name}'" if name else ""
        try:
            with self.loop.held():
                found = self.upstream.ask("GET", SEARCH, {"filter": wanted, "max_results": 10000})
        except MlflowError as error:  # swallowed: 200 proves nothing
            settings.log(f"ERROR:    Error listing models: {error}")
            found = {}
        return json_response(200, {"models": [_listed(v) for v in found.get("model_versions", [])]})

    def _show(self, call: Call) -> Response:
        name, version = _named(call)
        try:
            with self.loop.held():
                found = self.upstream.ask("GET", "model-versions/get", _key(call))
        except MlflowError as error:
            settings.log(f"ERROR:    Model not found: {error}")
            return json_response(404, {"detail": f"Model not found: {name}:{version}"})
        model = found.get("model_version", {})
        body = {key: model.get(key) for key in ("name", "version", "status")}
        body |= {"description": model.get("description", ""), "tags": _tags(model)}
        return json_response(200, body)

    def _update(self, call: Call) -> Response:
        wanted = _object(call)
        if wanted is None:
            return _no_object()
        steps: list[Step] = []
        if "description" in wanted:
            values = {"description": wanted["description"]}
            steps.append(("PATCH", "model-versions/update", values))
        for key, value in dict(wanted.get("tags") or {}).items():
            steps.append(("POST", "model-versions/set-tag", {"key": key, "value": value}))
        done = {"message": "Model updated successfully"}
        return self._write(call, steps, done, "Failed to update model")

    def _delete(self, call: Call) -> Response:
        name, version = _named(call)
        done = {"message": f"Model {name}:{version} deleted successfully"}
        steps: list[Step] = [("DELETE", "model-versions/delete", {})]
        return self._write(call, steps, done, "Failed to delete model version")

    def _transition(self, call: Call) -> Response:
        name, version = _named(call)
        wanted = _object(call)
        if wanted is None:
            return _no_object()
        stage = str(wanted.get("stage", "Production"))
        tag = {"key": "lifecycle_stage", "value": stage}
        steps: list[Step] = [
            ("POST", "registered-models/alias", {"alias": stage.lower()}),
            ("POST", "model-versions/set-tag", {**tag}),
        ]
        done = {"message": f"Model {name}:{version} transitioned to {stage}"}
        return self._write(call, steps, done, "Failed to transition model stage")

    def _write(
        self,
        call: Call,
        steps: list[Step],
        done: dict[str, str],
        failed: str,
    ) -> Response:
        """Send MLflow the steps of one write, each with the model's name and version."""
        try:
            with self.loop.held():
                for method, path, values in steps:
                    self.upstream.ask(method, path, {**_key(call), **values})
        except MlflowError as error:
            settings.log(f"ERROR:    {failed}: {error}")
            return json_response(500, {"detail": failed})
        return json_response(200, done)


def _named(call: Call) -> tuple[str, str]:
    return call.parameters["name"], call.parameters["version"]


def _key(call: Call) -> dict[str, object]:
    return dict(zip(("name", "version"), _named(call), strict=True))


def _tags(model: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in model.get("tags", [])}


def _listed(model: dict[str, Any]) -> dict[str, object]:
    return {
        "name": str(model.get("name", "")),
        "version": str(model.get("version", "")),
        "status": str(model.get("status", "")),
        "created_at": int(model.get("creation_timestamp", 0)),
        "tags": _tags(model),
    }


def _object(call: Call) -> dict[str, Any] | None:
    try:
        value = json.loads(call.request.body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _no_object() -> Response:
    return json_response(422, {"detail": [{"type": "missing", "loc": ["body"], "msg": MISSING}]})


MISSING = "Field required"


def _missing(wanted: dict[str, Any], fields: tuple[str, ...]) -> list[tuple[str, str, str]]:
    return [(name, "missing", MISSING) for name in fields if name not in wanted]


def _register(call: Call) -> Response:
    """Refuse a wrong body; a right one fails in MLflow's client, which cannot log such a model."""
    wanted = _object(call)
    if wanted is None:
        return _no_object()
    problems = _missing(wanted, ("model_name", "model_type", "model_data"))
    if "model_type" in wanted and wanted["model_type"] not in MODEL_TYPES:
        text = f"Value error, Model type must be one of: {list(MODEL_TYPES)}"
        problems.append(("model_type", "value_error", text))
    if problems:
        return unprocessable(*problems)
    return json_response(500, {"detail": "Failed to register model"})


def _event(call: Call) -> Response:
    """Refuse a caller without a write scope, then a wrong body; no event is ever sent from here."""
    if call.caller is None or not call.caller.scopes & WRITE_SCOPES:
        return json_response(403, {"detail": NO_EVENTS})
    wanted = _object(call)
    if wanted is None:
        return _no_object()
    problems = _missing(wanted, EVENT_FIELDS)
    if problems:
        return unprocessable(*problems)
    return json_response(502, {"detail": "Failed to emit model registration event"})
