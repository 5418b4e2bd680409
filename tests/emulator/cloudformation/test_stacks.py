"""What CloudFormation makes in the emulator equals the template, and changes and goes with it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.cloudformation.plug import says_absent
from tests.emulator.support.emulated import aws

__all__ = ["aws"]

ACCOUNT = "123456789012"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}


def policy(principal: Any, action: Any, resource: Any, effect: str = "Allow") -> dict[str, Any]:
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def arn(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, "Arn"]}


CLOUDWATCH = {"Service": "cloudwatch.amazonaws.com"}
RESOURCES: dict[str, Any] = {
    "Key": ("AWS::KMS::Key", {"KeyPolicy": policy(CLOUDWATCH, ["kms:Decrypt"], "*")}),
    "Topic": ("AWS::SNS::Topic", {"TopicName": "pages", "KmsMasterKeyId": arn("Key")}),
    "TopicRules": (
        "AWS::SNS::TopicPolicy",
        {"Topics": [ref("Topic")], "PolicyDocument": policy(CLOUDWATCH, "sns:Publish", "*")},
    ),
    "Queue": ("AWS::SQS::Queue", {"QueueName": "failed"}),
    "QueueRules": (
        "AWS::SQS::QueuePolicy",
        {"Queues": [ref("Queue")], "PolicyDocument": policy("*", "sqs:SendMessage", "*")},
    ),
    "Ear": (
        "AWS::SNS::Subscription",
        {"TopicArn": ref("Topic"), "Protocol": "sqs", "Endpoint": arn("Queue")},
    ),
    "Bucket": (
        "AWS::S3::Bucket",
        {
            "BucketName": "canary-reports",
            "VersioningConfiguration": {"Status": "Enabled"},
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": True},
            "LifecycleConfiguration": {
                "Rules": [{"Id": "old", "Status": "Enabled", "ExpirationInDays": 90}]
            },
        },
    ),
    "BucketRules": (
        "AWS::S3::BucketPolicy",
        {"Bucket": ref("Bucket"), "PolicyDocument": policy("*", "s3:GetObject", "*", "Deny")},
    ),
    "Vpc": ("AWS::EC2::VPC", {"CidrBlock": "10.9.0.0/16"}),
    "Net": ("AWS::EC2::Subnet", {"VpcId": ref("Vpc"), "CidrBlock": "10.9.1.0/24"}),
    "Group": (
        "AWS::EC2::SecurityGroup",
        {
            "GroupDescription": "canary",
            "VpcId": ref("Vpc"),
            "SecurityGroupEgress": [
                {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}
            ],
        },
    ),
    "Out": (
        "AWS::EC2::SecurityGroupEgress",
        {
            "GroupId": {"Fn::GetAtt": ["Group", "GroupId"]},
            "IpProtocol": "tcp",
            "FromPort": "80",
            "ToPort": "80",
            "CidrIp": "10.0.0.0/8",
        },
    ),
    "Role": (
        "AWS::IAM::Role",
        {
            "RoleName": "canary",
            "AssumeRolePolicyDocument": TRUST,
            "Policies": [{"PolicyName": "in", "PolicyDocument": policy("*", "s3:*", "*")}],
        },
    ),
    "Logs": ("AWS::Logs::LogGroup", {"LogGroupName": "/canary", "RetentionInDays": 14}),
    "Function": (
        "AWS::Lambda::Function",
        {
            "FunctionName": "canary",
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": arn("Role"),
            "MemorySize": "512",
            "Timeout": 50,
            "Architectures": ["arm64"],
            "ReservedConcurrentExecutions": 1,
            "TracingConfig": {"Mode": "Active"},
            "LoggingConfig": {"LogFormat": "JSON", "LogGroup": ref("Logs")},
            "VpcConfig": {"SubnetIds": [ref("Net")], "SecurityGroupIds": [ref("Group")]},
            "Environment": {"Variables": {"TOPIC": ref("Topic")}},
            "Code": {"ZipFile": "def handler(event, context): return {'said': event}"},
        },
    ),
    "Async": (
        "AWS::Lambda::EventInvokeConfig",
        {
            "FunctionName": ref("Function"),
            "Qualifier": "$LATEST",
            "MaximumRetryAttempts": "0",
            "MaximumEventAgeInSeconds": 60,
            "DestinationConfig": {"OnFailure": {"Destination": arn("Queue")}},
        },
    ),
    "Schedules": ("AWS::Scheduler::ScheduleGroup", {"Name": "canary"}),
    "Minute": (
        "AWS::Scheduler::Schedule",
        {
            "Name": "each-minute",
            "GroupName": ref("Schedules"),
            "ScheduleExpression": "rate(1 minute)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": arn("Function"), "RoleArn": arn("Role"), "Input": "{}"},
        },
    ),
    "Down": (
        "AWS::CloudWatch::Alarm",
        {
            "AlarmName": "down",
            "Namespace": "Canary",
            "MetricName": "Failed",
            "Statistic": "Maximum",
            "Period": "60",
            "EvaluationPeriods": "3",
            "DatapointsToAlarm": 2,
            "Threshold": "0",
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "ignore",
            "AlarmActions": [ref("Topic")],
            "Dimensions": [{"Name": "env", "Value": "dev"}],
        },
    ),
    "Beat": (
        "AWS::CloudWatch::Alarm",
        {
            "AlarmName": "beat",
            "EvaluationPeriods": 3,
            "Threshold": 1,
            "ComparisonOperator": "LessThanThreshold",
            "Metrics": [
                {"Id": "filled", "Expression": "FILL(m, 0)", "ReturnData": True},
                {
                    "Id": "m",
                    "ReturnData": False,
                    "MetricStat": {
                        "Metric": {"Namespace": "Canary", "MetricName": "Runs"},
                        "Period": 60,
                        "Stat": "Sum",
                    },
                },
            ],
        },
    ),
    "Page": (
        "AWS::CloudWatch::CompositeAlarm",
        {
            "AlarmName": "page",
            "AlarmRule": {"Fn::Join": ["", ['ALARM("', arn("Down"), '")']]},
            "AlarmActions": [ref("Topic")],
            "ActionsSuppressor": arn("Beat"),
            "ActionsSuppressorWaitPeriod": 60,
            "ActionsSuppressorExtensionPeriod": 120,
        },
    ),
    "Quiet": (
        "AWS::CloudWatch::AlarmMuteRule",
        {
            "Name": "quiet",
            "Rule": {"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT1H"}},
            "MuteTargets": {"AlarmNames": [ref("Down")]},
        },
    ),
    "Secret": ("AWS::SecretsManager::Secret", {"Name": "made", "GenerateSecretString": {}}),
    "Errors": (
        "AWS::Logs::MetricFilter",
        {
            "LogGroupName": ref("Logs"),
            "FilterPattern": "ERROR",
            "MetricTransformations": [
                {"MetricName": "E", "MetricNamespace": "Canary", "MetricValue": "1"}
            ],
        },
    ),
    "Retention": ("Custom::LogRetention", {"ServiceToken": "x", "LogGroupName": "/other"}),
    "Metadata": ("AWS::CDK::Metadata", {"Analytics": "v2"}),
}


def template(**changes: dict[str, Any]) -> str:
    resources = copy.deepcopy(RESOURCES)
    body = {
        name: {"Type": kind, "Properties": {**properties, **changes.get(name, {})}}
        for name, (kind, properties) in resources.items()
    }
    outputs = {
        "FunctionName": {"Value": ref("Function")},
        "Key": {"Value": arn("Key")},
        "Logs": {"Value": arn("Logs")},
    }
    return json.dumps({"Resources": body, "Outputs": outputs})


@pytest.fixture(scope="module")
def stack(aws: Endpoint) -> Endpoint:
    client = aws.client("cloudformation")
    client.create_stack(StackName="canary", TemplateBody=template())
    return aws


def test_the_stack_is_complete_with_every_resource(stack: Endpoint) -> None:
    client = stack.client("cloudformation")
    [shown] = client.describe_stacks(StackName="canary")["Stacks"]
    assert shown["StackStatus"] == "CREATE_COMPLETE"
    outputs = {o["OutputKey"]: o["OutputValue"] for o in shown["Outputs"]}
    assert outputs["FunctionName"] == "canary" and outputs["Key"].startswith("arn:aws:kms:")
    assert outputs["Logs"] == f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/canary:*"
    made = client.describe_stack_resources(StackName="canary")["StackResources"]
    assert {r["LogicalResourceId"] for r in made} == set(RESOURCES) - {"Metadata"}


def test_alarms_are_the_templates_and_know_nothing_yet(stack: Endpoint) -> None:
    shown = stack.client("cloudwatch").describe_alarms()
    down, beat = sorted(shown["MetricAlarms"], key=lambda a: a["AlarmName"], reverse=True)
    [page] = shown["CompositeAlarms"]
    assert {a["StateValue"] for a in (down, beat, page)} == {"INSUFFICIENT_DATA"}
    assert down["DatapointsToAlarm"] == 2 and down["TreatMissingData"] == "ignore"
    assert down["Dimensions"] == [{"Name": "env", "Value": "dev"}]
    assert down["AlarmActions"] == [f"arn:aws:sns:us-east-1:{ACCOUNT}:pages"]
    assert [m["Id"] for m in beat["Metrics"]] == ["filled", "m"]
    assert page["AlarmRule"] == f'ALARM("arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:down")'
    assert page["ActionsSuppressor"].endswith(":alarm:beat")
    assert page["ActionsSuppressorExtensionPeriod"] == 120


def test_the_function_keeps_every_setting_and_runs(stack: Endpoint) -> None:
    client = stack.client("lambda")
    shown = client.get_function_configuration(FunctionName="canary")
    assert shown["LoggingConfig"]["LogFormat"] == "JSON"
    assert shown["LoggingConfig"]["LogGroup"] == "/canary"
    assert shown["Architectures"] == ["arm64"] and shown["TracingConfig"] == {"Mode": "Active"}
    assert shown["MemorySize"] == 512 and shown["VpcConfig"]["VpcId"].startswith("vpc-")
    assert shown["VpcConfig"]["VpcId"] != "vpc-123abc"
    concurrency = client.get_function_concurrency(FunctionName="canary")
    assert concurrency["ReservedConcurrentExecutions"] == 1
    config = client.get_function_event_invoke_config(FunctionName="canary")
    assert config["MaximumRetryAttempts"] == 0 and config["MaximumEventAgeInSeconds"] == 60
    answer = client.invoke(FunctionName="canary", Payload=b'{"a": 1}')
    assert json.loads(answer["Payload"].read()) == {"said": {"a": 1}}


def test_schedule_policies_and_subscriptions_are_the_templates(stack: Endpoint) -> None:
    shown = stack.client("scheduler").get_schedule(Name="each-minute", GroupName="canary")
    assert shown["ScheduleExpression"] == "rate(1 minute)" and shown["State"] == "ENABLED"
    sns = stack.client("sns")
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:pages"
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert json.loads(attributes["Policy"])["Statement"][0]["Principal"] == CLOUDWATCH
    assert attributes["KmsMasterKeyId"].startswith("arn:aws:kms:")
    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1
    s3 = stack.client("s3")
    assert s3.get_bucket_versioning(Bucket="canary-reports")["Status"] == "Enabled"
    assert json.loads(s3.get_bucket_policy(Bucket="canary-reports")["Policy"])["Statement"]
    [rule] = s3.get_bucket_lifecycle_configuration(Bucket="canary-reports")["Rules"]
    assert rule["Expiration"] == {"Days": 90}
    document = stack.client("iam").get_role_policy(RoleName="canary", PolicyName="in")
    assert document["PolicyDocument"]["Statement"][0]["Action"] == "s3:*"


def test_a_group_may_send_where_the_template_says_and_nowhere_else(stack: Endpoint) -> None:
    ec2 = stack.client("ec2")
    found = ec2.describe_security_groups(Filters=[{"Name": "description", "Values": ["canary"]}])
    [group] = found["SecurityGroups"]
    ports = sorted(p["FromPort"] for p in group["IpPermissionsEgress"])
    assert ports == [80, 443]


def test_an_update_changes_settings_and_keeps_states_and_subscriptions(stack: Endpoint) -> None:
    cloudwatch = stack.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName="down", StateValue="ALARM", StateReason="it is")
    changed = template(
        Down={"Threshold": "5"},
        Logs={"RetentionInDays": 30},
        Function={"MemorySize": 1024},
        Topic={"DisplayName": "Pages"},
        Async={"MaximumRetryAttempts": 1},
        Minute={"ScheduleExpression": "rate(5 minutes)"},
    )
    client = stack.client("cloudformation")
    client.update_stack(StackName="canary", TemplateBody=changed)
    [shown] = client.describe_stacks(StackName="canary")["Stacks"]
    assert shown["StackStatus"] == "UPDATE_COMPLETE"
    [down] = cloudwatch.describe_alarms(AlarmNames=["down"])["MetricAlarms"]
    assert down["Threshold"] == 5 and down["StateValue"] == "ALARM"
    [group] = stack.client("logs").describe_log_groups(logGroupNamePrefix="/canary")["logGroups"]
    assert group["retentionInDays"] == 30
    function = stack.client("lambda").get_function_configuration(FunctionName="canary")
    assert function["MemorySize"] == 1024 and function["Architectures"] == ["arm64"]
    config = stack.client("lambda").get_function_event_invoke_config(FunctionName="canary")
    assert config["MaximumRetryAttempts"] == 1
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:pages"
    sns = stack.client("sns")
    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1
    assert (
        json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])["Statement"][
            0
        ]["Principal"]
        == CLOUDWATCH
    )
    schedule = stack.client("scheduler").get_schedule(Name="each-minute", GroupName="canary")
    assert schedule["ScheduleExpression"] == "rate(5 minutes)"


def test_a_removed_stack_leaves_nothing_running(stack: Endpoint) -> None:
    stack.client("cloudformation").delete_stack(StackName="canary")
    shown = stack.client("cloudwatch").describe_alarms()
    assert shown["MetricAlarms"] == [] and shown["CompositeAlarms"] == []
    assert stack.client("scheduler").list_schedules()["Schedules"] == []
    assert stack.client("lambda").list_functions()["Functions"] == []


@pytest.mark.parametrize(
    ("code", "text", "absent"),
    [
        ("ResourceNotFoundException", "Schedule a does not exist.", True),
        ("NoSuchEntity", "The role with name a cannot be found.", True),
        ("ValidationError", "Cannot delete refuses-unknown-key: a composite needs it", False),
    ],
)
def test_a_removal_that_is_refused_is_not_taken_for_one_that_is_done(
    code: str, text: str, absent: bool
) -> None:
    error = ClientError({"Error": {"Code": code, "Message": text}}, "Delete")
    assert says_absent(error) is absent


def test_a_type_that_is_not_emulated_fails_the_deployment_by_name(aws: Endpoint) -> None:
    client = aws.client("cloudformation")
    body = json.dumps({"Resources": {"A": {"Type": "AWS::Made::Up", "Properties": {}}}})
    with pytest.raises(ClientError, match=r"Unrecognized resource types: \[AWS::Made::Up\]"):
        client.create_stack(StackName="odd", TemplateBody=body)
    body = json.dumps({"Resources": {"A": {"Type": "AWS::SQS::Queue", "Properties": {}}}})
    client.create_stack(StackName="odd", TemplateBody=body)  # the failed one is not in the way


def test_a_change_set_that_is_absent_is_told_by_its_code(aws: Endpoint) -> None:
    client = aws.client("cloudformation")
    with pytest.raises(ClientError) as told:
        client.describe_change_set(ChangeSetName="none", StackName="none")
    assert told.value.response["Error"]["Code"] == "ChangeSetNotFound"
    client.delete_change_set(ChangeSetName="none", StackName="none")


def test_what_an_update_took_away_is_made_anew_by_a_later_one(aws: Endpoint) -> None:
    def queues(*names: str) -> str:
        made = {n: {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": n}} for n in names}
        return json.dumps({"Resources": made})

    client, sqs = aws.client("cloudformation"), aws.client("sqs")
    client.create_stack(StackName="twice", TemplateBody=queues("one", "two"))
    for names in (("one",), ("one", "two")):
        client.update_stack(StackName="twice", TemplateBody=queues(*names))
        urls = sqs.list_queues()["QueueUrls"]
        assert {url.rpartition("/")[2] for url in urls} & {"one", "two"} == set(names)


def test_what_others_refer_to_goes_after_they_were_changed(aws: Endpoint) -> None:
    def watched(*names: str) -> str:
        metric = {"MetricName": "m", "Namespace": "n", "Period": 60, "EvaluationPeriods": 1,
                  "Statistic": "Sum", "Threshold": 0,
                  "ComparisonOperator": "GreaterThanThreshold"}  # fmt: skip
        made: dict[str, Any] = {
            n: {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": n, **metric}}
            for n in names
        }
        rule = " OR ".join(f"ALARM({n})" for n in names)
        both = {"AlarmName": "both", "AlarmRule": rule}
        made["Both"] = {
            "Type": "AWS::CloudWatch::CompositeAlarm", "Properties": both, "DependsOn": [*names]
        }  # fmt: skip
        return json.dumps({"Resources": made})

    client = aws.client("cloudformation")
    client.create_stack(StackName="watch", TemplateBody=watched("one", "two"))
    client.update_stack(StackName="watch", TemplateBody=watched("two"))
    found = aws.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    rules = [a["AlarmRule"] for a in found["CompositeAlarms"] if a["AlarmName"] == "both"]
    left = {a["AlarmName"] for a in found["MetricAlarms"]} & {"one", "two"}
    assert (rules, left) == (["ALARM(two)"], {"two"})
