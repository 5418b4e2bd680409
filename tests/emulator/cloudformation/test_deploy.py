"""A cloud assembly is deployed to the emulator, again with a change, and wrong use is told."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from emulator.aws.endpoint import Endpoint
from emulator.deploy import UsageError, deploy, main, zip_folder
from tests.emulator.support.emulated import aws

__all__ = ["aws"]

BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def assembly(folder: Path, memory: int = 128, answer: str = "one") -> Path:
    """What `cdk synth` writes for a stack of one function, with the default synthesizer."""
    code = folder / f"asset.{answer}"
    code.mkdir(parents=True)
    (code / "app.py").write_text(f"def handler(event, context): return '{answer}'\n")
    template: dict[str, Any] = {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "FunctionName": "deployed",
                    "Runtime": "python3.13",
                    "Handler": "app.handler",
                    "MemorySize": memory,
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Code": {"S3Bucket": {"Fn::Sub": BUCKET}, "S3Key": f"{answer}.zip"},
                },
            },
        },
        "Outputs": {"Name": {"Value": {"Ref": "Function"}}},
        "Parameters": {
            "BootstrapVersion": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "Default": "/cdk-bootstrap/hnb659fds/version",
            }
        },
        "Rules": {"CheckBootstrapVersion": {"Assertions": []}},
    }
    (folder / "Canary.template.json").write_text(json.dumps(template))
    where = {"bucketName": BUCKET, "objectKey": f"{answer}.zip"}
    body = {"bucketName": BUCKET, "objectKey": "template.json"}
    files = {
        "code": {
            "source": {"path": code.name, "packaging": "zip"},
            "destinations": {"current": where},
        },
        "template": {
            "source": {"path": "Canary.template.json", "packaging": "file"},
            "destinations": {"current": body},
        },
    }
    (folder / "Canary.assets.json").write_text(json.dumps({"version": "1", "files": files}))
    properties = {"templateFile": "Canary.template.json", "stackName": "canary-dev"}
    artifact = {"type": "aws:cloudformation:stack", "properties": properties}
    manifest = {"version": "1", "artifacts": {"Canary": artifact}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def said(aws: Endpoint) -> Any:
    answer = aws.client("lambda").invoke(FunctionName="deployed")
    return json.loads(answer["Payload"].read())


def test_a_second_deployment_changes_code_and_settings(aws: Endpoint, tmp_path: Path) -> None:
    outputs = deploy(assembly(tmp_path / "1"), "canary-dev", aws)
    assert outputs == {"Name": "deployed"} and said(aws) == "one"
    deploy(assembly(tmp_path / "2", memory=256, answer="two"), "canary-dev", aws)
    assert said(aws) == "two"
    shown = aws.client("lambda").get_function_configuration(FunctionName="deployed")
    assert shown["MemorySize"] == 256


def test_the_command_prints_the_outputs(
    aws: Endpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state.json"
    state.write_text(json.dumps({"aws_endpoint_url": aws.url, "region": "us-east-1"}))
    folder = assembly(tmp_path / "out", answer="three")
    assert main([str(folder), "Canary", "--state", str(state)]) == 0
    assert json.loads(capsys.readouterr().out) == {"Name": "deployed"}


def test_wrong_use_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state.json"
    assert main([str(tmp_path), "X", "--state", str(state)]) == 2
    state.write_text(json.dumps({"aws_endpoint_url": "http://127.0.0.1:9", "region": "r"}))
    assert main([str(tmp_path), "X", "--state", str(state)]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "No such file" in first and "no manifest.json" in second


def test_a_stack_that_is_absent_is_told_with_those_that_are_there(
    aws: Endpoint, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="has no stack Other; it has: Canary"):
        deploy(assembly(tmp_path), "Other", aws)


def test_the_same_files_give_the_same_zip(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "inner").mkdir(parents=True)
        (tmp_path / name / "inner" / "x.py").write_text("x = 1\n")
    first, second = zip_folder(tmp_path / "a"), zip_folder(tmp_path / "b")
    assert first == second
    assert zipfile.ZipFile(io.BytesIO(first)).namelist() == ["inner/x.py"]


def test_termination_protection_is_switched_and_shown(aws: Endpoint) -> None:
    client = aws.client("cloudformation")
    template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {}}}}
    client.create_stack(StackName="protected", TemplateBody=json.dumps(template))
    client.update_termination_protection(StackName="protected", EnableTerminationProtection=True)
    [stack] = client.describe_stacks(StackName="protected")["Stacks"]
    assert stack["EnableTerminationProtection"] is True
    client.update_termination_protection(StackName="protected", EnableTerminationProtection=False)
    client.delete_stack(StackName="protected")
