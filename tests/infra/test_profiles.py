"""The templates of the cheaper profiles, each synthesized once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from canary.deployment.permissions import rows
from canary.model import Config, Profile
from emulator.aws.endpoint import Endpoint
from tests.emulator.support.emulated import aws
from tests.infra.conftest import resources, synthesize
from tests.infra.support.words import deployable, described, linted, names

__all__ = ["aws"]

pytestmark = pytest.mark.slow
FREE_METRICS = 50
STACK = "hokusai-canary-development"


@pytest.mark.parametrize(
    ("profile", "keys", "composites"), [(Profile.STANDARD, 1, 2), (Profile.LEAN, 0, 1)]
)
def test_a_cheaper_profile_fits_the_free_dashboard_and_pays_for_no_key_in_lean(
    config: Config,
    code: str,
    profile: Profile,
    keys: int,
    composites: int,
    aws: Endpoint,
    tmp_path: Path,
) -> None:
    where = msgspec.structs.replace(config.environment, profile=profile)
    chosen = msgspec.structs.replace(config, environment=where)
    template = synthesize(chosen, code)
    assert len(resources(template, "AWS::KMS::Key")) == keys
    assert len(resources(template, "AWS::CloudWatch::CompositeAlarm")) == composites
    topics = resources(template, "AWS::SNS::Topic").values()
    assert ["KmsMasterKeyId" in t for t in topics] == [bool(keys)] * 2
    assert sum(row.action.startswith("kms:") for row in rows(chosen)) == 2 * keys
    assert _drawn(template) <= FREE_METRICS
    assert linted(template, tmp_path) == (0, ""), "cfn-lint's word"
    made = deployable(template["Resources"])
    cloud = aws.client("cloudformation")
    cloud.create_stack(StackName=STACK, TemplateBody=made)
    found = set(described(aws, STACK))
    cloud.delete_stack(StackName=STACK)
    for bucket in resources(template, "AWS::S3::Bucket").values():  # the stack keeps it
        aws.client("s3").delete_bucket(Bucket=bucket["BucketName"])
    assert found == set(names(template["Resources"], STACK).values()), "moto's word"


def _drawn(template: dict[str, Any]) -> int:
    (board,) = resources(template, "AWS::CloudWatch::Dashboard").values()
    parts = board["DashboardBody"]["Fn::Join"][1]
    body = json.loads("".join(p if isinstance(p, str) else "arn" for p in parts))
    graphs = [w["properties"].get("metrics", []) for w in body["widgets"]]
    alarms = [w["properties"].get("alarms", []) for w in body["widgets"]]
    return sum(map(len, graphs)) + sum(map(len, alarms))
