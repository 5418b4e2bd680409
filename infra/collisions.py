"""Find resource names that two environments of one account would share.

An environment's name and what follows it are joined by hyphens, which both may hold: `dev` with a
check `api.v1.health` and `dev-api` with `v1.health` make one alarm. AWS would not refuse it.
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
"""The property that names a resource; rules and schedules are named within their bus and group."""
IN_ALL_REGIONS = ("AWS::CloudWatch::Dashboard", "AWS::IAM::Role", "AWS::S3::Bucket")


@dataclass(frozen=True, kw_only=True)
class Made:
    """One environment's template, and where it is to be deployed."""

    file: str
    account: str
    region: str
    template: dict[str, Any]


def names(made: Made) -> Iterator[tuple[str, str, str]]:
    """Yield type, name and the place within which it is the only one of its name."""
    for resource in made.template["Resources"].values():
        kind = resource["Type"]
        name = resource.get("Properties", {}).get(NAMED.get(kind, ""))
        if isinstance(name, str):
            # the two kinds of alarm share one space of names
            space = "AWS::CloudWatch::Alarm" if kind.endswith("Alarm") else kind
            where = "" if kind in IN_ALL_REGIONS else made.region
            yield space, name, f"{made.account} {where}".strip()


def collisions(environments: Iterable[Made]) -> list[str]:
    """Return a line for each name that two environments of one account would share."""
    first: dict[tuple[str, str, str], str] = {}
    found = []
    for made in environments:
        for key in names(made):
            other = first.setdefault(key, made.file)
            if other != made.file:
                kind, name, where = key
                found.append(
                    f"{made.file}: name: makes the {kind} {name} in {where}, as {other} does"
                )
    return found
