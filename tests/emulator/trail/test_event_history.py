"""The event history: which calls it holds, who made them, and how it is looked up."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.settings import ACCOUNT, REGION
from emulator.trail.history import SWITCHES
from emulator.trail.parameters import HIDDEN
from tests.emulator.support.emulated import emulator

RULE = [
    {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
]


@pytest.fixture
def aws() -> Iterator[Endpoint]:
    with emulator() as server:
        yield server.endpoint
        SWITCHES.reset()


def looked_up(aws: Endpoint, key: str = "", value: str = "", **more: Any) -> list[dict[str, Any]]:
    if key:
        more["LookupAttributes"] = [{"AttributeKey": key, "AttributeValue": value}]
    return list(aws.client("cloudtrail").lookup_events(**more)["Events"])


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["EventName"] for event in events]


def refused(aws: Endpoint, **asked: Any) -> str:
    with pytest.raises(ClientError) as caught:
        aws.client("cloudtrail").lookup_events(**asked)
    return str(caught.value.response["Error"]["Code"])


def group(aws: Endpoint) -> str:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_security_group(GroupName="edge", Description="edge", VpcId=vpc)
    return str(made["GroupId"])


def client_of(aws: Endpoint, service: str, key: dict[str, Any]) -> Any:
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=aws.url,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key.get("SessionToken"),
    )


def test_a_write_call_is_an_event_of_its_user(aws: Endpoint) -> None:
    iam, edge = aws.client("iam"), group(aws)
    iam.create_user(UserName="alice")
    alice = iam.create_access_key(UserName="alice")["AccessKey"]
    client_of(aws, "ec2", alice).authorize_security_group_ingress(GroupId=edge, IpPermissions=RULE)
    (event,) = looked_up(aws, "Username", "alice")
    assert (event["EventName"], event["EventSource"]) == (
        "AuthorizeSecurityGroupIngress",
        "ec2.amazonaws.com",
    )
    assert (event["ReadOnly"], event["AccessKeyId"]) == ("false", alice["AccessKeyId"])
    assert event["Resources"] == [{"ResourceType": "AWS::EC2::SecurityGroup", "ResourceName": edge}]
    told = json.loads(event["CloudTrailEvent"])
    assert told["userIdentity"] == {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
        "accountId": ACCOUNT,
        "accessKeyId": alice["AccessKeyId"],
        "userName": "alice",
    }
    assert (told["sourceIPAddress"], told["userAgent"][:6]) == ("203.0.113.10", "Boto3/")
    ranges = {"items": [{"cidrIp": "192.0.2.0/24"}]}
    permission = {"ipProtocol": "tcp", "fromPort": 80, "toPort": 80, "ipRanges": ranges}
    assert told["requestParameters"] == {"groupId": edge, "ipPermissions": {"items": [permission]}}
    assert told["eventID"] == event["EventId"]


def test_reads_and_data_events_are_no_events(aws: Endpoint) -> None:
    s3, edge = aws.client("s3"), group(aws)
    aws.client("ec2").describe_security_groups(GroupIds=[edge])
    s3.create_bucket(Bucket="reports")
    s3.put_object(Bucket="reports", Key="latest", Body=b"x")
    s3.list_objects_v2(Bucket="reports")
    assert names(looked_up(aws)) == ["CreateBucket", "CreateSecurityGroup", "CreateVpc"]


def test_no_secret_value_is_recorded(aws: Endpoint) -> None:
    secrets, ssm = aws.client("secretsmanager"), aws.client("ssm")
    secrets.create_secret(Name="key", SecretString="hemmelig-1")
    secrets.put_secret_value(SecretId="key", SecretBinary=b"hemmelig-2")
    ssm.put_parameter(Name="/key", Value="hemmelig-3", Type="SecureString")
    container = {
        "name": "api",
        "image": "api",
        "memory": 128,
        "environment": [{"name": "KEY", "value": "hemmelig-4"}],
    }
    aws.client("ecs").register_task_definition(family="api", containerDefinitions=[container])
    events = looked_up(aws)
    assert names(events) == [
        "RegisterTaskDefinition",
        "PutParameter",
        "PutSecretValue",
        "CreateSecret",
    ]
    assert all(HIDDEN in e["CloudTrailEvent"] for e in events)
    assert not any("hemmelig" in e["CloudTrailEvent"] for e in events)
    assert not any("aGVtbWVsaWct" in e["CloudTrailEvent"] for e in events)  # base64
    stored = json.loads(events[1]["CloudTrailEvent"])["requestParameters"]
    assert stored == {"name": "/key", "value": HIDDEN, "type": "SecureString"}


def test_a_refused_call_is_an_event_with_its_code(aws: Endpoint) -> None:
    iam = aws.client("iam")
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                 "Action": "sts:AssumeRole"}  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    session = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="run-1")["Credentials"]
    with pytest.raises(ClientError):
        client_of(aws, "ssm", session).delete_parameter(Name="/nowhere")
    (event,) = looked_up(aws, "EventName", "DeleteParameter")
    told = json.loads(event["CloudTrailEvent"])
    assert (told["errorCode"], event["Username"]) == ("AccessDeniedException", "run-1")
    assert told["userIdentity"]["type"] == "AssumedRole"
    assert told["userIdentity"]["arn"] == (f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/run-1")
    with pytest.raises(ClientError):
        aws.client("ssm").delete_parameter(Name="/nowhere")
    assert json.loads(looked_up(aws)[0]["CloudTrailEvent"])["errorCode"] == "ParameterNotFound"


def test_only_a_groups_id_is_a_resource_name(aws: Endpoint) -> None:
    edge = group(aws)
    aws.client("ec2").authorize_security_group_ingress(GroupId=edge, IpPermissions=RULE)
    aws.client("secretsmanager").create_secret(Name=edge, SecretString="x")
    assert names(looked_up(aws, "ResourceName", edge)) == ["AuthorizeSecurityGroupIngress"]
    assert names(looked_up(aws, "ResourceType", "AWS::EC2::SecurityGroup")) == [
        "AuthorizeSecurityGroupIngress"
    ]


def test_many_events_come_in_pages_newest_first(aws: Endpoint) -> None:
    ssm = aws.client("ssm")
    for number in range(120):
        ssm.put_parameter(Name=f"/p/{number}", Value="x", Type="String")
    paginator = aws.client("cloudtrail").get_paginator("lookup_events")
    pages = [page["Events"] for page in paginator.paginate()]
    assert [len(page) for page in pages] == [50, 50, 20]
    asked = [json.loads(e["CloudTrailEvent"])["requestParameters"] for p in pages for e in p]
    assert [one["name"] for one in asked] == [f"/p/{number}" for number in reversed(range(120))]


def test_a_new_event_does_not_shift_the_next_page(aws: Endpoint) -> None:
    ssm, trail = aws.client("ssm"), aws.client("cloudtrail")
    for number in range(4):
        ssm.put_parameter(Name=f"/p/{number}", Value="x", Type="String")
    first = trail.lookup_events(MaxResults=2)
    ssm.delete_parameter(Name="/p/0")
    second = trail.lookup_events(MaxResults=2, NextToken=first["NextToken"])
    asked = [json.loads(e["CloudTrailEvent"]) for e in first["Events"] + second["Events"]]
    assert [one["requestParameters"]["name"] for one in asked] == ["/p/3", "/p/2", "/p/1", "/p/0"]
    assert "NextToken" not in second


def test_a_time_range_limits_and_other_regions_are_apart(aws: Endpoint) -> None:
    group(aws)
    now = dt.datetime.now(dt.UTC)
    hour = dt.timedelta(hours=1)
    assert names(looked_up(aws, StartTime=now - hour, EndTime=now + hour)) == [
        "CreateSecurityGroup",
        "CreateVpc",
    ]
    assert looked_up(aws, EndTime=now - hour) == []
    other = boto3.client("cloudtrail", region_name="eu-west-1", endpoint_url=aws.url,
                         aws_access_key_id="test", aws_secret_access_key="test")  # fmt: skip
    assert other.lookup_events()["Events"] == []


def test_what_aws_refuses_is_refused(aws: Endpoint) -> None:
    attribute = {"AttributeKey": "EventName", "AttributeValue": "DeleteRule"}
    now = dt.datetime.now(dt.UTC)
    assert refused(aws, LookupAttributes=[attribute] * 2) == "InvalidLookupAttributesException"
    assert refused(aws, NextToken="x") == "InvalidNextTokenException"
    later = now + dt.timedelta(hours=1)
    assert refused(aws, StartTime=later, EndTime=now) == "InvalidTimeRangeException"


def test_the_switches_delay_events_and_throttle(aws: Endpoint) -> None:
    group(aws)
    SWITCHES.delay_s = 60.0
    assert looked_up(aws) == []
    SWITCHES.delay_s, SWITCHES.per_second = 0.0, 2
    asked = [len(looked_up(aws)) for _ in range(2)]
    assert asked == [2, 2]
    assert refused(aws) == "ThrottlingException"
