"""A registry and an auth service in memory, as far as the flows that make objects ask them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from canary.model import Answer, Credential, Request
from tests.canary.support import platforms as p

Change = Callable[[str, str, int], Answer | None]
"""Method, path and number of a request -> the answer instead of the usual one, None for it."""
MISSING = (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such thing"})
BORN = int(p.NOW.timestamp() * 1000)


def no_change(_method: str, _path: str, _number: int) -> Answer | None:
    return None


def model(name: str, minutes: float, needed: str = "") -> dict[str, Any]:
    tags = [{"key": "canary_needed_s", "value": needed}] if needed else []
    return {"name": name, "creation_timestamp": BORN - int(minutes * 60_000), "tags": tags}


def old_run(run_id: str, minutes: float) -> dict[str, Any]:
    tags = [{"key": "canary_name", "value": f"synthetic-canary-{run_id}"}]
    info = {"run_id": run_id, "start_time": BORN - int(minutes * 60_000)}
    return {"info": info, "data": {"tags": tags}}


def orphans(*ages: float) -> dict[str, Any]:
    return {
        f"synthetic-canary-m{n}": model(f"synthetic-canary-m{n}", age) for n, age in enumerate(ages)
    }


@dataclass
class Memory:
    """Answers requests from what it holds, and keeps what was asked."""

    change: Change = no_change
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)  # id -> name
    experiment: str = "7"
    stage: str = "active"
    date: str = "Sun, 22 Nov 2026 12:00:00 GMT"
    held_back_after: int = 1_000
    lines: list[str] = field(default_factory=list)

    def may(self, _client: object) -> str:
        return "held back: so" if len(self.lines) >= self.held_back_after else ""

    def send(self, request: Request, credential: Credential | None = None) -> Answer:
        parts = urlsplit(request.url)
        path = parts.path.removeprefix("/api/mlflow")
        key = credential.reveal() if credential else "no key"
        text = request.body.decode("latin-1") if request.headers[:1] == JSON else ""
        shown = text or (f"{len(request.body)} bytes" if request.body else "")
        again = " again" if request.repeatable else ""
        within = f"{key}{again} in {request.timeout_s:g} s"
        self.lines.append(f"  {within}: {request.method} {path}?{parts.query} {shown}".rstrip())
        changed = self.change(request.method, path, len(self.lines))
        if changed is not None:
            return changed
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        document = json.loads(text) if text else {}
        if path.startswith("/api/v1/keys") or path == "/use":
            status, found = self._keys(request.method, path, key, document)
        elif "/mlflow-artifacts/" in path:
            return self._artifact(request, path.partition("/artifacts/artifacts")[2][1:], query)
        else:
            action = f"{request.method} {path.rpartition('/mlflow/')[2]}"
            status, found = self._mlflow(action, {**query, **document})
        return Answer(
            status=status,
            body=json.dumps(found).encode(),
            headers=(("content-type", "application/json"), ("date", self.date)),
        )

    def _artifact(self, request: Request, path: str, query: dict[str, str]) -> Answer:
        if request.method == "PUT":
            self.files[path] = request.body
            return Answer(status=200)
        if query:
            names = [{"path": f} for f in self.files if f.startswith(query["path"])]
            return Answer(status=200, body=json.dumps({"files": names}).encode())
        if request.method == "DELETE":
            self.files = {f: b for f, b in self.files.items() if not f.startswith(path)}
            return Answer(status=204)
        return Answer(status=200, body=self.files[path])

    def _mlflow(self, action: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name, run_id = str(given.get("name", "")), str(given.get("run_id", ""))
        version = {"name": name, "version": "3", "status": "READY"}
        match action:
            case "GET experiments/get-by-name":
                found = {"experiment_id": self.experiment, "lifecycle_stage": self.stage}
                return (200, {"experiment": found}) if self.experiment else MISSING
            case "POST experiments/create":
                self.experiment = "8"
                return 200, {"experiment_id": "8"}
            case "POST runs/create":
                tags = [*given["tags"]]
                info = {"run_id": "run9", "artifact_uri": "mlflow-artifacts:/7/run9/artifacts"}
                info |= {"start_time": given["start_time"]}
                self.runs["run9"] = {"info": info, "data": {"tags": tags}}
                return 200, {"run": self.runs["run9"]}
            case "POST runs/log-batch" | "POST runs/set-tag":
                data = self.runs[run_id]["data"]
                for group in ("params", "metrics"):
                    data.setdefault(group, []).extend(given.get(group, ()))
                data["tags"] += [given] if "key" in given else []
            case "GET runs/get":
                return 200, {"run": self.runs[run_id]}
            case "POST runs/search":
                like = given["filter"].partition("'")[2].rstrip("%'")
                rows = [r for r in self.runs.values() if like in json.dumps(r["data"]["tags"])]
                return 200, {"runs": rows}
            case "POST runs/delete":
                return (200, {}) if self.runs.pop(run_id, None) else MISSING
            case "POST registered-models/create":
                self.models[name] = {"name": name, "creation_timestamp": BORN, **given}
            case "GET registered-models/search" | "GET model-versions/search":
                like = given["filter"].partition("'")[2].rstrip("%'")
                rows = [m for n, m in self.models.items() if n.startswith(like)]
                kind = "registered_models" if "registered" in action else "model_versions"
                return 200, {kind: rows}
            case "DELETE registered-models/delete":
                return (200, {}) if self.models.pop(name, None) else MISSING
            case "POST model-versions/create":
                self.models[name]["version"] = given
                return 200, {"model_version": version}
            case "GET model-versions/get" | "GET registered-models/alias":
                made = self.models[name]["version"]
                more = {"tags": made["tags"], "run_id": made.get("run_id", "")}
                return 200, {"model_version": version | more}
            case "DELETE model-versions/delete":
                return (200, {}) if name in self.models else MISSING
        return 200, {}

    def _keys(
        self, method: str, path: str, key: str, given: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        if path.endswith("/validate") or path == "/use":
            if key.removeprefix("value-of-") not in self.keys:
                return 401, {"detail": "Invalid or expired API key"}
            return (200, {"scopes": ["model:read"]}) if path != "/use" else (403, {})
        if method == "POST":
            self.keys["k1"] = given["name"]
            return 201, {"api_key": "value-of-k1", "key_info": {"key_id": "k1"}}
        if method == "DELETE":
            known = self.keys.pop(path.rpartition("/")[2], None)
            return (200, {}) if known else (404, {"detail": "API key not found"})
        return 200, {"keys": [{"key_id": i, "name": n} for i, n in self.keys.items()]}


JSON = (("Content-Type", "application/json"),)
