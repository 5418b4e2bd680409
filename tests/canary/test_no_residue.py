"""A hundred runs against the platform as found, where nothing can be deleted through the proxy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.state import read
from tests.canary.support.live_twin import Twin, broken
from tests.sandbox.support.twin import Outside

pytestmark = [pytest.mark.sweep, pytest.mark.timeout(1800)]
RUNS = 100
HOST = "registry.hokus.ai"
API = "/api/mlflow/api/2.0/mlflow"
TRUE_FAULTS = {
    "registration.model", "registry.dependencies", "registry.health-status",
    "registry.rate-limit-headers", "registry.requires-scope", "registry.requires-scope-to-delete",
}  # fmt: skip
CAUSES = {"proxy-drops-body", "rate-limit-missing", "route-failing", "scope-excessive"}


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    made = Twin(tmp_path_factory.mktemp("residue"), "--as-found")
    try:
        made.settle()
        yield made
    finally:
        made.stop()


def _listed(outside: Outside, path: str, key: str, rows: str) -> list[Any]:
    answer = outside.get(HOST, API + path, key=key)
    assert answer.status == 200, answer.data
    found: list[Any] = json.loads(answer.data).get(rows, [])
    return found


def _left(outside: Outside) -> list[str]:
    """Return the names of all registered models, versions and live runs."""
    key = outside.key("valid")
    models = _listed(
        outside, "/registered-models/search?max_results=1000", key, "registered_models"
    )
    versions = _listed(outside, "/model-versions/search?max_results=1000", key, "model_versions")
    experiments = _listed(outside, "/experiments/search?max_results=100", key, "experiments")
    body = {"experiment_ids": [e["experiment_id"] for e in experiments], "max_results": 1000}
    answer = outside.get(
        HOST, f"{API}/runs/search", key=key, method="POST", body=json.dumps(body).encode()
    )
    runs = json.loads(answer.data).get("runs", [])
    return [*(m["name"] for m in models), *(v["name"] for v in versions),
            *(r["info"]["run_id"] for r in runs)]  # fmt: skip


def test_runs_leave_at_most_one_object_and_name_the_true_faults(twin: Twin, tmp_path: Path) -> None:
    for number in range(RUNS):
        report = twin.run(f"run-{number % 2}", tmp_path / "store")
        assert set(broken(report)) == TRUE_FAULTS, number
        assert {d["cause"] for d in report["diagnoses"]} == CAUSES, number
        assert report["unexplained"] == []
    assert len(_left(Outside(read(twin.state_file)))) <= 1
