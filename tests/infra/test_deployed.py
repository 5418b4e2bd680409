"""The template, deployed to the twin: what the emulator describes equals the template."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.infra.support.deployed import LOG_GROUP, STACK, Deployed
from tests.infra.support.described import missing, of_type, without

COMPOSITE = ("AWS::CloudWatch::CompositeAlarm", "CompositeAlarms")
METRIC = ("AWS::CloudWatch::Alarm", "MetricAlarms")

pytestmark = pytest.mark.slow  # a twin, a deployment and a run of the canary every six seconds


@pytest.mark.parametrize(("kind", "key"), [METRIC, COMPOSITE])
def test_every_alarm_is_described_as_written(deployed: Deployed, kind: str, key: str) -> None:
    pages = deployed.client("cloudwatch").get_paginator("describe_alarms")
    found: dict[str, Any] = {
        alarm["AlarmName"]: alarm
        for page in pages.paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        for alarm in page[key]
    }
    written = of_type(kind, deployed)
    assert found.keys() == {alarm["AlarmName"] for alarm in written}
    for alarm in written:
        said = without(alarm, "Tags", "WarmUpConfiguration")  # moto knows no warm-up
        assert not list(missing(said, found[alarm["AlarmName"]]))


def test_the_heartbeat_keeps_its_metric_math(deployed: Deployed) -> None:
    [alarm] = deployed.client("cloudwatch").describe_alarms(AlarmNames=[f"{STACK}-heartbeat"])[
        "MetricAlarms"
    ]
    assert [m.get("Expression") for m in alarm["Metrics"]] == [None, "FILL(m, 0)"]
    assert alarm["TreatMissingData"] == "breaching"


def test_the_schedule_is_described_as_written(deployed: Deployed) -> None:
    [written] = of_type("AWS::Scheduler::Schedule", deployed)
    found = deployed.client("scheduler").get_schedule(Name=written["Name"], GroupName=STACK)
    assert not list(missing(written, found))


def test_the_function_is_described_as_written(deployed: Deployed) -> None:
    [written] = of_type("AWS::Lambda::Function", deployed)
    client = deployed.client("lambda")
    found = client.get_function(FunctionName=STACK)
    kept = without(written, "Code", "Tags", "ReservedConcurrentExecutions")
    assert not list(missing(kept, found["Configuration"]))
    assert found["Concurrency"]["ReservedConcurrentExecutions"] == 1
    [invoke] = of_type("AWS::Lambda::EventInvokeConfig", deployed)
    described = client.get_function_event_invoke_config(FunctionName=STACK)
    assert not list(missing(without(invoke, "FunctionName", "Qualifier"), described))


def test_the_roles_hold_what_the_template_gives_them(deployed: Deployed) -> None:
    iam = deployed.client("iam")
    for written in of_type("AWS::IAM::Policy", deployed):
        [role] = written["Roles"]
        found = iam.get_role_policy(RoleName=role, PolicyName=written["PolicyName"])
        assert found["PolicyDocument"] == written["PolicyDocument"]
        assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    for written in of_type("AWS::IAM::Role", deployed):
        roles = iam.list_roles()["Roles"]
        trusts = [r["AssumeRolePolicyDocument"] for r in roles]
        assert written["AssumeRolePolicyDocument"] in trusts


def test_the_bucket_is_described_as_written(deployed: Deployed) -> None:
    [written] = of_type("AWS::S3::Bucket", deployed)
    s3, name = deployed.client("s3"), written["BucketName"]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    blocked = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert blocked == written["PublicAccessBlockConfiguration"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert {r["ID"] for r in rules} == {r["Id"] for r in written["LifecycleConfiguration"]["Rules"]}
    encrypted = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert encrypted[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    [policy] = of_type("AWS::S3::BucketPolicy", deployed)
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == policy["PolicyDocument"]


def test_the_queue_and_the_topics_are_described_as_written(deployed: Deployed) -> None:
    sqs, sns = deployed.client("sqs"), deployed.client("sns")
    [queue] = of_type("AWS::SQS::Queue", deployed)
    url = sqs.get_queue_url(QueueName=queue["QueueName"])["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["MessageRetentionPeriod"] == str(queue["MessageRetentionPeriod"])
    [policy] = of_type("AWS::SQS::QueuePolicy", deployed)
    assert json.loads(found["Policy"]) == policy["PolicyDocument"]
    topics = of_type("AWS::SNS::Topic", deployed)
    policies = {
        p["Topics"][0]: p["PolicyDocument"] for p in of_type("AWS::SNS::TopicPolicy", deployed)
    }
    assert len(policies) == len(topics) == 2
    for arn, document in policies.items():
        attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        assert json.loads(attributes["Policy"]) == document
        assert attributes["KmsMasterKeyId"] == topics[0]["KmsMasterKeyId"]


def test_the_function_may_go_out_to_what_its_environment_names_alone(deployed: Deployed) -> None:
    [written] = of_type("AWS::EC2::SecurityGroup", deployed)
    ec2 = deployed.client("ec2")
    [group] = ec2.describe_security_groups(
        Filters=[{"Name": "description", "Values": [written["GroupDescription"]]}]
    )["SecurityGroups"]
    ports = {(r["FromPort"], r["ToPort"]) for r in group["IpPermissionsEgress"]}
    assert ports == {(80, 80), (443, 443)} and group["IpPermissions"] == []


def test_logs_are_kept_as_long_as_written(deployed: Deployed) -> None:
    groups = deployed.client("logs").describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"]
    written = {g["LogGroupName"]: g for g in of_type("AWS::Logs::LogGroup", deployed)}
    assert {g["logGroupName"] for g in groups} == written.keys()
    for group in groups:
        assert group["retentionInDays"] == written[group["logGroupName"]]["RetentionInDays"]
