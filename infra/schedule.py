"""The schedules that start the function."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from canary.model import Environment, names
from canary.model.schedule import EVERY, SLOW

from .function import EVENT_AGE_S


@dataclass(frozen=True, kw_only=True)
class Runs:
    """The target of a schedule, and the IAM action that starts it."""

    arn: str
    action: str
    event: dict[str, object] = field(default_factory=dict)  # goes into every event


def schedules(
    scope: Construct, environment: Environment, runs: Runs, lost: sqs.IQueue
) -> list[scheduler.CfnSchedule]:
    """Make the schedule, and a slower one if the environment has expensive checks.

    EventBridge Scheduler invokes asynchronously: its retries and its queue apply only to failed
    deliveries, never to failed runs. The input holds the scheduled time, so that a run knows that
    it is late.
    """
    group = scheduler.CfnScheduleGroup(scope, "ScheduleGroup", name=names.own(environment.name))
    role = _role(scope, environment, runs, lost)
    plans: list[tuple[str, str, dict[str, object]]] = [
        ("Every", environment.schedule.expression, {"trigger": EVERY})
    ]
    if environment.schedule.slow_expression:
        slow: dict[str, object] = {
            "trigger": SLOW,
            "only": list(environment.schedule.slow_checks),
        }
        plans.append(("Slow", environment.schedule.slow_expression, slow))
    made = []
    for name, expression, event in plans:
        schedule = scheduler.CfnSchedule(
            scope,
            f"{name}Schedule",
            name=names.own(environment.name, name.lower()),
            group_name=names.own(environment.name),
            schedule_expression=expression,
            state="ENABLED" if environment.schedule.enabled else "DISABLED",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=_target(event, runs, lost, role),
        )
        schedule.add_resource_dependency(group)
        made.append(schedule)
    return made


def _target(
    event: dict[str, object], runs: Runs, lost: sqs.IQueue, role: iam.Role
) -> scheduler.CfnSchedule.TargetProperty:
    placeholders = {
        "scheduled_at": "<aws.scheduler.scheduled-time>",
        "execution_id": "<aws.scheduler.execution-id>",
    }
    return scheduler.CfnSchedule.TargetProperty(
        arn=runs.arn,
        role_arn=role.role_arn,
        input=json.dumps({**runs.event, **event, **placeholders}),
        dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=lost.queue_arn),
        retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
            maximum_event_age_in_seconds=EVENT_AGE_S, maximum_retry_attempts=0
        ),
    )


def _role(scope: Construct, environment: Environment, runs: Runs, lost: sqs.IQueue) -> iam.Role:
    group = environment.arn("scheduler", f"schedule-group/{names.own(environment.name)}")
    role = iam.Role(
        scope,
        "ScheduleRole",
        assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": environment.account, "aws:SourceArn": group}
            },
        ),
    )
    for sid, action, arn in (
        ("Invoke", runs.action, runs.arn),
        ("Lost", "sqs:SendMessage", lost.queue_arn),
    ):
        role.add_to_policy(iam.PolicyStatement(sid=sid, actions=[action], resources=[arn]))
    return role
