"""Alarms that CloudWatch does not take, and those that it does not give up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.alarms.loop import AlarmLoop
from emulator.aws.endpoint import Endpoint
from tests.emulator.support.emulated import aws

__all__ = ["aws"]

ALARM: dict[str, Any] = {
    "AlarmName": "errors",
    "Namespace": "N",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.fixture(scope="module")
def cloudwatch(aws: Endpoint) -> Iterator[Any]:
    AlarmLoop()  # brings the calls' extensions
    return aws.client("cloudwatch")


@pytest.mark.parametrize(
    "change",
    [
        {"Period": 45},
        {"Period": 7},
        {"DatapointsToAlarm": 4},
        {"EvaluationPeriods": 1441},
        {"Period": 3600, "EvaluationPeriods": 169},
        {"TreatMissingData": "good"},
        {"ComparisonOperator": "Above"},
        {"Statistic": "Mean"},
        {"ExtendedStatistic": "p99"},
    ],
)
def test_an_alarm_that_cannot_be_is_refused(cloudwatch: Any, change: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        cloudwatch.put_metric_alarm(**{**ALARM, **change})
    assert cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"Period": 10},
        {"EvaluationPeriods": 1440},
        {"Period": 3600, "EvaluationPeriods": 168, "DatapointsToAlarm": 1},
    ],
)
def test_an_alarm_at_the_limits_is_taken(cloudwatch: Any, change: dict[str, Any]) -> None:
    cloudwatch.put_metric_alarm(**{**ALARM, **change})
    cloudwatch.delete_alarms(AlarmNames=["errors"])


def test_an_alarm_of_a_composite_goes_with_it_or_not_at_all(cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.put_composite_alarm(AlarmName="all", AlarmRule='ALARM("errors")')
    with pytest.raises(ClientError, match="composite alarm"):
        cloudwatch.delete_alarms(AlarmNames=["errors"])
    cloudwatch.delete_alarms(AlarmNames=["errors", "all"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
