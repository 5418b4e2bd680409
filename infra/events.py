"""The bus of the canary's events, and a log group that keeps them."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from canary.messages.events import SOURCE
from canary.model import Environment, names

from .function import log_group


def event_bus(scope: Construct, environment: Environment) -> events.EventBus:
    """Make the bus and the rule that keeps every event of the canary in a log group."""
    bus = events.EventBus(scope, "Bus", event_bus_name=names.own(environment.name))
    kept = log_group(scope, environment, "Events", "/events")
    events.CfnRule(
        scope,
        "KeepEvents",
        name=names.own(environment.name, "keep"),
        description="Keeps the canary's events; others add rules of their own to the bus",
        event_bus_name=bus.event_bus_name,
        event_pattern={"source": [SOURCE]},
        # without the ":*" at the end of a log group's ARN attribute, as in the CDK's own target
        targets=[events.CfnRule.TargetProperty(arn=_bare_arn(scope, kept), id="log")],
    )
    _allow(scope, environment, kept)
    return bus


def _bare_arn(scope: Construct, group: logs.LogGroup) -> str:
    return cdk.Stack.of(scope).format_arn(
        service="logs",
        resource="log-group",
        resource_name=group.log_group_name,
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


def _allow(scope: Construct, environment: Environment, group: logs.LogGroup) -> None:
    document = iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                principals=[
                    iam.ServicePrincipal("events.amazonaws.com"),
                    iam.ServicePrincipal("delivery.logs.amazonaws.com"),
                ],
                actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                resources=[group.log_group_arn],
            )
        ]
    )
    logs.CfnResourcePolicy(
        scope,
        "EventsMayLog",
        policy_name=names.own(environment.name, "events"),
        policy_document=cdk.Stack.of(scope).to_json_string(document.to_json()),
    )
