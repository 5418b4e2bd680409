"""The SNS message, the event and the Lambda payload of an alarm's change of state."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from emulator.alarms.reading import period_of
from emulator.alarms.reasons import iso
from emulator.metrics.store import epoch
from emulator.settings import ACCOUNT

# the names that CloudWatch puts into messages instead of the Region's code
REGION_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-2": "US West (Oregon)",
    "eu-west-1": "EU (Ireland)",
    "eu-central-1": "EU (Frankfurt)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change of state whose actions run."""

    alarm: Any
    """moto's alarm, already in its new state."""
    old: str
    new: str
    old_reason: str
    at: float
    region: str
    children: tuple[tuple[str, str, float], ...] = ()
    """For a composite: (ARN, state, since) of the children that hold it in ALARM."""


def subject(change: Change) -> str:
    """Return the subject of the notification, at most 100 characters."""
    region = REGION_NAMES.get(change.region, change.region)
    return f'{change.new}: "{change.alarm.name}" in {region}'[:99]


def notification(change: Change) -> str:
    """Return the JSON that CloudWatch publishes to a topic."""
    alarm = change.alarm
    message: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": iso(epoch(alarm.configuration_updated_timestamp)),
        "NewStateValue": change.new,
        "NewStateReason": alarm.state_reason[:1023],
        "StateChangeTime": iso(change.at),
        "Region": REGION_NAMES.get(change.region, change.region),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": change.old,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    if alarm.rule:
        message["AlarmRule"] = alarm.rule
        message["TriggeringChildren"] = [
            {"Arn": arn, "State": {"Value": state, "Timestamp": iso(since)}}
            for arn, state, since in change.children
        ]
    else:
        message["Trigger"] = _trigger(alarm)
    return json.dumps(message)


def _trigger(alarm: Any) -> dict[str, Any]:
    common = {
        "Period": period_of(alarm),
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm or alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.metric_data_queries:
        return common | {"Metrics": [_query(query) for query in alarm.metric_data_queries]}
    single = {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": "Statistic" if alarm.statistic else "ExtendedStatistic",
        "Statistic": (alarm.statistic or alarm.extended_statistic).upper(),
        "Unit": alarm.unit,
        "Dimensions": [{"value": d.value, "name": d.name} for d in alarm.dimensions],
    }
    return single | common


def _query(query: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {"Id": query.id, "ReturnData": query.return_data is not False}
    if query.label:
        shown["Label"] = query.label
    if query.expression:
        return shown | {"Expression": query.expression}
    stat = query.metric_stat
    dimensions = [{"value": d.value, "name": d.name} for d in stat.metric.dimensions]
    which = {"Dimensions": dimensions, "MetricName": stat.metric.metric_name}
    which["Namespace"] = stat.metric.namespace
    return shown | {"MetricStat": {"Metric": which, "Period": stat.period, "Stat": stat.stat}}


def event_detail(change: Change) -> dict[str, Any]:
    """Return the detail of the event `CloudWatch Alarm State Change`."""
    alarm = change.alarm
    state: dict[str, Any] = {
        "value": change.new,
        "reason": alarm.state_reason,
        "reasonData": alarm.state_reason_data,
        "timestamp": iso(change.at),
    }
    if by := getattr(alarm, "actions_suppressed_by", None):
        state["actionsSuppressedBy"] = by
    return {
        "alarmName": alarm.name,
        "state": state,
        "previousState": {"value": change.old, "reason": change.old_reason},
        "configuration": _configuration(alarm),
    }


def _configuration(alarm: Any) -> dict[str, Any]:
    if alarm.rule:
        return {"description": alarm.description, "alarmRule": alarm.rule}
    queries = [_query(query) for query in alarm.metric_data_queries] or [_trigger(alarm)]
    return {"description": alarm.description, "metrics": queries}
