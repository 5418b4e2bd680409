"""What a call changed, what a diagnosis names, and whether both are the same object."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.named_objects import Changed, named
from canary.control_plane.write_calls import changed_by, is_at_home, lookups, used_by

ELB = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
RULE = f"{ELB}:listener-rule/app/web/1111/2222/3333"
LISTENER = f"{ELB}:listener/app/web/1111/2222"
BALANCER = f"{ELB}:loadbalancer/app/web/1111"
ECS = "arn:aws:ecs:us-east-1:123456789012"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/key"


def one(source: str, **given: Any) -> Changed:
    (found,) = changed_by(f"{source}.amazonaws.com", given)
    return found


def resource(text: str) -> Changed:
    found = named(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("call", "text", "same"),
    [
        (one("elasticloadbalancing", ruleArn=RULE), RULE, True),
        (one("elasticloadbalancing", ruleArn=RULE), LISTENER, False),
        (one("elasticloadbalancing", rulePriorities=[{"ruleArn": RULE}]), RULE, True),
        (one("elasticloadbalancing", listenerArn=LISTENER, defaultActions=[]), LISTENER, True),
        (one("ec2", groupId="sg-1"), "sg-1", True),
        (one("ec2", groupId="sg-1"), "sg-11", False),
        (one("ecs", service="api", cluster="shop"), f"{ECS}:service/shop/api", True),
        (one("ecs", service=f"{ECS}:service/shop/api"), f"{ECS}:service/shop/api", True),
        (one("ecs", service="api", cluster="shop"), f"{ECS}:service/test/api", False),
        (one("ecs", service="api"), f"{ECS}:service/default/api", True),
        (one("ecs", service="api", cluster="shop"), "api", True),
        (one("ecs", family="api"), f"{ECS}:task-definition/api:7", True),
        (one("ecs", taskDefinition="api:3"), "api:7", True),
        (one("ecs", family="api"), f"{ECS}:task-definition/api-2:7", False),
        (one("ecs", family="api"), f"{ECS}:service/shop/api", False),
        (one("secretsmanager", secretId="shop/key"), f"{SECRET}-Ab12Cd:field::", True),
        (one("secretsmanager", secretId=f"{SECRET}-Ab12Cd"), "shop/key", True),
        (one("secretsmanager", secretId=f"{SECRET}-Ab12Cd"), SECRET, True),
        (one("secretsmanager", secretId="shop/other"), f"{SECRET}-Ab12Cd", False),
        (one("ssm", name="/shop/a"), "arn:aws:ssm:us-east-1:123456789012:parameter/shop/a", True),
        (one("ssm", name="a"), "arn:aws:ssm:us-east-1:123456789012:parameter/a", True),
        (one("ssm", names=["/shop/a"]), "/shop/b", False),
        (one("iam", roleName="task"), "arn:aws:iam::123456789012:role/path/task", True),
        (one("s3", bucketName="reports"), "arn:aws:s3:::reports/prefix", True),
        (
            one("servicediscovery", serviceId="srv-1", instanceId="i"),
            "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-1",
            True,
        ),
        (one("ssm", name="api"), f"{ECS}:service/shop/api", False),
    ],
)
def test_a_calls_object_is_that_of_a_diagnosis(call: Changed, text: str, same: bool) -> None:
    assert call.same(resource(text)) == same


def test_a_nested_parameter_is_a_reference_and_no_change() -> None:
    group = f"{ELB}:targetgroup/web/9"
    call = one(
        "elasticloadbalancing",
        listenerArn=LISTENER,
        actions=[{"type": "forward", "targetGroupArn": group}],
    )
    assert not call.same(resource(group))
    assert changed_by("elasticloadbalancing.amazonaws.com", {"name": "web"}) == ()
    assert changed_by("unknown.amazonaws.com", {"name": "web"}) == ()
    assert changed_by("ecs.amazonaws.com", {"service": 7, "cluster": ["x"]}) != ()


def test_what_a_listener_uses_is_told_of_its_calls_alone() -> None:
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    group = f"{ELB}:targetgroup/web/9"
    given = {
        "listenerArn": LISTENER,
        "certificates": [{"certificateArn": certificate, "isDefault": True}],
        "defaultActions": [{"forwardConfig": {"targetGroups": [{"targetGroupArn": group}]}}],
    }
    source = "elasticloadbalancing.amazonaws.com"
    assert used_by(source, given) == (resource(certificate), resource(group))
    assert used_by("ecs.amazonaws.com", given) == ()


def test_a_rule_belongs_to_a_listener_and_this_to_a_balancer() -> None:
    rule = resource(RULE)
    assert rule.parent == resource(LISTENER)
    assert resource(LISTENER).parent == resource(BALANCER)
    assert resource(BALANCER).parent is None


@pytest.mark.parametrize("text", ["", "  ", "the log of api", "a\nb", "x" * 3000])
def test_a_sentence_names_no_object(text: str) -> None:
    assert named(text) is None


def test_objects_are_looked_up_in_turn_and_no_look_up_twice() -> None:
    wanted = (resource("sg-1"), resource(RULE), resource(RULE + "9"), resource("api:3"))
    assert list(lookups(wanted)) == [
        ("ResourceName", "sg-1"),
        ("EventName", "DeleteRule"),
        ("EventName", "UpdateService"),
        ("EventName", "ModifyRule"),
        ("EventName", "RegisterTaskDefinition"),
        ("EventName", "SetRulePriorities"),
    ]


@pytest.mark.parametrize(
    ("region", "account", "here"),
    [
        ("us-east-1", "123456789012", True),
        ("", "", True),
        ("eu-west-1", "123456789012", False),
        ("us-east-1", "999999999999", False),
    ],
)
def test_an_event_of_elsewhere_is_not_ours(region: str, account: str, here: bool) -> None:
    assert is_at_home(region, account, "us-east-1", "123456789012") == here
