"""Templates synthesized once, with a small folder as code: the bundle has tests of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import msgspec
import pytest
from aws_cdk import assertions
from aws_cdk import aws_lambda as lam

from canary.config import load
from canary.model import Config, Profile
from infra.parts import Build
from infra.stack import CanaryStack
from tests.infra.support.deployed import PACE, Deployed, deploy_to
from tests.sandbox.support.twin import RunningTwin

ROOT = Path(__file__).resolve().parents[2]
DEVELOPMENT = ROOT / "canary" / "environments" / "development.toml"


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("code")
    (folder / "handler.py").write_text("def handler(event, context): return event\n")
    return str(folder)


@pytest.fixture(scope="session")
def config() -> Config:
    """Every check has an alarm here: the cheaper profiles have tests of their own."""
    found = load(str(DEVELOPMENT))
    full = msgspec.structs.replace(found.environment, profile=Profile.FULL)
    return msgspec.structs.replace(found, environment=full)


def synthesize(config: Config, code: str) -> dict[str, Any]:
    """Return the template of one environment as plain data."""
    app = cdk.App(context=json.loads((ROOT / "cdk.json").read_text())["context"])
    build = Build(code=lam.Code.from_asset(code), architecture="arm64")
    stack = CanaryStack(app, config, build)
    template: dict[str, Any] = assertions.Template.from_stack(stack).to_json()
    return template


@pytest.fixture(scope="session")
def template(config: Config, code: str) -> dict[str, Any]:
    return synthesize(config, code)


@pytest.fixture(scope="session")
def spread(config: Config, code: str) -> dict[str, Any]:
    deployment = msgspec.structs.replace(config.environment.deployment, scale="map")
    environment = msgspec.structs.replace(config.environment, deployment=deployment)
    return synthesize(msgspec.structs.replace(config, environment=environment), code)


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of every resource of one type by logical id."""
    return {
        name: r.get("Properties", {})
        for name, r in template["Resources"].items()
        if r["Type"] == kind
    }


@pytest.fixture(scope="package")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The twin's own environment, deployed to a twin whose minutes take six seconds.

    It ends with the tests of this folder: it runs the canary every six seconds, and beside all
    other tests that took a quarter of a processor.
    """
    folder = tmp_path_factory.mktemp("deployed")
    twin = RunningTwin(folder / "state.json", "--pace", str(PACE))
    try:
        yield deploy_to(twin, folder / "cdk.out")
    finally:
        twin.stop()
