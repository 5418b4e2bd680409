"""The steps of the registration flow as MLflow REST calls (2.9.2 to 3.17.2).

Facts about MLflow that the steps rely on: tags are lists of key and value (a dict is dropped or
refused); a version's number is a string and its status always READY, so artifacts are proved by a
nonce; a `source` below an artifact URI needs its `run_id` from 3.17.2; a deleted experiment still
answers to its name; only `error_code` distinguishes errors.
"""

from __future__ import annotations

import re
import types
from typing import Any
from urllib.parse import urlsplit

from canary.probes.base.expectations import look_up
from canary.probes.registration.age import NEEDED_TAG, needed_s
from canary.probes.registration.client import MODEL, RUN, Flow, MlflowStep, Reply

ID = re.compile(r"[0-9A-Za-z_-]+")  # an id of an answer becomes part of a path
NAME_TAG = "canary_name"
ALIAS = "canary"
PARAMETER = ("purpose", "synthetic canary")
METRIC = ("canary_score", 42.0)
MODEL_FILES: dict[str, bytes] = {
    "MLmodel": b"flavors:\n  python_function:\n    code: code\n    loader_module: canary_model\n",
    "code/canary_model.py": (
        b"class Model:\n"
        b"    def predict(self, model_input, params=None):\n"
        b"        return 42\n\n\n"
        b"def _load_pyfunc(path):\n"
        b"    return Model()\n"
    ),
}


def pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    """Return tags in MLflow's form."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def local_model(step: MlflowStep) -> None:
    """Build the smallest model that `mlflow.pyfunc` loads, and let it predict."""
    module = types.ModuleType("canary_model")
    source = MODEL_FILES["code/canary_model.py"]
    exec(compile(source, "canary_model.py", "exec"), module.__dict__)  # noqa: S102 - our own text
    answer = module._load_pyfunc("").predict([1])
    step.facts["bytes"] = str(sum(map(len, MODEL_FILES.values())))
    step.require("prediction", 42, answer, answer == 42)


def experiment(step: MlflowStep) -> None:
    """Find the reserved experiment, restore it, or create it.

    Restoring also restores its deleted runs; a later flow removes them as orphans.
    """
    flow = step.flow
    found = _by_name(step)
    if found.answer.status == 200:
        _take_experiment(step, found)
        return
    body: dict[str, Any] = {"name": flow.experiment}
    made = step.call("POST", "experiments/create", body, codes=("RESOURCE_ALREADY_EXISTS",))
    if made.answer.status == 200:
        step.facts["experiment"] = "created"
        flow.experiment_id = step.value(made, "experiment_id")
    else:  # another run was faster
        _take_experiment(step, _by_name(step))


def _by_name(step: MlflowStep) -> Reply:
    query = {"experiment_name": step.flow.experiment}
    path = "experiments/get-by-name"
    return step.call("GET", path, query=query, codes=("RESOURCE_DOES_NOT_EXIST",))


def _take_experiment(step: MlflowStep, found: Reply) -> None:
    flow = step.flow
    flow.experiment_id = step.value(found, "experiment.experiment_id")
    if look_up(found.document, "experiment.lifecycle_stage") == "deleted":
        step.facts["experiment"] = "was deleted, restored"
        step.call("POST", "experiments/restore", {"experiment_id": flow.experiment_id})


def create_run(step: MlflowStep) -> None:
    """Create a run with our name, and read the place of its artifacts."""
    flow = step.flow
    flow.tried.add("run")
    body = {
        "experiment_id": flow.experiment_id,
        "start_time": now_ms(flow),
        "run_name": flow.name,
        "tags": pairs({NAME_TAG: flow.name, NEEDED_TAG: _needed(flow)}),
    }
    made = step.call("POST", "runs/create", body)
    run_id = step.value(made, "run.info.run_id")
    uri = step.value(made, "run.info.artifact_uri")
    folder = artifact_path(uri, flow.experiment_id, run_id)
    # run and folder are deleted afterwards; without their names the listing decides
    own = bool(ID.fullmatch(run_id)) and run_id in folder.split("/")
    step.require("artifact folder", f"one of run {run_id[:64]} alone", uri[:300], own)
    flow.run_id, flow.artifacts, flow.source = run_id, folder, f"{uri}/model"
    flow.made.add((RUN, run_id))
    step.facts["artifact_uri"] = uri[:300]


def artifact_path(uri: str, experiment_id: str, run_id: str) -> str:
    """Return the path below the artifact proxy of a run's artifact URI.

    A URI of another scheme means that MLflow does not serve artifacts; the usual path is then
    requested, so that the answer shows it.
    """
    parts = urlsplit(uri)
    if parts.scheme == "mlflow-artifacts":
        return parts.path.strip("/")
    return f"{experiment_id}/{run_id}/artifacts"


def _needed(flow: Flow) -> str:
    """Return for how many seconds this run may need an object that it makes now."""
    return str(needed_s(flow.context, flow.clock_off_s))


def now_ms(flow: Flow) -> int:
    """Return the time in milliseconds, MLflow's unit."""
    return int(flow.context.clock.now().timestamp() * 1000)


def parameters(step: MlflowStep) -> None:
    """Log a parameter."""
    key, value = PARAMETER
    body = {"run_id": step.flow.run_id, "params": [{"key": key, "value": value}]}
    step.call("POST", "runs/log-batch", body)


def metrics(step: MlflowStep) -> None:
    """Log a metric."""
    key, value = METRIC
    one = {"key": key, "value": value, "timestamp": now_ms(step.flow), "step": 0}
    step.call("POST", "runs/log-batch", {"run_id": step.flow.run_id, "metrics": [one]})


def run_tags(step: MlflowStep) -> None:
    """Set a tag, then read parameter, metric and tag back."""
    flow = step.flow
    body = {"run_id": flow.run_id, "key": "canary_step", "value": "tags"}
    step.call("POST", "runs/set-tag", body)
    read = step.call("GET", "runs/get", query={"run_id": flow.run_id})
    data = look_up(read.document, "run.data")
    seen = {group: tags_of(look_up(data, group)) for group in ("params", "metrics", "tags")}
    step.require("parameter", PARAMETER[1], *_same(seen["params"], PARAMETER))
    step.require("metric", METRIC[1], *_same(seen["metrics"], METRIC))
    step.require("tag", "tags", *_same(seen["tags"], ("canary_step", "tags")))


def tags_of(rows: object) -> dict[str, object]:
    """Return MLflow's list of keys and values as a dictionary."""
    if not isinstance(rows, list):
        return {}
    return {str(r.get("key")): r.get("value") for r in rows if isinstance(r, dict)}


def _same(rows: dict[str, object], wanted: tuple[str, object]) -> tuple[object, bool]:
    return rows.get(wanted[0], "absent"), rows.get(wanted[0]) == wanted[1]


def put_artifacts(step: MlflowStep) -> None:
    """Upload the model's files and a nonce."""
    flow = step.flow
    flow.tried.add("artifacts")
    for name, content in MODEL_FILES.items():
        step.artifact("PUT", f"{flow.artifacts}/model/{name}", content)
    step.artifact("PUT", f"{flow.artifacts}/nonce", flow.nonce)


def get_artifact(step: MlflowStep) -> None:
    """Download the nonce and compare it byte by byte: only this proves the artifact store."""
    flow = step.flow
    got = step.artifact("GET", f"{flow.artifacts}/nonce").body
    shown = "the same bytes" if got == flow.nonce else f"{len(got)} other bytes"
    step.require("artifact", "the same bytes", shown, got == flow.nonce)


def finish_run(step: MlflowStep) -> None:
    """End the run."""
    flow = step.flow
    body = {"run_id": flow.run_id, "status": "FINISHED", "end_time": now_ms(flow)}
    step.call("POST", "runs/update", body)


def registered_model(step: MlflowStep) -> None:
    """Create the registered model with our unique name."""
    flow = step.flow
    flow.tried.add("model")
    tags = {"purpose": "synthetic canary", NEEDED_TAG: _needed(flow)}
    body = {"name": flow.name, "tags": pairs(tags)}
    step.call("POST", "registered-models/create", body)
    flow.made.add((MODEL, flow.name))


def model_version(step: MlflowStep) -> None:
    """Register a version with the tags that the platform requires."""
    flow = step.flow
    body: dict[str, Any] = {"name": flow.name, "tags": pairs(flow.tags)}
    if flow.with_run:
        body |= {"source": flow.source, "run_id": flow.run_id}
    else:  # nothing is read from there: MLflow checks no artifact at registration
        body["source"] = f"s3://{flow.experiment}/{flow.name}"
    made = step.call("POST", "model-versions/create", body)
    flow.version = step.value(made, "model_version.version")
    status = look_up(made.document, "model_version.status")
    step.require("status", "READY", status, status == "READY")


def read_back(step: MlflowStep) -> None:
    """Read the version and its tags."""
    flow = step.flow
    query = {"name": flow.name, "version": flow.version}
    read = step.call("GET", "model-versions/get", query=query)
    tags = tags_of(look_up(read.document, "model_version.tags"))
    for key, value in flow.tags.items():
        step.require(f"tag {key}", value, tags.get(key, "absent"), tags.get(key) == value)
    if flow.with_run:
        run = look_up(read.document, "model_version.run_id")
        step.require("run of the version", flow.run_id, run, run == flow.run_id)


def search(step: MlflowStep) -> None:
    """Find the model and its version by search."""
    flow = step.flow
    query = {"filter": f"name='{flow.name}'", "max_results": "10"}
    for path, rows in (
        ("registered-models/search", "registered_models"),
        ("model-versions/search", "model_versions"),
    ):
        found = look_up(step.call("GET", path, query=query).document, rows)
        listed = found if isinstance(found, list) else []
        names = [r.get("name") for r in listed if isinstance(r, dict)]
        step.require(rows, flow.name, ", ".join(map(str, names)) or "nothing", flow.name in names)


def alias(step: MlflowStep) -> None:
    """Give the version an alias and find it by the alias."""
    flow = step.flow
    body = {"name": flow.name, "alias": ALIAS, "version": flow.version}
    step.call("POST", "registered-models/alias", body)
    query = {"name": flow.name, "alias": ALIAS}
    read = step.call("GET", "registered-models/alias", query=query)
    version = look_up(read.document, "model_version.version")
    step.require("version by alias", flow.version, version, str(version) == flow.version)
