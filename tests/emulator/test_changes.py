"""Which calls count as a change of the control plane, and what a change does to a pause."""

from __future__ import annotations

import time

import pytest

from emulator.aws.changes import CHANGES, is_change
from emulator.ecs.deployments import BackOff
from emulator.server import AwsServer


@pytest.mark.parametrize(
    ("service", "action", "counts"),
    [
        ("ec2", "AuthorizeSecurityGroupIngress", True),
        ("iam", "PutRolePolicy", True),
        ("secretsmanager", "RestoreSecret", True),
        ("ecs", "UpdateService", True),
        ("ec2", "DescribeSecurityGroups", False),
        ("secretsmanager", "GetSecretValue", False),
        ("logs", "PutLogEvents", False),
        ("cloudwatch", "PutMetricData", False),
    ],
)
def test_a_change_is_what_may_make_a_task_well(service: str, action: str, counts: bool) -> None:
    assert is_change(service, action) == counts


def test_a_change_through_the_api_is_noticed_and_a_look_is_not() -> None:
    server = AwsServer()
    aws = server.start()
    try:
        before = CHANGES.last
        aws.client("ssm").describe_parameters()
        assert CHANGES.last == before
        aws.client("ssm").put_parameter(Name="/changes/noticed", Value="x", Type="String")
        assert CHANGES.last > before
        aws.client("ssm").delete_parameter(Name="/changes/noticed")
    finally:
        server.stop()


def test_a_change_ends_a_pause_once() -> None:
    pause, now = BackOff(speed=1.0), time.monotonic()
    pause.look(now)
    pause.failed(now, reached_running=False)
    pause.look(now)
    assert pause.until > now
    pause.look(now + 1)
    assert pause.until == 0.0
    assert pause.failures == 1
