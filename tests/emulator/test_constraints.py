"""The constraints of AWS's models, and how each service words what breaks them."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from emulator.validation import operations
from emulator.validation.constraints import Broken, broken

Json = dict[str, Any]
MUST = "failed to satisfy constraint: Member must"


def found(service: str, operation: str, given: Json) -> list[Broken]:
    """Return what an input breaks of a service's model."""
    model = botocore.session.get_session().get_service_model(service)
    return list(broken(model.operation_model(operation).input_shape, given))


def said(service: str, operation: str, given: Json) -> tuple[str, str]:
    """Return the code and the words of a service."""
    wording = operations.WORDINGS[service]
    return wording.code, wording.sentence(found(service, operation, given))


RULE: Json = {
    "ListenerArn": "a",
    "Conditions": [{"Field": "path-pattern", "Values": ["/"]}],
    "Priority": 50_000,
    "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}],
}
SERVICE: Json = {
    "cluster": "c",
    "serviceName": "s",
    "launchType": "FARGATE",
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"], "securityGroups": []}},
    "tags": [{"key": "team é", "value": ""}],
}


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("elbv2", "CreateRule", RULE),
        ("elbv2", "ModifyListener", {"ListenerArn": "a", "Port": 65_535, "Protocol": "HTTPS"}),
        ("ecs", "CreateService", SERVICE),
        ("ssm", "PutParameter", {"Name": "/a/b", "Value": "x" * 9000, "Tier": "Advanced"}),
        ("iam", "PutRolePolicy", {"RoleName": "a+=,.@_-", "PolicyName": "b",
                                  "PolicyDocument": "{\n\t\r}"}),
        ("logs", "CreateLogGroup", {"logGroupName": "/ecs/a.b_c-d#1"}),
        ("secretsmanager", "UpdateSecretVersionStage", {"SecretId": "s", "VersionStage": "x",
                                                        "MoveToVersionId": "0" * 32}),
        ("servicediscovery", "RegisterInstance", {"ServiceId": "srv-a", "InstanceId": "a:1",
                                                  "Attributes": {"AWS_INSTANCE_IPV4": "10.0.0.1"}}),
    ],
)  # fmt: skip
def test_what_aws_takes_breaks_nothing(service: str, operation: str, given: Json) -> None:
    assert operation in operations.OPERATIONS[service]
    assert found(service, operation, given) == []


@pytest.mark.parametrize(
    ("service", "operation", "given", "code", "text"),
    [
        ("elbv2", "CreateRule", {**RULE, "Priority": 0}, "ValidationError",
         f"1 validation error detected: Value '0' at 'priority' {MUST} have value greater than or "
         "equal to 1"),
        ("elbv2", "CreateRule", {**RULE, "Actions": [{"Type": "drop"}], "ListenerArn": None},
         "ValidationError",
         f"2 validation errors detected: Value null at 'listenerArn' {MUST} not be null; Value "
         f"'drop' at 'actions.1.member.type' {MUST} satisfy enum value set: [forward, "
         "authenticate-oidc, authenticate-cognito, redirect, fixed-response, jwt-validation]"),
        ("ecs", "CreateService", {**SERVICE, "launchType": "FARGAT"}, "InvalidParameterException",
         "launch type should be one of [EC2,FARGATE,EXTERNAL,MANAGED_INSTANCES]"),
        ("ecs", "UpdateService", {"service": "s", "deploymentConfiguration": {"alarms": {
            "rollback": True, "enable": True}}}, "InvalidParameterException",
         "alarm names should not be null or empty."),
        ("ssm", "PutParameter", {"Name": "a", "Value": "b", "Type": "Text"}, "ValidationException",
         f"1 validation error detected: Value 'Text' at 'type' {MUST} satisfy enum value set: "
         "[String, StringList, SecureString]"),
        ("iam", "PutRolePolicy", {"RoleName": "a b", "PolicyName": "b", "PolicyDocument": "{}"},
         "ValidationError",
         "The specified value for roleName is invalid. It must contain only alphanumeric "
         "characters and/or the following: +=,.@_-"),
        ("iam", "AttachRolePolicy", {"RoleName": "a", "PolicyArn": "b"}, "ValidationError",
         f"1 validation error detected: Value 'b' at 'policyArn' {MUST} have length greater than "
         "or equal to 20"),
        ("logs", "CreateLogGroup", {"logGroupName": "a b"}, "InvalidParameterException",
         f"1 validation error detected: Value 'a b' at 'logGroupName' {MUST} satisfy regular "
         r"expression pattern: [\.\-_/#A-Za-z0-9]+"),
        ("servicediscovery", "ListServices", {"Filters": [{"Name": "NAME", "Values": ["a"]}]},
         "InvalidInput",
         f"1 validation error detected: Value 'NAME' at 'filters.1.member.name' {MUST} satisfy "
         "enum value set: [NAMESPACE_ID, RESOURCE_OWNER]"),
    ],
)  # fmt: skip
def test_what_aws_refuses_is_said_as_its_service_says_it(
    service: str, operation: str, given: Json, code: str, text: str
) -> None:
    assert said(service, operation, given) == (code, text)


def test_every_operation_is_one_of_aws() -> None:
    session = botocore.session.get_session()
    for service, names in operations.OPERATIONS.items():
        assert names - set(session.get_service_model(service).operation_names) == set()
    for service, name in operations.CHECKS:
        assert name in session.get_service_model(service).operation_names
