"""What CI does: the verbs of a desk, a browser always, deployments without a kept key."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.documents import ROOT
from tests.house.test_documents import VERBS

FOLDER = ROOT / ".github" / "workflows"
RUN = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
FILES = sorted(FOLDER.glob("*.yml"))
LEAST = {"deploy": {"contents": "read", "id-token": "write"}}


def workflow(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    return found


def steps(name: str) -> list[dict[str, Any]]:
    (job,) = workflow(name)["jobs"].values()
    return list(job["steps"])


def commands(name: str) -> str:
    return "\n".join(step.get("run", "") for step in steps(name))


def test_ci_runs_the_verbs_of_a_desk() -> None:
    assert re.findall(r"^make ([a-z-]+)$", RUN, re.M) == ["test", "test-slow"]
    assert "bash .ci/run" in commands("test")
    assert workflow("test")[True]["push"]["branches"] == ["main"]  # YAML reads `on` as true


def test_ci_installs_debians_chromium_and_fails_without_a_browser() -> None:
    (job,) = workflow("test")["jobs"].values()
    assert re.search(r"-(bookworm|trixie)$", job["container"]), "Ubuntu's package is a snap's stub"
    assert "apt-get install" in RUN and " chromium " in RUN
    assert job["env"]["CANARY_BROWSER"] == "required"
    assert "export CANARY_BROWSER=required" in RUN


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_workflow_may_little_and_ends(path: Path) -> None:
    found = workflow(path.stem)
    assert found["permissions"] == {}
    for job in found["jobs"].values():
        assert job["permissions"] == LEAST.get(path.stem, {"contents": "read"})
        assert job["timeout-minutes"] <= 120
    assert set(re.findall(r"make ([a-z-]+)", commands(path.stem))) <= VERBS
    used = [step["uses"] for step in steps(path.stem) if "uses" in step]
    for step in steps(path.stem):
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"] == {"persist-credentials": False}
    assert used and all(re.fullmatch(r"[\w./-]+@v\d+", action) for action in used)


def test_a_deployment_is_by_oidc_one_environment_at_a_time_and_ends_at_the_gate() -> None:
    found = workflow("deploy")
    (job,) = found["jobs"].values()
    assert job["permissions"]["id-token"] == "write"
    assert job["environment"] == "${{ inputs.environment }}"
    assert "inputs.environment" in found["concurrency"]
    (login,) = [s for s in steps("deploy") if "configure-aws-credentials" in s.get("uses", "")]
    assert set(login["with"]) == {"role-to-assume", "aws-region"}
    lines = [line for line in commands("deploy").splitlines() if line.startswith("make")]
    assert [line.split()[1] for line in lines] == ["deploy", "gate"]
    assert "secrets." not in (FOLDER / "deploy.yml").read_text(encoding="utf-8")


def test_an_input_of_a_workflow_never_becomes_part_of_a_shells_line() -> None:
    for path in FILES:
        assert "${{" not in commands(path.stem), "hand it over as a variable"


@pytest.mark.parametrize(
    "typed",
    ['x"; touch {}; #', "$(shell touch {})", "$$(touch {})", "`touch {}`", "*", "", "a b", "-x"],
)
@pytest.mark.parametrize("verb", ["gate", "deploy"])
def test_what_is_typed_after_a_verb_is_no_command(verb: str, typed: str, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    done = typed_after(verb, f"ENV={typed.replace('{}', str(trap))}")
    assert not trap.exists()
    assert done.returncode == 2
    assert "ENV: a name of letters a-z, digits and _, then also -" in done.stderr


def test_a_fault_that_is_typed_is_one_argument(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    done = typed_after("demo", f'FAULT=x"; touch {trap}; $(shell touch {trap})')
    assert not trap.exists()
    assert (
        done.returncode == 2 and "touch" in done.stderr
    )  # the sandbox names what it does not know


def typed_after(verb: str, argument: str) -> subprocess.CompletedProcess[str]:
    """Run a verb, without its set-up, as a person types it."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", "-o", "setup", "-o", "setup-demo", verb, argument],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
    )
