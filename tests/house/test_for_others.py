"""What other repositories use of this one: the GitHub Action and the hook of pre-commit."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.documents import ROOT, blocks

ACTION = ROOT / ".github" / "actions" / "canary" / "action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
FILE = "canary/environments/development.toml"
FOUND: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in FOUND["runs"]["steps"]}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the variables of a runner, whose PATH has our command by its installed name."""
    binaries = tmp_path / "bin"
    binaries.mkdir()
    command = binaries / "hokusai-canary"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m canary "$@"\n')
    command.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository of somebody else with an environment file in two states."""
    folder = tmp_path / "theirs"
    path = folder / FILE
    path.parent.mkdir(parents=True)
    text = (ROOT / FILE).read_text()
    git(folder, "init", "--quiet", "--initial-branch=main")
    for state in (
        text,
        text.replace('name = "development"', 'name = "development"\nprofile = "full"'),
    ):
        path.write_text(state)
        git(folder, "add", "-A")
        git(folder, "commit", "--quiet", "-m", "state")
    return folder


def git(folder: Path, *words: str) -> str:
    named = ["-c", "user.name=n", "-c", "user.email=n@example.com"]
    done = subprocess.run(
        ["git", *named, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def step(
    name: str, repository: Path, environment: dict[str, str], **values: str
) -> subprocess.CompletedProcess[str]:
    """Run a step as a runner does: `bash -e`, with its inputs as variables."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", STEPS[name]["run"]],
        cwd=repository,
        env={**environment, **values},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_no_input_is_pasted_into_a_line_of_the_shell() -> None:
    assert list(STEPS) == ["Install", "Validate", "Plan", "Gate"]
    for found in STEPS.values():
        assert found["shell"] == "bash" and "${{" not in found["run"]
        used = set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", str(found.get("env", {}))))
        assert used <= FOUND["inputs"].keys()
    assert FOUND["inputs"]["gate"]["default"] == "false"
    assert STEPS["Gate"]["if"] == "inputs.gate == 'true'"


def test_it_installs_its_own_commit() -> None:
    words = shlex.split(STEPS["Install"]["run"])
    assert words[:4] == ["python3", "-m", "pip", "install"]
    place = words[-1].replace("$GITHUB_ACTION_PATH", str(ACTION.parent))
    assert Path(place).resolve() == ROOT


@pytest.mark.slow
def test_a_valid_file_passes_and_a_wrong_one_fails(
    repository: Path, environment: dict[str, str]
) -> None:
    assert step("Validate", repository, environment, ENVIRONMENT=FILE).returncode == 0
    (repository / FILE).write_text('name = "x"\n')
    done = step("Validate", repository, environment, ENVIRONMENT=FILE)
    assert done.returncode == 2 and "development.toml" in done.stdout + done.stderr


@pytest.mark.slow
def test_the_summary_shows_what_the_change_costs(
    repository: Path, environment: dict[str, str]
) -> None:
    done = step("Plan", repository, environment, ENVIRONMENT=FILE, BASE="HEAD~1")
    assert done.returncode == 0, done.stderr
    summary = Path(environment["GITHUB_STEP_SUMMARY"]).read_text()
    assert summary.startswith("### Plan of the canary\n```diff\n--- before\n+++ after\n")
    changed = [row for row in summary.splitlines() if re.match(r"[-+]\w", row)]
    assert any("$ a month" in row for row in changed) and summary.count("```") == 2
    assert git(repository, "worktree", "list").count("\n") == 0
    Path(environment["GITHUB_STEP_SUMMARY"]).unlink()
    done = step("Plan", repository, environment, ENVIRONMENT=FILE, BASE="")
    assert done.returncode == 0, done.stderr
    whole = Path(environment["GITHUB_STEP_SUMMARY"]).read_text()
    assert whole.startswith("### Plan of the canary\n```text\n") and "$ a month" in whole


@pytest.mark.slow
def test_a_gate_that_cannot_ask_fails_with_its_status_and_leaves_a_summary(
    repository: Path, environment: dict[str, str]
) -> None:
    offline = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
    keys = {"AWS_ACCESS_KEY_ID": "t", "AWS_SECRET_ACCESS_KEY": "t"}
    given = {**offline, **keys, "ENVIRONMENT": FILE, "FAIL_ON": "high"}
    done = step("Gate", repository, environment, **given)
    assert done.returncode == 3 and "Traceback" not in done.stderr
    summary = Path(environment["GITHUB_STEP_SUMMARY"]).read_text()
    assert summary.startswith("### Gate of the canary\n```text\n")


def test_the_hook_takes_environments_and_checks() -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    assert (hook["entry"], hook["language"], hook["types"]) == (
        "hokusai-canary validate",
        "python",
        ["toml"],
    )
    files = re.compile(hook["files"])
    taken = ["canary/production.toml", "ops/checks/shop.toml", "environments/dev.toml", FILE]
    left = ["pyproject.toml", "canary/readme.md", "canary/sub/other/x.toml", "mycanary/x.toml"]
    assert [bool(files.search(name)) for name in (*taken, *left)] == [True] * 4 + [False] * 4


@pytest.mark.slow
def test_the_hook_names_every_wrong_file(repository: Path, environment: dict[str, str]) -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    wrong = repository / "checks" / "wrong.toml"
    wrong.parent.mkdir()
    wrong.write_text("[[checks]]\nid = 1\n")
    for files, status in (([FILE], 0), ([FILE, "checks/wrong.toml"], 2)):
        done = subprocess.run(
            [*shlex.split(hook["entry"]), *files],
            cwd=repository,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            executable=str(Path(environment["RUNNER_TEMP"]) / "bin" / "hokusai-canary"),
        )
        assert done.returncode == status, done.stderr
        assert ("wrong.toml" in done.stdout + done.stderr) == bool(status)


def test_the_examples_of_the_document_name_what_is_there() -> None:
    action, hook = (yaml.safe_load(b.text) for b in blocks("yaml") if "alert:" not in b.text)
    (_, used) = action["steps"]
    assert used["uses"].partition("@")[0].endswith("/.github/actions/canary")
    assert used["with"].keys() <= FOUND["inputs"].keys()
    ((named,),) = [repo["hooks"] for repo in hook["repos"]]
    (ours,) = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    assert named["id"] == ours["id"]
