"""A real MLflow server that the tests of the flows share, empty for each file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.canary.support.servers.mlflow import Mlflow, serving_mlflow

# what a flow can leave, the rows that refer to others first
TABLES = (
    "registered_model_aliases", "model_version_tags", "model_versions", "registered_model_tags",
    "registered_models", "tags", "params", "metrics", "latest_metrics", "runs",
)  # fmt: skip


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mlflow]:
    with serving_mlflow(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture(scope="module")
def mlflow(mlflow_server: Mlflow) -> Mlflow:
    for table in TABLES:
        mlflow_server.execute(f"delete from {table}")
    mlflow_server.execute("delete from experiment_tags where experiment_id != 0")
    mlflow_server.execute("delete from experiments where experiment_id != 0")
    for left in (mlflow_server.folder / "art").glob("*"):
        shutil.rmtree(left)
    return mlflow_server
