"""Resource types for alarms, mute rules and metric filters."""

from __future__ import annotations

from typing import Any

from emulator.alarms import mutes
from emulator.aws.inside import call, client
from emulator.cloudformation.plug import Kind, Made, Request


def put_alarm(request: Request) -> Made:
    """AWS::CloudWatch::Alarm; its state outlives an update."""
    given = {**request.properties, "AlarmName": request.name}
    call(request.region, "cloudwatch", "put_metric_alarm", **given)
    return _alarm(request)


def put_composite(request: Request) -> Made:
    """AWS::CloudWatch::CompositeAlarm."""
    given = {**request.properties, "AlarmName": request.name}
    call(request.region, "cloudwatch", "put_composite_alarm", **given)
    return _alarm(request)


def remove_alarm(request: Request) -> None:
    """Both kinds of alarm."""
    client("cloudwatch", request.region).delete_alarms(AlarmNames=[request.before])


def put_mute_rule(request: Request) -> Made:
    """AWS::CloudWatch::AlarmMuteRule."""
    given = {**request.properties, "Name": request.name}
    call(request.region, "cloudwatch", "put_alarm_mute_rule", **given)
    arn = f"arn:aws:cloudwatch:{request.region}:{request.account}:alarm-mute-rule:{request.name}"
    return Made(physical_id=request.name, attributes={"AlarmMuteRuleArn": arn, "Arn": arn})


def remove_mute_rule(request: Request) -> None:
    """AWS::CloudWatch::AlarmMuteRule."""
    mutes.remove(request.region, request.before)


def put_metric_filter(request: Request) -> Made:
    """AWS::Logs::MetricFilter."""
    given = request.properties
    client("logs", request.region).put_metric_filter(
        logGroupName=given["LogGroupName"],
        filterName=request.name,
        filterPattern=given["FilterPattern"],
        metricTransformations=[_camel(item) for item in given["MetricTransformations"]],
    )
    return Made(physical_id=request.name)


def remove_metric_filter(request: Request) -> None:
    """AWS::Logs::MetricFilter."""
    group = request.properties["LogGroupName"]
    client("logs", request.region).delete_metric_filter(
        logGroupName=group, filterName=request.before
    )


def _alarm(request: Request) -> Made:
    arn = f"arn:aws:cloudwatch:{request.region}:{request.account}:alarm:{request.name}"
    return Made(physical_id=request.name, attributes={"Arn": arn})


def _camel(item: dict[str, Any]) -> dict[str, Any]:
    return {key[0].lower() + key[1:]: value for key, value in item.items()}


KINDS = (
    Kind(type="AWS::CloudWatch::Alarm", put=put_alarm, remove=remove_alarm, name="AlarmName"),
    Kind(
        type="AWS::CloudWatch::CompositeAlarm",
        put=put_composite,
        remove=remove_alarm,
        name="AlarmName",
    ),
    Kind(
        type="AWS::CloudWatch::AlarmMuteRule",
        put=put_mute_rule,
        remove=remove_mute_rule,
        name="Name",
    ),
    Kind(
        type="AWS::Logs::MetricFilter",
        put=put_metric_filter,
        remove=remove_metric_filter,
        name="FilterName",
    ),
)
