"""In the tenth failing run the first cause and its fix are those of the first failing run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.faults import FAULTS
from tests.canary.support.aws_snapshot import changed, taken
from tests.canary.support.live_faults import EXCEPTIONS, PEOPLE, ROUNDS, wanted
from tests.canary.support.live_twin import ROOT, Report, Twin, broken, fixes

pytestmark = pytest.mark.timeout(600)
EIGHT = (
    "registry-listener-missing",
    "mlflow-api-rule-wrong-target",
    "certificate-wrong-name",
    "auth-scaled-to-zero",
    "api-crash-loop",
    "execution-role-denied",
    "mlflow-url-wrong-namespace",
    "discovery-missing",
)
"""Of a listener, a rule, a certificate, a count, a revision, a role, a variable, a name."""
WELL, FAILING = 3, 10
ASKED = frozenset(
    {
        *("auth.certificate", "registry.certificate", "auth.health", "registry.health"),
        *("registry.ready", "registry.mlflow-connection", "registry.mlflow-proxy"),
        *("auth.tasks", "registry.tasks", "mlflow.tasks", "auth.targets", "registry.targets"),
        *("mlflow.targets", "auth.routing", "registry.routing", "registry.accepts-valid-key"),
    }
)
"""The checks of the eight: with all of them, eighty failing runs take minutes."""
Run = dict[str, Any]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """Yield a steady twin."""
    made = Twin(tmp_path_factory.mktemp("tenth"))
    try:
        made.settle()
        yield made
    finally:
        made.stop()


def _runs(twin: Twin, environment: Path, store: Path, count: int) -> list[Run]:
    """Carry runs out one after the other, in one process, and return what each of them found."""
    variables = {
        **twin.environment, "CANARY_ENVIRONMENT": str(environment), "CANARY_STORE": str(store),
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.canary.support.many_runs", str(count), str(store)]
    done = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=500
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == count, done.stderr[-2000:]
    return found


def _few(twin: Twin) -> Path:
    """Return an environment that has the checks of ASKED alone."""
    file = Path(twin.state["environment_file"])
    listed = twin.run("all", twin.folder / "all-store")["results"]
    others = sorted({r["check_id"] for r in listed} - ASKED)
    assert len(others) == len(listed) - len(ASKED)
    lines = [f'"{check}" = "this test asks others"' for check in others]
    made = file.with_name("few.toml")
    made.write_text("\n".join((file.read_text(), "[disable]", *lines, "")))
    return made


@pytest.fixture(scope="module")
def few(twin: Twin) -> tuple[Path, Path]:
    """Return an environment with few checks, and a store in which they are well."""
    environment, store = _few(twin), twin.folder / "few-store"
    assert all(not run["causes"] for run in _runs(twin, environment, store, WELL))
    return environment, store


@pytest.fixture(scope="module")
def whole(twin: Twin) -> tuple[Path, Path]:
    """Return the whole environment, and a store in which all checks are well."""
    environment, store = Path(twin.state["environment_file"]), twin.folder / "whole-store"
    assert all(not run["causes"] for run in _runs(twin, environment, store, WELL))
    return environment, store


def _ten(twin: Twin, fault: str, known: tuple[Path, Path]) -> tuple[list[Run], Path]:
    """Plant a fault and return ten failing runs of it, and their store."""
    environment, well = known
    store = twin.folder / "outage"
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(well, store)
    twin.plant(fault)
    twin.settle()
    return _runs(twin, environment, store, FAILING), store


def _same(runs: list[Run], fault: str) -> None:
    """Compare the first cause and its fix, run by run.

    The fix names the object. What a cause is told of may change with what ECS does meanwhile: the
    target group while a task fails, the task's definition once ECS has stopped it.
    """
    assert all(run["not_passed"] for run in runs), "a run without a failure ends the outage"
    told = [(run["first"]["cause"], run["first"]["fix"]) for run in runs]
    assert told[0][0] == FAULTS[fault].cause and told[0][1]
    assert told == [told[0]] * len(runs)


def _left(twin: Twin, store: Path, commands: list[str]) -> list[str]:
    """Type the fixes of the tenth run and of those after it; return the checks that still fail."""
    report: Report = {}
    for number in range(ROUNDS):
        for command in commands:
            twin.shell(command)
        twin.settle()
        report = twin.run(f"mended-{number}", store)
        commands = fixes(report)
        if not broken(report):
            break
    return broken(report)


@pytest.mark.slow
@pytest.mark.parametrize("fault", EIGHT)
def test_the_tenth_failing_run_says_what_the_first_one_said(
    twin: Twin, few: tuple[Path, Path], fault: str
) -> None:
    twin.heal()
    runs, _ = _ten(twin, fault, few)
    _same(runs, fault)


@pytest.mark.sweep
@pytest.mark.parametrize(
    "fault", [f for f in wanted() if f in FAULTS and f not in PEOPLE and FAULTS[f].symptom]
)
def test_after_ten_failing_runs_the_fix_leaves_the_platform_as_it_was(
    twin: Twin, whole: tuple[Path, Path], fault: str
) -> None:
    twin.heal()
    before = taken(twin.client)
    runs, store = _ten(twin, fault, whole)
    _same(runs, fault)
    left = _left(twin, store, runs[-1]["fixes"])
    if fault not in EXCEPTIONS:
        assert (left, changed(before, taken(twin.client))) == ([], {})
