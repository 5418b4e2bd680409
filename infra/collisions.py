"""Find resource names that two environments of one account would share.

Names are joined by hyphens, and their parts may contain hyphens: `dev` with the check
`api.v1.health` and `dev-api` with `v1.health` make the same alarm name. AWS would not refuse it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

NAMED = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::Events::EventBus": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Logs::ResourcePolicy": "PolicyName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::ScheduleGroup": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
"""The property with a resource's name; rules and schedules belong to their bus and group."""
IN_ALL_REGIONS = ("AWS::CloudWatch::Dashboard", "AWS::IAM::Role", "AWS::S3::Bucket")


@dataclass(frozen=True, kw_only=True)
class OneStack:
    """One environment's template, with its account and region."""

    file: str
    account: str
    region: str
    template: dict[str, Any]


def names(stack: OneStack) -> Iterator[tuple[str, str, str]]:
    """Yield type and name of each resource, and the account and region where it must be unique."""
    for resource in stack.template["Resources"].values():
        kind = resource["Type"]
        name = resource.get("Properties", {}).get(NAMED.get(kind, ""))
        if isinstance(name, str):
            # both kinds of alarm share one name space
            space = "AWS::CloudWatch::Alarm" if kind.endswith("Alarm") else kind
            where = "" if kind in IN_ALL_REGIONS else stack.region
            yield space, name, f"{stack.account} {where}".strip()


def collisions(environments: Iterable[OneStack]) -> list[str]:
    """Return a line for each name that two environments of one account share."""
    first: dict[tuple[str, str, str], str] = {}
    found = []
    for stack in environments:
        for key in names(stack):
            other = first.setdefault(key, stack.file)
            if other != stack.file:
                kind, name, where = key
                found.append(
                    f"{stack.file}: name: makes the {kind} {name} in {where}, as {other} does"
                )
    return found
