"""Requests that name several resources: each of them must be allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.iam.s3 import s3_asked
from emulator.settings import ACCOUNT
from tests.emulator.support.emulated import emulator

BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/mine"


@pytest.fixture(scope="module")
def aws() -> Iterator[Endpoint]:
    with emulator() as server:
        yield server.endpoint


@pytest.fixture
def session(aws: Endpoint) -> Iterator[Any]:
    """A session of a role that may delete under `mine/` and send to one bus."""
    iam = aws.client("iam")
    role = iam.create_role(RoleName="batch", AssumeRolePolicyDocument="{}")["Role"]
    statements = [
        {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::batch/mine/*"},
        {"Effect": "Allow", "Action": "events:PutEvents", "Resource": BUS},
    ]
    iam.put_role_policy(
        RoleName="batch",
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )
    held = aws.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="session")[
        "Credentials"
    ]
    yield lambda service: boto3.client(
        service,
        region_name=aws.region,
        endpoint_url=aws.url,
        aws_access_key_id=held["AccessKeyId"],
        aws_secret_access_key=held["SecretAccessKey"],
        aws_session_token=held["SessionToken"],
    )
    iam.delete_role_policy(RoleName="batch", PolicyName="p")
    iam.delete_role(RoleName="batch")


def test_a_batch_of_deletions_needs_every_key_allowed(aws: Endpoint, session: Any) -> None:
    aws.client("s3").create_bucket(Bucket="batch")
    for key in ("mine/a", "mine/b & c", "other/d"):
        aws.client("s3").put_object(Bucket="batch", Key=key, Body=b"")
    s3 = session("s3")
    own = [{"Key": "mine/a"}, {"Key": "mine/b & c"}]
    assert len(s3.delete_objects(Bucket="batch", Delete={"Objects": own})["Deleted"]) == 2
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_objects(Bucket="batch", Delete={"Objects": [*own, {"Key": "other/d"}]})


def test_events_go_only_to_the_bus_that_is_allowed(aws: Endpoint, session: Any) -> None:
    aws.client("events").create_event_bus(Name="mine")
    entry = {"Source": "test", "DetailType": "t", "Detail": "{}"}
    events = session("events")
    for bus in ("mine", BUS):
        assert not events.put_events(Entries=[{**entry, "EventBusName": bus}])["FailedEntryCount"]
    with pytest.raises(ClientError, match="AccessDenied"):
        events.put_events(Entries=[entry])


def test_a_head_of_an_object_is_a_read_of_it() -> None:
    assert s3_asked("HeadObject", "b", "k") == ("s3:GetObject", ["arn:aws:s3:::b/k"])
    assert s3_asked("HeadBucket", "b", None) == ("s3:ListBucket", ["arn:aws:s3:::b"])
