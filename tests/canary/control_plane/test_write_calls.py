"""What a call changed, what a diagnosis names, and whether both are the same object."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.named_objects import Changed, named
from canary.control_plane.write_calls import (
    MOST_REFERENCES,
    WRITES,
    Audit,
    Origin,
    WriteCall,
    changed_by,
    is_at_home,
    lookups,
    used_by,
)

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


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({"natGatewayId": "nat-1"}, ["nat-1"]),
        ({"DeleteNatGatewayRequest": {"NatGatewayId": "nat-1"}}, ["nat-1"]),
        ({"DeleteVpcEndpointsRequest": {"VpcEndpointId": {"content": "vpce-1", "tag": 1}}},
         ["vpce-1"]),
        ({"DeleteVpcEndpointsRequest": {"VpcEndpointId": [
            {"content": "vpce-1", "tag": 1}, {"content": "vpce-2", "tag": 2}]}},
         ["vpce-1", "vpce-2"]),
        ({"ModifyVpcEndpointRequest": {"VpcEndpointId": "vpce-1", "ResetPolicy": True}},
         ["vpce-1"]),
        ({"DeleteNatGatewayRequest": {"NatGatewayId": {"tag": 1}}}, []),
        ({"DeleteNatGatewayRequest": ["nat-1"]}, []),
        ({"DeleteNatGatewayRequest": {}}, []),
        ({"tagSet": {"NatGatewayId": "nat-1"}}, []),  # a name that somebody chose
        ({"XRequest": {"NatGatewayId": "nat-1"}, "other": 1}, []),
    ],
)  # fmt: skip
def test_ec2_puts_parameters_of_some_calls_into_an_object(
    given: dict[str, Any], changed: list[str]
) -> None:
    found = changed_by("ec2.amazonaws.com", given)
    assert found == tuple(resource(name) for name in changed)
    if not {"natGatewayId"} & set(given):  # EC2 alone does so
        assert changed_by("ecs.amazonaws.com", given) == ()


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
        "description": "no object",
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


@pytest.mark.parametrize("text", ["", "  ", "the log of api", "a\nb", "x" * 3000, "x" * 2049])
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


def test_a_long_name_is_a_name_up_to_the_length_of_an_arn() -> None:
    assert resource("x" * 2048).names == {"x" * 2048}
    assert resource("  sg-1 ").names == {"sg-1"}


@pytest.mark.parametrize(
    ("text", "kind", "names"),
    [
        (RULE, "rule", {RULE}),
        (LISTENER, "listener", {LISTENER}),
        (BALANCER, "load balancer", {BALANCER}),
        (f"{ELB}:targetgroup/web/9", "target group", {f"{ELB}:targetgroup/web/9"}),
        ("arn:aws:ec2:r:1:security-group/sg-1", "security group",
         {"arn:aws:ec2:r:1:security-group/sg-1", "sg-1"}),
        (f"{ECS}:service/shop/api", "service", {"shop/api"}),
        (f"{ECS}:service/api", "service", {"api", "service/api"}),  # of the old form
        (f"{ECS}:task-definition/api:7", "task definition", {"api"}),
        (f"{ECS}:cluster/shop", "cluster", {f"{ECS}:cluster/shop", "shop"}),
        ("arn:aws:secretsmanager:r:1:secret:shop/key-Ab12Cd:json::", "secret",
         {"shop/key", "shop/key-Ab12Cd"}),
        ("arn:aws:ssm:r:1:parameter/shop/a", "parameter", {"/shop/a"}),
        ("arn:aws:ssm:r:1:parameter/a", "parameter", {"a"}),
        ("arn:aws:servicediscovery:r:1:service/srv-1", "registry",
         {"arn:aws:servicediscovery:r:1:service/srv-1", "srv-1"}),
        ("arn:aws:iam::1:role/path/task", "role", {"arn:aws:iam::1:role/path/task", "task"}),
        ("arn:aws:acm:r:1:certificate/c", "certificate", {"arn:aws:acm:r:1:certificate/c"}),
        ("arn:aws:logs:r:1:log-group:/ecs/api", "log group",
         {"arn:aws:logs:r:1:log-group:/ecs/api", "api"}),
        ("arn:aws:kms:r:1:key/k", "key", {"arn:aws:kms:r:1:key/k", "k"}),
        ("arn:aws:s3:::reports/prefix/x", "bucket", {"reports"}),
        ("arn:aws-us-gov:s3:::reports", "bucket", {"reports"}),
        ("sg-1", "security group", {"sg-1"}),
        ("api:7", "task definition", {"api"}),
        ("api", "", {"api"}),
        ("api.shop.local", "", {"api.shop.local"}),
    ],
)  # fmt: skip
def test_an_object_has_a_kind_and_all_names_that_it_is_known_by(
    text: str, kind: str, names: set[str]
) -> None:
    assert (resource(text).kind, resource(text).names) == (kind, names)


@pytest.mark.parametrize(
    "text", ["arn:aws:ecs:r:1:task/shop/1", "arn:aws:sqs:r:1:queue", "arn:aws:ec2:r:1:instance/i"]
)
def test_an_arn_of_another_kind_names_none(text: str) -> None:
    assert named(text) is None


def test_a_name_of_a_service_stands_in_its_cluster_and_alone() -> None:
    assert one("ecs", service="api", cluster=f"{ECS}:cluster/shop").names == {"shop/api", "api"}
    assert one("ecs", serviceName="api", cluster="shop").names == {"shop/api", "api"}
    assert one("ecs", service=f"{ECS}:service/shop/api", cluster="other").names == {
        "shop/api", "api",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "key", "kind"),
    [
        ("elasticloadbalancing", "ruleArn", "rule"),
        ("elasticloadbalancing", "listenerArn", "listener"),
        ("elasticloadbalancing", "targetGroupArn", "target group"),
        ("elasticloadbalancing", "loadBalancerArn", "load balancer"),
        ("ec2", "groupId", "security group"),
        ("ec2", "networkAclId", ""),
        ("ec2", "routeTableId", ""),
        ("ecs", "service", "service"),
        ("ecs", "serviceName", "service"),
        ("ecs", "task", ""),
        ("ecs", "taskDefinition", "task definition"),
        ("ecs", "family", "task definition"),
        ("ecs", "cluster", "cluster"),
        ("secretsmanager", "secretId", "secret"),
        ("secretsmanager", "name", "secret"),
        ("ssm", "name", "parameter"),
        ("ssm", "names", "parameter"),
        ("servicediscovery", "serviceId", "registry"),
        ("servicediscovery", "id", "registry"),
        ("iam", "roleName", "role"),
        ("iam", "userName", ""),
        ("s3", "bucketName", "bucket"),
        ("acm", "certificateArn", "certificate"),
        ("logs", "logGroupName", "log group"),
        ("kms", "keyId", "key"),
    ],
)
def test_a_parameter_says_what_a_call_changes(source: str, key: str, kind: str) -> None:
    found = one(source, **{key: "thing"})
    assert found.kind == kind and "thing" in found.names


def test_a_name_with_a_slash_is_no_path() -> None:
    assert one("logs", logGroupName="/ecs/api").names == {"/ecs/api"}


def test_the_most_exact_parameter_counts_and_a_list_names_several() -> None:
    assert one("elasticloadbalancing", loadBalancerArn=BALANCER, ruleArn=RULE).kind == "rule"
    assert one("ecs", cluster="shop", taskDefinition="api:3", service="web").kind == "service"
    many = changed_by("ssm.amazonaws.com", {"names": ["a", " ", 7, "b"]})
    assert [sorted(m.names) for m in many] == [["a"], ["b"]]
    priorities = [{"ruleArn": RULE}, "no", {"ruleArn": RULE + "9"}]
    moved = changed_by("elasticloadbalancing.amazonaws.com", {"rulePriorities": priorities})
    assert [m.names for m in moved] == [{RULE}, {RULE + "9"}]
    assert changed_by("ecs.amazonaws.com", {"rulePriorities": priorities}) == ()


@pytest.mark.parametrize(
    ("kind", "calls"),
    [
        ("rule", ["DeleteRule", "ModifyRule", "SetRulePriorities"]),
        ("listener", ["DeleteListener", "ModifyListener", "DeleteRule", "ModifyRule"]),
        ("target group", ["ModifyTargetGroup", "DeregisterTargets", "DeleteTargetGroup"]),
        ("load balancer", ["DeleteListener", "SetSecurityGroups", "ModifyLoadBalancerAttributes"]),
        ("service", ["UpdateService", "DeleteService"]),
        ("task definition", ["UpdateService", "RegisterTaskDefinition"]),
        ("secret", ["PutSecretValue", "DeleteSecret", "UpdateSecret"]),
        ("parameter", ["PutParameter", "DeleteParameter"]),
        ("registry", ["DeregisterInstance", "RegisterInstance"]),
        ("role", ["PutRolePolicy", "DeleteRolePolicy", "DetachRolePolicy"]),
        ("bucket", ["PutBucketPolicy", "DeleteBucketPolicy"]),
        ("certificate", ["ImportCertificate", "DeleteCertificate"]),
        ("", ["UpdateService", "PutSecretValue"]),
        ("cluster", []),
    ],
)
def test_the_calls_that_change_a_kind_of_object(kind: str, calls: list[str]) -> None:
    wanted = Changed(kind=kind, names=frozenset({"x"}))
    assert list(lookups([wanted])) == [("EventName", call) for call in calls]


def test_nothing_is_looked_up_for_nothing() -> None:
    assert list(lookups([])) == [] and WRITES == ("ReadOnly", "false")


def test_of_many_references_a_hundred_are_kept() -> None:
    groups = [f"{ELB}:targetgroup/web/{n}" for n in range(101)]
    found = used_by("elasticloadbalancing.amazonaws.com", {"groups": groups})
    assert MOST_REFERENCES == 100
    assert found == tuple(resource(g) for g in groups[:100])


@pytest.mark.parametrize(
    ("name", "origin", "routine"),
    [
        ("RegisterTargets", "AWS", True),
        ("DeregisterTargets", "AWS", True),
        ("RegisterInstance", "AWS", True),
        ("DeregisterInstance", "AWS", True),
        ("UpdateInstanceCustomHealthStatus", "AWS", True),
        ("CreateNetworkInterface", "AWS", True),
        ("DeleteNetworkInterface", "AWS", True),
        ("DeregisterTargets", "somebody", False),
        ("UpdateService", "AWS", False),
        ("UpdateService", "somebody", False),
        ("PutObject", "canary", True),
    ],
)
def test_aws_replaces_tasks_and_the_canary_writes_as_a_routine(
    name: str, origin: Origin, routine: bool
) -> None:
    call = WriteCall(id="1", name=name, source="s", at="t", who="w", caller="c", origin=origin)
    assert call.is_routine is routine
    assert (call.error, call.changed, call.uses) == ("", (), ())


def test_an_audit_says_of_itself_that_it_is_whole() -> None:
    assert (Audit().calls, Audit().problem, Audit().whole, Audit().denied) == ((), "", False, None)
