"""IAM in the twin: who may do what, and how a refusal reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.iam.enforcement import assumable, simulate
from emulator.iam.policy import Decision, decide, glob
from emulator.server import AwsServer
from emulator.settings import ACCOUNT, REGION
from tests.emulator.support.emulated import emulator

ROLE = "test-iam-role"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:mine"


def policy(*statements: dict[str, Any]) -> list[dict[str, Any]]:
    """One policy document of these statements."""
    return [{"Version": "2012-10-17", "Statement": list(statements)}]


def allow(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str, resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    ("documents", "action", "resource", "context", "decision"),
    [
        (policy(allow("sqs:*")), "sqs:SendMessage", QUEUE, {}, Decision.ALLOWED),
        (policy(allow("SQS:send*")), "sqs:SendMessage", QUEUE, {}, Decision.ALLOWED),
        (policy(allow("sqs:*")), "sns:Publish", "*", {}, Decision.IMPLICIT_DENY),
        (policy(allow("sqs:*", QUEUE)), "sqs:SendMessage", "*", {}, Decision.IMPLICIT_DENY),
        (policy(allow("*"), deny("sqs:*")), "sqs:SendMessage", QUEUE, {}, Decision.EXPLICIT_DENY),
        (
            policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
            "sqs:SendMessage",
            QUEUE,
            {},
            Decision.ALLOWED,
        ),
        (
            policy({"Effect": "Allow", "Action": "sqs:*", "NotResource": QUEUE}),
            "sqs:SendMessage",
            QUEUE,
            {},
            Decision.IMPLICIT_DENY,
        ),
        (
            policy(allow("*", Condition={"StringEquals": {"cloudwatch:namespace": ["A", "B"]}})),
            "cloudwatch:PutMetricData",
            "*",
            {"cloudwatch:namespace": "B"},
            Decision.ALLOWED,
        ),
        (
            policy(allow("*", Condition={"StringEquals": {"cloudwatch:namespace": "A"}})),
            "cloudwatch:PutMetricData",
            "*",
            {},
            Decision.IMPLICIT_DENY,
        ),
        (
            policy(allow("*", Condition={"StringNotLike": {"aws:RequestedRegion": "eu-*"}})),
            "sqs:SendMessage",
            QUEUE,
            {"aws:RequestedRegion": "us-east-1"},
            Decision.ALLOWED,
        ),
        (
            policy(allow("*", Condition={"Bool": {"aws:SecureTransport": False}})),
            "sqs:SendMessage",
            QUEUE,
            {"aws:SecureTransport": "true"},
            Decision.IMPLICIT_DENY,
        ),
        (
            policy(allow("*", Condition={"StringEqualsIfExists": {"ecs:cluster": "x"}})),
            "sqs:SendMessage",
            QUEUE,
            {},
            Decision.ALLOWED,
        ),
        (
            policy(allow("*", Condition={"Null": {"ecs:cluster": "true"}})),
            "sqs:SendMessage",
            QUEUE,
            {},
            Decision.ALLOWED,
        ),
    ],
)
def test_a_policy_decides_as_iam_does(
    documents: list[dict[str, Any]],
    action: str,
    resource: str,
    context: dict[str, str],
    decision: Decision,
) -> None:
    assert decide(documents, action, [resource], context) is decision


def test_every_resource_of_a_request_must_be_allowed() -> None:
    documents = policy(allow("ssm:GetParameters", "arn:aws:ssm:*:*:parameter/a"))
    resources = ["arn:aws:ssm:us-east-1:1:parameter/a", "arn:aws:ssm:us-east-1:1:parameter/b"]
    assert decide(documents, "ssm:GetParameters", resources, {}) is Decision.IMPLICIT_DENY


def test_a_question_mark_stands_for_exactly_one_character() -> None:
    assert glob("secret:name-??????", "secret:name-AbCdEf")
    assert not glob("secret:name-??????", "secret:name-AbCdE")


def test_an_unknown_condition_operator_is_not_guessed() -> None:
    documents = policy(allow("*", Condition={"DateGreaterThan": {"aws:CurrentTime": "2020"}}))
    with pytest.raises(NotImplementedError):
        decide(documents, "sqs:SendMessage", [QUEUE], {"aws:currenttime": "2026"})


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsServer]:
    """An emulated AWS with one role that may little."""
    with emulator() as server:
        _one_role(server.endpoint)
        yield server


def _one_role(endpoint: Endpoint) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = endpoint.client("iam")
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust))
    statements = [
        allow("ecs:DescribeClusters"),
        allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:mine-??????"),
        allow(
            "cloudwatch:PutMetricData",
            Condition={"StringEquals": {"cloudwatch:namespace": "Mine"}},
        ),
        allow("ssm:GetParameters", "arn:aws:ssm:us-east-1:123456789012:parameter/mine"),
        allow("s3:GetObject", "arn:aws:s3:::test-iam/mine/*"),
    ]
    iam.put_role_policy(
        RoleName=ROLE,
        PolicyName="p",
        PolicyDocument=json.dumps(policy(*statements)[0]),
    )
    for name in ("mine", "other"):
        endpoint.client("secretsmanager").create_secret(Name=name, SecretString=name)
        endpoint.client("ssm").put_parameter(Name=f"/{name}", Value=name, Type="String")
    endpoint.client("s3").create_bucket(Bucket="test-iam")
    for key in ("mine/a", "other/a"):
        endpoint.client("s3").put_object(Bucket="test-iam", Key=key, Body=b"x")


def as_role(aws: AwsServer, service: str) -> Any:
    """A client with a session of the role."""
    session = aws.endpoint.client("sts").assume_role(RoleArn=ROLE_ARN, RoleSessionName="test")
    found = session["Credentials"]
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=aws.endpoint.url,
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("ecs", "describe_clusters", {}),
        ("secretsmanager", "get_secret_value", {"SecretId": "mine"}),
        ("ssm", "get_parameters", {"Names": ["/mine"]}),
        ("s3", "get_object", {"Bucket": "test-iam", "Key": "mine/a"}),
        ("sts", "get_caller_identity", {}),
        (
            "cloudwatch",
            "put_metric_data",
            {"Namespace": "Mine", "MetricData": [{"MetricName": "m", "Value": 1.0}]},
        ),
    ],
)
def test_a_session_may_what_its_role_grants(
    aws: AwsServer, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    getattr(as_role(aws, service), operation)(**arguments)


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "code"),
    [
        ("ecs", "list_clusters", {}, "AccessDeniedException"),
        ("secretsmanager", "get_secret_value", {"SecretId": "other"}, "AccessDeniedException"),
        ("ssm", "get_parameters", {"Names": ["/mine", "/other"]}, "AccessDeniedException"),
        ("s3", "get_object", {"Bucket": "test-iam", "Key": "other/a"}, "AccessDenied"),
        ("s3", "put_object", {"Bucket": "test-iam", "Key": "mine/b"}, "AccessDenied"),
        ("elbv2", "describe_load_balancers", {}, "AccessDenied"),
        ("ec2", "describe_vpcs", {}, "UnauthorizedOperation"),
        ("lambda", "list_functions", {}, "AccessDeniedException"),
        ("scheduler", "list_schedules", {}, "AccessDeniedException"),
        ("sns", "list_topics", {}, "AccessDenied"),
        ("cloudwatch", "describe_alarms", {}, "AccessDenied"),
        (
            "cloudwatch",
            "put_metric_data",
            {"Namespace": "Theirs", "MetricData": [{"MetricName": "m", "Value": 1.0}]},
            "AccessDenied",
        ),
    ],
)
def test_a_refusal_reads_as_the_service_words_it(
    aws: AwsServer, service: str, operation: str, arguments: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(as_role(aws, service), operation)(**arguments)
    assert refused.value.response["Error"]["Code"] == code


def test_whether_an_object_is_missing_is_for_those_who_may_list_the_bucket(aws: AwsServer) -> None:
    iam = aws.endpoint.client("iam")
    missing = {"Bucket": "test-iam", "Key": "mine/never-written"}
    with pytest.raises(ClientError) as refused:
        as_role(aws, "s3").get_object(**missing)
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    listing = {"StringLikeIfExists": {"s3:prefix": "mine/*"}}
    may = policy(allow("s3:ListBucket", "arn:aws:s3:::test-iam", Condition=listing))[0]
    iam.put_role_policy(RoleName=ROLE, PolicyName="list", PolicyDocument=json.dumps(may))
    with pytest.raises(ClientError) as refused:
        as_role(aws, "s3").get_object(**missing)
    iam.delete_role_policy(RoleName=ROLE, PolicyName="list")
    assert refused.value.response["Error"]["Code"] == "NoSuchKey"


def test_a_topics_key_is_used_as_whoever_publishes(aws: AwsServer) -> None:
    iam, sns = aws.endpoint.client("iam"), aws.endpoint.client("sns")
    key = aws.endpoint.client("kms").create_key()["KeyMetadata"]["Arn"]
    topic = sns.create_topic(Name="locked", Attributes={"KmsMasterKeyId": key})["TopicArn"]

    def may(*statements: dict[str, Any]) -> None:
        text = json.dumps(policy(*statements)[0])
        iam.put_role_policy(RoleName=ROLE, PolicyName="tell", PolicyDocument=text)

    may(allow("sns:Publish", topic), allow("kms:Decrypt", key))
    with pytest.raises(ClientError, match="KMSAccessDenied"):
        as_role(aws, "sns").publish(TopicArn=topic, Message="m")
    may(allow("sns:Publish", topic), allow("kms:Decrypt", key), allow("kms:GenerateDataKey", key))
    as_role(aws, "sns").publish(TopicArn=topic, Message="m")
    iam.delete_role_policy(RoleName=ROLE, PolicyName="tell")


def test_a_refusal_names_session_action_and_resource(aws: AwsServer) -> None:
    with pytest.raises(ClientError) as refused:
        as_role(aws, "secretsmanager").get_secret_value(SecretId="other")
    message = str(refused.value)
    assert f"assumed-role/{ROLE}/test is not authorized to perform" in message
    assert "secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager" in message


def test_the_operators_keys_are_not_restricted(aws: AwsServer) -> None:
    assert aws.endpoint.client("ecs").list_clusters()["clusterArns"] == []


def test_a_roles_right_can_be_asked_without_a_session(aws: AwsServer) -> None:
    assert simulate(ROLE_ARN, "ecs:DescribeClusters", "*")
    assert not simulate(ROLE_ARN, "ecs:DeleteCluster", "*")
    assert not simulate("arn:aws:iam::123456789012:role/nobody", "ecs:DescribeClusters", "*")


def test_a_role_is_assumable_by_the_service_it_trusts(aws: AwsServer) -> None:
    assert assumable(ROLE_ARN, "ecs-tasks.amazonaws.com")
    assert not assumable(ROLE_ARN, "lambda.amazonaws.com")


def test_a_bucket_policy_that_demands_tls_does_not_lock_the_twin_out(aws: AwsServer) -> None:
    s3 = aws.endpoint.client("s3")
    s3.create_bucket(Bucket="tls-only")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::tls-only/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket="tls-only", Policy=json.dumps(policy(statement)[0]))
    s3.put_object(Bucket="tls-only", Key="k", Body=b"x")


def test_the_policies_of_a_role_are_read_by_who_may_read_that_role(aws: AwsServer) -> None:
    iam = aws.endpoint.client("iam")
    account = ROLE_ARN.partition(":role/")[0]
    for resource, allowed in ((f"{account}:role/*", True), (f"{account}:role/other", False)):
        text = json.dumps(policy(allow("iam:ListRolePolicies", resource))[0])
        iam.put_role_policy(RoleName=ROLE, PolicyName="read", PolicyDocument=text)
        if allowed:
            names = as_role(aws, "iam").list_role_policies(RoleName=ROLE)["PolicyNames"]
            assert "read" in names
        else:
            with pytest.raises(ClientError, match=f"{account}:role/{ROLE}"):
                as_role(aws, "iam").list_role_policies(RoleName=ROLE)
    iam.delete_role_policy(RoleName=ROLE, PolicyName="read")
