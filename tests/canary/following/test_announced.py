"""What AWS's events announce of an environment; whatever else a message says is not kept."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from canary.following.announced import OF_ECS, followed
from canary.model import Environment, Followed, Principal, Role, Service
from tests.canary.support.servers.toolbox import environment

ARN = "arn:aws:ecs:{0.region}:{0.account}:service/{0.cluster}/"
ELB = "arn:aws:elasticloadbalancing:{0.region}:{0.account}:"
AT = "2026-11-22T12:00:00Z"


def where() -> Environment:
    return environment(
        cluster="main",
        services={
            "auth": Service(ecs_service="the-auth", role=Role.IDENTITY, load_balancer="shared"),
            "api": Service(
                ecs_service="the-api", load_balancer="shared", target_groups=("api-tg",)
            ),
            "jobs": Service(),
        },
        principals={"valid": Principal(secret="canary/valid")},
    )


def event(**changes: Any) -> dict[str, Any]:
    """Return an event as EventBridge delivers it."""
    here = where()
    return {
        "version": "0", "id": "e", "source": "aws.ecs", "account": here.account,
        "detail-type": "ECS Deployment State Change", "time": AT, "region": here.region,
        "resources": [ARN.format(here) + "the-api"],
        "detail": {
            "eventType": "ERROR", "eventName": "SERVICE_DEPLOYMENT_FAILED",
            "deploymentId": "ecs-svc/123", "updatedAt": AT, "reason": "$(rm -rf /)",
        },
    } | changes  # fmt: skip


def call(parameters: Any, source: str = "aws.elasticloadbalancing", **detail: Any) -> Any:
    named = {"eventName": "ModifyRule", "eventID": "0a-1", "requestParameters": parameters}
    kind = {"source": source, "detail-type": "AWS API Call via CloudTrail", "resources": []}
    return event(**kind, detail=named | detail)


GUARDS = {"sg-0a1": ("api",), "sg-0c2": ("auth", "api")}


def told(*events: Any, arn: str = "arn:aws:sqs:us-east-1:123456789012:x-changes") -> list[Followed]:
    records = [
        {"body": e if isinstance(e, str) else json.dumps(e), "eventSourceARN": arn} for e in events
    ]
    return list(followed(records, where(), lambda: GUARDS))


def services(*events: Any) -> list[str]:
    return [one.service for one in told(*events)]


def test_a_deployment_names_its_service_and_its_id() -> None:
    failed = Followed(service="api", event="SERVICE_DEPLOYMENT_FAILED", id="ecs-svc/123", at=AT)
    assert told(event()) == [failed]
    [again] = told(event(), arn="arn:aws:sqs:us-east-1:123456789012:x-changes-again")
    assert again.again and again.id == "ecs-svc/123"


def test_a_service_action_has_no_id() -> None:
    detail = {"eventType": "WARN", "eventName": "SERVICE_TASK_START_IMPAIRED", "clusterArn": "c"}
    [one] = told(event(**{"detail-type": "ECS Service Action", "detail": detail}))
    assert (one.event, one.id) == ("SERVICE_TASK_START_IMPAIRED", "")


@pytest.mark.parametrize(
    "changed",
    [
        {"source": "mine.ecs"},
        {"account": "999999999999"},
        {"region": "eu-west-1"},
        {"time": "soon"},
        {"time": 7},
        {"resources": ["arn:aws:ecs:us-east-1:123456789012:service/other/the-api"]},
        {"resources": "the-api"},
        {"detail": {"eventName": "SERVICE_DEPLOYMENT_FINE"}},
        {"detail": {"eventName": list(OF_ECS)}},
        {"detail": "SERVICE_DEPLOYMENT_FAILED"},
        {"detail-type": "ECS Task State Change"},
    ],
)
def test_what_is_not_of_this_environment_or_not_in_aws_form_is_nothing(changed: Any) -> None:
    assert told(event(**changed)) == []


@pytest.mark.parametrize("body", ["", "no json", "[]", "7", "[" * 100_000, "x" * 300_000])
def test_what_is_no_event_is_nothing(body: str) -> None:
    assert told(body) == []
    assert list(followed([{"body": None}, {}, 7], where())) == list(followed("x", where())) == []


@pytest.mark.parametrize("ident", ["ecs-svc/1; rm", "ecs-svc/", "x" * 500, 7, None])
def test_an_id_of_another_form_is_not_kept(ident: object) -> None:
    detail = {"eventName": "SERVICE_DEPLOYMENT_FAILED", "deploymentId": ident}
    assert [one.id for one in told(event(detail=detail))] == [""]


def test_a_write_call_is_of_the_services_whose_objects_it_names() -> None:
    elb = ELB.format(where())
    rule = {"ruleArn": f"{elb}listener-rule/app/shared/1/2/3"}
    group = {"targets": [{"id": "10.0.0.1"}], "targetGroupArn": f"{elb}targetgroup/api-tg/1"}
    assert services(call(rule)) == ["auth", "api"]
    assert services(call(group, eventName="DeregisterTargets")) == ["api"]
    assert services(call({"ruleArn": f"{elb}listener-rule/app/other/1/2/3"})) == []
    assert services(call(rule, errorCode="AccessDenied")) == []
    assert services(call(rule, eventName="DescribeRules")) == []
    assert services(call(None)) == services(call("shared")) == []
    [one, _] = told(call(rule))
    assert (one.event, one.id) == ("ModifyRule", "0a-1")


def test_a_secret_is_that_of_who_checks_keys() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:canary/valid-AbCdEf"
    for named in ("canary/valid", arn):
        changed = call({"secretId": named}, "aws.secretsmanager", eventName="PutSecretValue")
        assert services(changed) == ["auth"]
    other = call({"secretId": "canary/other"}, "aws.secretsmanager", eventName="PutSecretValue")
    assert services(other) == []


def test_the_one_secret_of_all_principals_is_followed_as_well() -> None:
    file = msgspec.structs.replace(
        where(), principals={"valid": Principal()}, principals_secret="all"
    )
    for named, found in (("all", ["auth"]), ("canary/valid", [])):
        changed = call({"secretId": named}, "aws.secretsmanager", eventName="PutSecretValue")
        record = {"body": json.dumps(changed), "eventSourceARN": "arn:aws:sqs:r:1:x-changes"}
        assert [one.service for one in followed([record], file)] == found


@pytest.mark.parametrize(
    ("parameters", "name", "found"),
    [
        ({"groupId": "sg-0a1", "ipPermissions": {}}, "RevokeSecurityGroupIngress", ["api"]),
        ({"groupId": "sg-0c2"}, "AuthorizeSecurityGroupEgress", ["auth", "api"]),
        (
            {"ModifySecurityGroupRulesRequest": {"GroupId": "sg-0a1", "SecurityGroupRule": {}}},
            "ModifySecurityGroupRules",
            ["api"],
        ),
        # a group that the changed one admits: who is reached through it may be cut off
        (
            {
                "groupId": "sg-0dead",
                "ipPermissions": {"items": [{"groups": {"items": [{"groupId": "sg-0a1"}]}}]},
            },
            "RevokeSecurityGroupIngress",
            ["api"],
        ),
        ({"groupId": "sg-0dead"}, "RevokeSecurityGroupIngress", []),
        ({"groupId": "sg-0a1; rm"}, "RevokeSecurityGroupIngress", []),
        ({"groupId": "sg-0a1"}, "DescribeSecurityGroups", []),
    ],
)
def test_a_security_group_is_of_the_services_that_it_guards(
    parameters: Any, name: str, found: list[str]
) -> None:
    assert services(call(parameters, "aws.ec2", eventName=name)) == found


def test_who_is_guarded_is_asked_once_and_only_of_changes_that_name_a_group() -> None:
    asked: list[int] = []

    def guards() -> dict[str, tuple[str, ...]]:
        asked.append(1)
        return GUARDS

    group = call({"groupId": "sg-0a1"}, "aws.ec2", eventName="DeleteSecurityGroup")
    for events, times in (([event()], 0), ([group, group], 1)):
        asked.clear()
        records = [{"body": json.dumps(one), "eventSourceARN": "q"} for one in events]
        assert len(list(followed(records, where(), guards))) == len(events)
        assert len(asked) == times
