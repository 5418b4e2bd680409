"""Break the twin, run, read the diagnosis, type its fix with the AWS CLI, settle, run: green.

Slow: run by `make test-slow`. `HOKUSAI_FAULTS` (comma separated ids) narrows it;
`HOKUSAI_DIAGNOSIS_REPORT` names a file that the confusion matrix is written into.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.faults import FAULTS
from tests.canary.diagnosis_matrix import Row, write

ROOT = Path(__file__).resolve().parents[2]
WANTED = [f for f in os.environ.get("HOKUSAI_FAULTS", "").split(",") if f] or list(FAULTS)
# Mended by a person's decision, not by a command: what the remedy says is done by `heal`.
PEOPLE = frozenset(
    {
        "redis-parameter-deleted",
        "redis-down",
        "redis-slow",
        "database-down",
        "database-write-lock",
        "database-password-changed",
        "auth-schema-missing",
        "artifact-bucket-denied",
        "key-unknown",
        "key-without-scope",
    }
)
PAIRS = (
    ("mlflow-api-rule-wrong-target", "auth-scaled-to-zero"),
    ("mlflow-rule-missing", "auth-blocked"),
    ("api-group-empty", "auth-crash-loop"),
    ("discovery-stale", "auth-scaled-to-zero"),
)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Twin:
    """A running sandbox and the canary beside it, both by their command lines."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state_file = folder, folder / "state.json"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "up", "--state", str(self.state_file)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert "ready" in self._process.stdout.readline()
        self.state: dict[str, Any] = json.loads(self.state_file.read_text())
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        keys = self.state["aws"]
        self.environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": keys["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
            "AWS_DEFAULT_REGION": self.state["region"],
            "AWS_ENDPOINT_URL": self.state["aws_endpoint_url"],
            "AWS_PAGER": "",
            "PATH": path,
        }

    def sandbox(self, *words: str) -> None:
        """Carry a command of the sandbox out."""
        command = [sys.executable, "-m", "sandbox", *words, "--state", str(self.state_file)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)

    def run(self, name: str, store: Path) -> dict[str, Any]:
        """Carry one run of the canary out and return its report."""
        command = [sys.executable, "-m", "canary", "run", "-q", "--format", "json"]
        command += ["-e", self.state["environment_file"], "--store", str(store)]
        command += ["--out", str(self.folder / name)]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, env=self.environment, timeout=300
        )
        assert done.stdout, done.stderr[-2000:]
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def type(self, command: str) -> None:
        """Type one command as it was printed."""
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, env=self.environment,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr}"

    def stop(self) -> None:
        """End the sandbox."""
        self._process.terminate()
        self._process.wait(30)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin with one healthy run behind it."""
    made = Twin(tmp_path_factory.mktemp("diagnosis"))
    try:
        made.sandbox("settle")
        made.run("healthy", made.folder / "healthy-store")
        yield made
    finally:
        made.stop()


ROWS: list[Row] = []


@pytest.fixture(scope="module", autouse=True)
def matrix() -> Iterator[None]:
    """Write the confusion matrix when all is done."""
    yield
    target = os.environ.get("HOKUSAI_DIAGNOSIS_REPORT")
    if target and ROWS:
        write(Path(target), ROWS)


def _store(twin: Twin) -> Path:
    """Return a store in which the healthy run is the last one."""
    store = twin.folder / "store"
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(twin.folder / "healthy-store", store)
    return store


def _broken(report: dict[str, Any]) -> list[str]:
    return [
        r["check_id"]
        for r in report["results"]
        if r["status"] in ("FAIL", "ERROR") and not r.get("carried")
    ]


def _break(twin: Twin, *faults: str) -> tuple[dict[str, Any], Path]:
    twin.sandbox("heal")
    twin.sandbox("settle")
    for fault in faults:
        twin.sandbox("break", fault)
    twin.sandbox("settle")
    store = _store(twin)
    return twin.run("broken", store), store


def test_the_healthy_twin_has_no_diagnosis(twin: Twin) -> None:
    report = twin.run("again", _store(twin))
    assert (_broken(report), report["diagnoses"]) == ([], [])


@pytest.mark.parametrize("fault", WANTED)
def test_the_fault_is_named_and_its_remedy_heals(twin: Twin, fault: str) -> None:
    report, store = _break(twin, fault)
    causes = [d["cause"] for d in report["diagnoses"]]
    row = Row(fault=fault, expected=FAULTS[fault].cause, named=tuple(causes))
    ROWS.append(row)
    assert causes[:1] == [FAULTS[fault].cause], (causes, _broken(report))
    commands = [c for d in report["diagnoses"] for c in d["remedy"]["fix"]]
    if fault in PEOPLE or not commands:
        assert any(d["remedy"]["decision"] for d in report["diagnoses"])
        twin.sandbox("heal")
    for command in commands if fault not in PEOPLE else []:
        twin.type(command)
    twin.sandbox("settle")
    after = twin.run("mended", store)
    ROWS[-1] = Row(
        fault=fault,
        expected=row.expected,
        named=row.named,
        healed=not _broken(after),
        by="person" if fault in PEOPLE or not commands else "command",
    )
    assert _broken(after) == []


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_two_faults_give_two_causes(twin: Twin, pair: tuple[str, str]) -> None:
    report, _ = _break(twin, *pair)
    assert {FAULTS[f].cause for f in pair} <= {d["cause"] for d in report["diagnoses"]}
