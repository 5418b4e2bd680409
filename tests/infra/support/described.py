"""A template's values with its functions carried out, and whether a description holds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.infra.support.deployed import ACCOUNT, REGION, Deployed

ARNS = {
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{id}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{id}",
    "AWS::S3::Bucket": "arn:aws:s3:::{id}",
    "AWS::Events::EventBus": "arn:aws:events:{region}:{account}:event-bus/{id}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{id}:*",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{id}",
}


def resolved(value: Any, stack: Deployed) -> Any:
    """Return a template's value with Ref, Fn::GetAtt and Fn::Join replaced by what they give."""
    if isinstance(value, list):
        return [resolved(v, stack) for v in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return stack.physical[value["Ref"]]
    if "Fn::Join" in value:
        return "".join(resolved(value["Fn::Join"][1], stack))
    if "Fn::GetAtt" in value:
        return _attribute(*value["Fn::GetAtt"], stack)
    return {k: resolved(v, stack) for k, v in value.items()}


def _attribute(name: str, attribute: str, stack: Deployed) -> str:
    kind, physical = stack.template["Resources"][name]["Type"], stack.physical[name]
    if kind == "AWS::SQS::Queue":
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{physical.rpartition('/')[2]}"
    if attribute == "Arn":
        return ARNS[kind].format(region=REGION, account=ACCOUNT, id=physical)
    return physical  # a security group's GroupId


def of_type(kind: str, stack: Deployed) -> list[dict[str, Any]]:
    """Return the resolved properties of every resource of one type."""
    return [
        resolved(r.get("Properties", {}), stack)
        for r in stack.template["Resources"].values()
        if r["Type"] == kind
    ]


def missing(wanted: Any, described: Any, path: str = "") -> Iterator[str]:
    """Yield a line for each wanted value that a description does not hold."""
    if isinstance(wanted, dict) and isinstance(described, dict):
        for key, value in wanted.items():
            if key not in described:
                yield f"{path}.{key}: wanted {value!r}, not described"
            else:
                yield from missing(value, described[key], f"{path}.{key}")
    elif isinstance(wanted, list) and isinstance(described, list):
        if len(wanted) != len(described):
            yield f"{path}: wanted {wanted!r}, is {described!r}"
        for number, (one, other) in enumerate(zip(wanted, described, strict=False)):
            yield from missing(one, other, f"{path}[{number}]")
    elif wanted != described and str(wanted) != str(described):
        yield f"{path}: wanted {wanted!r}, is {described!r}"


def without(properties: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return properties without what is described by another call."""
    return {k: v for k, v in properties.items() if k not in keys}
