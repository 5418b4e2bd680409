"""Environments side by side in one account: no name is that of two."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from canary.model import Config
from infra.collisions import IN_ALL_REGIONS, NAMED, OneStack, collisions
from tests.infra.conftest import DEVELOPMENT, resources, synthesize
from tests.infra.support.deployed import synthesize as run_app

EAST, WEST = "us-east-1", "us-west-2"
WITHIN_ANOTHER = {  # kinds with a name of their own, within a bus or a group that is the stack's
    "AWS::Events::Rule", "AWS::IAM::Policy", "AWS::Scheduler::Schedule",
}  # fmt: skip


def made(
    config: Config, code: str, name: str, region: str = EAST, scale: str = "single"
) -> OneStack:
    where = msgspec.structs.replace(
        config.environment,
        name=name,
        region=region,
        deployment=msgspec.structs.replace(config.environment.deployment, scale=scale),
    )
    template = synthesize(msgspec.structs.replace(config, environment=where), code)
    return OneStack(file=f"{name}.toml", account=where.account, region=region, template=template)


@pytest.mark.slow  # it synthesizes two environments
def test_two_environments_of_one_account_share_no_name(config: Config, code: str) -> None:
    assert collisions([made(config, code, name) for name in ("one", "two", "one-two")]) == []


def test_one_environment_in_two_regions_shares_no_name(config: Config, code: str) -> None:
    """Two checkouts may use one name twice; what knows no region says its region itself."""
    east, west = (made(config, code, "one", region) for region in (EAST, WEST))
    assert collisions([east, replace(west, file="west.toml")]) == []


def test_every_kind_that_is_given_a_name_is_looked_at(config: Config, code: str) -> None:
    template = made(config, code, "one", scale="map").template
    for resource in template["Resources"].values():
        named = [
            p
            for p, value in resource.get("Properties", {}).items()
            if re.fullmatch(r"(\w+)?Name", p) and isinstance(value, str) and "one" in value
        ]
        if named and resource["Type"] not in WITHIN_ANOTHER:
            assert NAMED[resource["Type"]] in named, resource["Type"]
    assert all(resources(template, kind) for kind in IN_ALL_REGIONS)


def like(name: str, kind: str, **properties: Any) -> OneStack:
    template = {"Resources": {"It": {"Type": kind, "Properties": properties}}}
    return OneStack(file=f"{name}.toml", account="1", region=EAST, template=template)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            like("a", "AWS::Lambda::Function", FunctionName="x"),
            like("b", "AWS::Lambda::Function", FunctionName="x"),
        ),
        (
            like("a", "AWS::CloudWatch::Alarm", AlarmName="x"),
            like("b", "AWS::CloudWatch::CompositeAlarm", AlarmName="x"),
        ),
    ],
)
def test_a_name_that_two_would_share_is_told_with_both_files(
    one: OneStack, other: OneStack
) -> None:
    [told] = collisions([one, other])
    assert re.fullmatch(
        r"b\.toml: name: makes the AWS::\S+ x in 1 us-east-1, as a\.toml does", told
    )


@pytest.mark.slow
def test_environments_whose_alarms_would_be_one_end_the_synthesis(tmp_path: Path) -> None:
    text = DEVELOPMENT.read_text()
    for name in ("dev", "dev-mlflow"):
        (tmp_path / f"{name}.toml").write_text(text.replace("development", name))
    done = run_app(str(tmp_path), tmp_path / "cdk.out")
    assert done.returncode == 0, done.stderr
    (tmp_path / "dev.toml").write_text(
        text.replace("development", "dev").replace("[deployment]", '[deployment]\nscale = "map"')
    )
    (tmp_path / "shard.toml").write_text(text.replace("development", "dev-shard"))
    done = run_app(str(tmp_path), tmp_path / "cdk.out")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "shard.toml: name: makes the AWS::Lambda::Function hokusai-canary-dev-shard" in (
        done.stderr
    )
