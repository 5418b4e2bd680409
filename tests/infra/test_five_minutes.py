"""The five minutes of the README, as they stand there: copy, fill in, validate, synthesize."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from canary import config
from canary.model import Severity, names
from tests.infra.conftest import synthesize
from tests.infra.support.deployed import ROOT
from tests.infra.support.deployed import synthesize as run_app

README = (ROOT / "README.md").read_text(encoding="utf-8")
ANOTHER = (ROOT / "docs" / "another-platform.md").read_text(encoding="utf-8")
VALUES = {
    "123456789012": "210987654321",
    "us-east-1": "eu-west-1",
    "vpc-0123456789abcdef0": "vpc-00000000000000001",
    "subnet-0123456789abcdef1": "subnet-00000000000000001",
    "subnet-0123456789abcdef2": "subnet-00000000000000002",
    "https://auth.hokus.ai": "https://auth.example.org",
    "https://registry.hokus.ai": "https://registry.example.org",
}


def typed(text: str, pattern: str) -> str:
    """Return the one command of a document that fits."""
    [found] = re.findall(pattern, text)
    return str(found)


def filled(path: Path, values: dict[str, str]) -> Path:
    text = path.read_text(encoding="utf-8")
    for before, after in values.items():
        assert before in text, before
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder like the project's, for what is copied."""
    made = tmp_path / "canary" / "environments"
    made.mkdir(parents=True)
    source = ROOT / "canary" / "environments" / "development.toml"
    (made / "development.toml").write_bytes(source.read_bytes())
    examples = tmp_path / "docs"
    examples.mkdir()
    (examples / "examples").symlink_to(ROOT / "docs" / "examples")
    return tmp_path


@pytest.fixture(params=["here", pytest.param("as typed", marks=pytest.mark.slow)])
def synthesized(request: pytest.FixtureRequest, folder: Path, code: str) -> Callable[[str], str]:
    """Return a function that validates and synthesizes an environment: in this process, or by the
    commands of the document, which also build the bundle.
    """

    def here(name: str) -> str:
        file = folder / "canary" / "environments" / f"{name}.toml"
        assert config.problems_of(file) == []
        return json.dumps(synthesize(config.load(str(file)), code))

    def as_typed(name: str) -> str:
        file = folder / "canary" / "environments" / f"{name}.toml"
        command = [sys.executable, "-m", "canary", "validate", str(file)]
        valid = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert valid.returncode == 0, valid.stderr
        done = run_app(str(file), folder / "cdk.out")
        assert done.returncode == 0, done.stderr
        return (folder / "cdk.out" / f"hokusai-canary-{name}.template.json").read_text()

    return here if request.param == "here" else as_typed


def test_a_platform_of_the_same_kind_is_copied_filled_in_and_synthesized(
    folder: Path, synthesized: Callable[[str], str]
) -> None:
    command = typed(README, r"`(sed [^`]+)`").replace("NAME", "staging")
    subprocess.run(["bash", "-c", command], cwd=folder, check=True)
    place = filled(folder / "canary" / "environments" / "staging.toml", VALUES)
    hosts = {route.host for route in config.load(str(place)).environment.routes}
    assert hosts == {"auth.example.org", "registry.example.org"}  # the two urls say so
    template = synthesized("staging")
    assert "hokusai-canary-staging" in template and "210987654321" in template
    # IAM sees the calls of Route 53 in one region, wherever they come from
    own = template.replace('"aws:RequestedRegion": "us-east-1"', "")
    left = [v for v in (*VALUES, "development") if v in own]
    assert left == []


def test_any_mlflow_is_copied_filled_in_and_synthesized(
    folder: Path, synthesized: Callable[[str], str]
) -> None:
    command = typed(ANOTHER, r"`(cp [^`]+)`").replace("NAME", "mlflow-team")
    subprocess.run(["bash", "-c", command], cwd=folder, check=True)
    place = folder / "canary" / "environments" / "mlflow-team.toml"
    values = {k: v for k, v in VALUES.items() if not k.startswith("https://")}
    filled(place, values)
    template = json.loads(synthesized("mlflow-team"))
    text = json.dumps(template)
    assert "registry" not in text and "auth." not in text
    checks = config.load(str(place)).checks
    alarms = {
        r["Properties"]["AlarmName"]
        for r in template["Resources"].values()
        if r["Type"] == "AWS::CloudWatch::Alarm"
    }
    by_check = {c.id: names.alarm("mlflow-team", c.id) for c in checks}
    own = {c.id for c in checks if by_check[c.id] in alarms}
    assert own == {c.id for c in checks if c.severity is Severity.CRITICAL}
    suites = {c.suite for c in checks if c.id not in own}
    assert {names.alarm("mlflow-team", f"suite-{s.value}") for s in suites} <= alarms
