"""What others say of a template: cfn-lint, and moto, which makes its resources."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from emulator.aws.endpoint import Endpoint

ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
KINDS = (*ALARMS, "AWS::SNS::Topic", "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::Logs::LogGroup")
"""What `deployable` leaves. The function, its schedule and its rights have tests of their own."""

Resources = dict[str, dict[str, Any]]


def linted(template: dict[str, Any], folder: Path) -> tuple[int, str]:
    """Return cfn-lint's exit status and what it finds in a template."""
    file = folder / "template.json"
    file.write_text(json.dumps(template))
    # W3005: the CDK itself adds the role to the function's DependsOn, where Fn::GetAtt would do
    options = ["--regions", "us-east-1", "--ignore-checks", "W3005", "--", str(file)]
    linter = str(Path(sys.executable).with_name("cfn-lint"))
    done = subprocess.run([linter, *options], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def names(resources: Resources, stack: str) -> dict[str, str]:
    """Return the short names of all alarms by their logical ids."""
    return {
        ident: r["Properties"]["AlarmName"].removeprefix(f"{stack}-")
        for ident, r in resources.items()
        if r["Type"] in ALARMS
    }


def deployable(resources: Resources) -> str:
    """Return the template of the kinds that are deployed here; what else they name is a text."""
    kept = {i: r for i, r in resources.items() if r["Type"] in KINDS}

    def closed(value: Any) -> Any:
        if isinstance(value, list):
            return [closed(v) for v in value]
        if not isinstance(value, dict):
            return value
        named = value.get("Ref") or (value.get("Fn::GetAtt") or [""])[0]
        if len(value) == 1 and named and named not in kept and "::" not in named:
            return f"{named}-of-the-rest"
        return {key: closed(v) for key, v in value.items()}

    made = closed(kept)
    for resource in made.values():
        resource["DependsOn"] = [n for n in resource.get("DependsOn", []) if n in kept]
    return json.dumps({"Resources": made})


def described(aws: Endpoint, stack: str) -> dict[str, str]:
    """Return the state of every alarm of a stack by its short name."""
    pages = aws.client("cloudwatch").get_paginator("describe_alarms")
    return {
        alarm["AlarmName"].removeprefix(f"{stack}-"): alarm["StateValue"]
        for page in pages.paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        for alarm in (*page["MetricAlarms"], *page["CompositeAlarms"])
    }
