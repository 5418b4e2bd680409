"""`python -m canary permissions` prints the policy that is deployed, in both shapes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from canary.cli import main
from tests.infra.conftest import DEVELOPMENT, resources

ACCOUNT, REGION = "123456789012", "us-east-1"
NAMED = {  # type -> the property with its name, and its ARN
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::{}"),
    "AWS::SNS::Topic": ("TopicName", f"arn:aws:sns:{REGION}:{ACCOUNT}:{{}}"),
    "AWS::Events::EventBus": ("Name", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{{}}"),
    "AWS::SQS::Queue": ("QueueName", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{}}"),
    "AWS::KMS::Key": ("", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/KEY_OF_THE_TOPICS"),
}


def resolved(value: Any, template: dict[str, Any]) -> str:
    """Return an ARN of the template as text."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(resolved(part, template) for part in value["Fn::Join"][1])
    [logical] = [v if isinstance(v, str) else v[0] for v in value.values()]
    resource = template["Resources"][logical]
    name, arn = NAMED[resource["Type"]]
    return arn.format(resource["Properties"].get(name))


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def deployed(template: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the policy of the function's role as one row for each action and resource."""
    [policy] = [
        p for n, p in resources(template, "AWS::IAM::Policy").items() if n.startswith("Permissions")
    ]
    [function] = [
        f["Role"]["Fn::GetAtt"][0]
        for n, f in resources(template, "AWS::Lambda::Function").items()
        if n.startswith("Function")
    ]
    assert policy["Roles"] == [{"Ref": function}]
    assert "Policies" not in template["Resources"][function]["Properties"]
    return [
        {
            "effect": statement["Effect"],
            "action": action,
            "resource": resolved(resource, template),
            "condition": statement.get("Condition", {}),
        }
        for statement in policy["PolicyDocument"]["Statement"]
        for resource in listed(statement["Resource"])
        for action in listed(statement["Action"])
    ]


@pytest.mark.parametrize("shape", ["template", "spread"])
def test_what_is_printed_is_what_is_deployed(
    shape: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file = tmp_path / "development.toml"
    scale = {"template": "single", "spread": "map"}[shape]
    text = DEVELOPMENT.read_text()
    file.write_text(text.replace("[deployment]\n", f'[deployment]\nscale = "{scale}"\n'))
    asked = ("permissions", "--environment", str(file), "--format", "json")
    printed = json.loads(CliRunner().invoke(main, asked, catch_exceptions=False).stdout)
    assert printed == deployed(request.getfixturevalue(shape))
