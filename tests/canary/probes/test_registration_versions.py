"""The registration flow against older MLflow versions, each in its own environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from canary.model import Status
from tests.canary.support.servers.mlflow import serving_mlflow
from tests.canary.support.servers.toolbox import Bench, environment

# Skinny MLflow and what its web application imports; SQLAlchemy 2.1 breaks the old versions.
BESIDE = (
    "Flask<4", "Flask-CORS<7", "sqlalchemy<2.1", "alembic<2", "gunicorn<24", "querystring-parser",
    "markdown", "setuptools<80",
)  # fmt: skip
VERSIONS = (
    "2.9.2",  # deployed on the day of the old report
    "3.1.4",  # the last before the Host header check
)


def environment_of(version: str, folder: Path) -> str:
    """Install a version and return its Python; skip where packages cannot be had."""
    beside_ours = Path(sys.executable).with_name("uv")
    uv = str(beside_ours) if beside_ours.exists() else shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    python = str(folder / "venv" / "bin" / "python")
    for command in (
        [uv, "venv", "-q", "--python", sys.executable, str(folder / "venv")],
        [uv, "pip", "install", "-q", "--python", python, f"mlflow-skinny=={version}", *BESIDE],
    ):
        made = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
        if made.returncode:
            pytest.skip(f"MLflow {version} could not be installed: {made.stderr[-200:]}")
    return python


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_flow_holds_on_an_older_mlflow_and_leaves_nothing(version: str, tmp_path: Path) -> None:
    python = environment_of(version, tmp_path)
    with serving_mlflow(tmp_path, python) as server:
        for number, with_run in enumerate((True, True, False)):
            one = Bench(environment(server.url), {"valid": "x" * 16}, run_id=f"old-{number}")
            status = one.run("registration", base="", with_run=with_run)
            lost = [(s.name, s.reason) for s in one.steps if s.status is not Status.PASS]
            assert status is Status.PASS and not lost, lost
        assert server.rows("registered_models") == 0
        assert server.rows("model_versions") == 0
        assert server.rows("runs", "lifecycle_stage='active'") == 0
