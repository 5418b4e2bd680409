"""Rules, listeners and their certificates as the ELB and ACM APIs take, refuse and show them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from tests.emulator.support.emulated import aws

__all__ = ["aws"]

Json = dict[str, Any]
SAYS = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}


class Ground:
    """Two balancers, each with a listener on port 80, and a target group."""

    def __init__(self, aws: Endpoint) -> None:
        ec2, self.elbv2 = aws.client("ec2"), aws.client("elbv2")
        self.vpc = vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zone)
            for n, zone in ((1, "us-east-1a"), (2, "us-east-1b"), (3, "us-east-1c"))
        ]
        ids = [subnet["Subnet"]["SubnetId"] for subnet in subnets[:2]]
        self.balancers = [
            self.elbv2.create_load_balancer(Name=name, Subnets=ids)["LoadBalancers"][0][
                "LoadBalancerArn"
            ]
            for name in ("one", "two")
        ]
        self.listeners = [
            self.elbv2.create_listener(
                LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[SAYS]
            )["Listeners"][0]["ListenerArn"]
            for arn in self.balancers
        ]
        self.group = self.elbv2.create_target_group(
            Name="tasks", Protocol="HTTP", Port=8000, VpcId=vpc, TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]

    def rule(self, *conditions: Json, action: Json = SAYS, priority: int = 1, at: int = 0) -> Json:
        """Make a rule and return what the API shows of it."""
        made = self.elbv2.create_rule(
            ListenerArn=self.listeners[at],
            Priority=priority,
            Conditions=list(conditions),
            Actions=[action],
        )
        return dict(made["Rules"][0])

    def rules(self) -> list[Json]:
        """The first listener's rules."""
        return list(self.elbv2.describe_rules(ListenerArn=self.listeners[0])["Rules"])


@pytest.fixture(scope="module")
def made(aws: Endpoint) -> Ground:
    return Ground(aws)


@pytest.fixture
def ground(made: Ground) -> Iterator[Ground]:
    yield made
    for listener in made.listeners:
        for rule in made.elbv2.describe_rules(ListenerArn=listener)["Rules"]:
            if not rule["IsDefault"]:
                made.elbv2.delete_rule(RuleArn=rule["RuleArn"])


def path(*values: str) -> Json:
    return {"Field": "path-pattern", "Values": list(values)}


def test_the_short_form_of_a_condition_takes_several_values(ground: Ground) -> None:
    host = {"Field": "host-header", "Values": ["a.hokus.ai", "b.hokus.ai"]}
    found = ground.rule(path("/a", "/b/*"), host)["Conditions"]
    assert [c["Values"] for c in found] == [["/a", "/b/*"], ["a.hokus.ai", "b.hokus.ai"]]


def test_paths_and_hosts_are_shown_in_both_forms_whichever_was_given(ground: Ground) -> None:
    long = {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.hokus.ai"]}}
    found = ground.rule(path("/a"), long)["Conditions"]
    assert found[0]["PathPatternConfig"] == {"Values": ["/a"]}
    assert found[1]["Values"] == ["a.hokus.ai"]
    changed = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/c"]}}]
    arn = ground.rules()[0]["RuleArn"]
    ground.elbv2.modify_rule(RuleArn=arn, Conditions=changed)
    assert ground.rules()[0]["Conditions"][0]["Values"] == ["/c"]


def test_what_is_described_can_be_written_back(ground: Ground) -> None:
    made = ground.rule(path("/a", "/b"), {"Field": "host-header", "Values": ["a.hokus.ai"]})
    again = ground.rule(*made["Conditions"], action=made["Actions"][0], priority=2)
    assert again["Conditions"] == made["Conditions"]
    other = {**made["Conditions"][0], "Values": ["/c"]}
    with pytest.raises(ClientError, match="You cannot provide both"):
        ground.rule(other, priority=3)


def test_a_regular_expression_is_a_value(ground: Ground) -> None:
    config = {"RegexValues": ["^/v[0-9]+/"]}
    made = ground.rule({"Field": "path-pattern", "PathPatternConfig": config})
    assert made["Conditions"][0]["PathPatternConfig"] == config


def test_a_forward_is_shown_in_both_forms(ground: Ground) -> None:
    short = ground.rule(path("/a"), action={"Type": "forward", "TargetGroupArn": ground.group})
    assert short["Actions"][0]["ForwardConfig"]["TargetGroups"] == [
        {"TargetGroupArn": ground.group, "Weight": 1}
    ]
    config = {"TargetGroups": [{"TargetGroupArn": ground.group, "Weight": 3}]}
    long = ground.rule(path("/b"), action={"Type": "forward", "ForwardConfig": config}, priority=2)
    assert long["Actions"][0]["TargetGroupArn"] == ground.group


def test_rules_are_listed_by_priority_the_default_last(ground: Ground) -> None:
    for priority in (30, 4, 100):
        ground.rule(path(f"/{priority}"), priority=priority)
    assert [rule["Priority"] for rule in ground.rules()] == ["4", "30", "100", "default"]


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        ([], "A condition must be specified"),
        ([path("")], "A condition value cannot be empty"),
        ([path("/a"), path("/b")], "A rule can only have one 'path-pattern' condition"),
        ([path("/a", "/b", "/c", "/d", "/e", "/f")], "A rule can only have '5' condition values"),
        ([path("/" + "a" * 128)], "too long; the limit is '128'"),
        ([{"Field": "source-ip", "Values": ["10.0.0.0/8"]}], "not compatible with 'source-ip'"),
        ([{"Field": "cookie", "Values": ["a"]}], "Condition field 'cookie' must be one of"),
    ],
)
def test_a_condition_that_aws_does_not_take_is_refused(
    ground: Ground, conditions: list[Json], text: str
) -> None:
    with pytest.raises(ClientError, match="ValidationError") as refused:
        ground.rule(*conditions)
    assert text in str(refused.value)
    assert len(ground.rules()) == 1


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ({"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}, "creates a loop"),
        (
            {
                "Type": "fixed-response",
                "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "x" * 1025},
            },
            "the limit is '1024'",
        ),
        (
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "302"}},
            "must satisfy regular expression pattern",
        ),
    ],
)
def test_an_action_that_aws_does_not_take_is_refused(
    ground: Ground, action: Json, text: str
) -> None:
    with pytest.raises(ClientError) as refused:
        ground.rule(path("/a"), action=action)
    assert text in str(refused.value)


def test_a_priority_ends_at_50000(ground: Ground) -> None:
    with pytest.raises(ClientError, match="less than or equal to 50000"):
        ground.rule(path("/a"), priority=50_001)


def test_one_action_alone_may_decide(ground: Ground) -> None:
    forward = {"Type": "forward", "TargetGroupArn": ground.group}
    with pytest.raises(ClientError, match="exactly one"):
        ground.elbv2.create_rule(
            ListenerArn=ground.listeners[0],
            Priority=1,
            Conditions=[path("/a")],
            Actions=[forward, SAYS],
        )


def test_a_default_rule_is_changed_with_its_listener_alone(ground: Ground) -> None:
    (default,) = ground.rules()
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        ground.elbv2.delete_rule(RuleArn=default["RuleArn"])
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        ground.elbv2.modify_rule(RuleArn=default["RuleArn"], Actions=[SAYS])


def test_a_target_group_serves_one_balancer(ground: Ground) -> None:
    forward = {"Type": "forward", "TargetGroupArn": ground.group}
    ground.rule(path("/a"), action=forward)
    ground.rule(path("/b"), action=forward, priority=2)
    with pytest.raises(ClientError, match="TargetGroupAssociationLimit"):
        ground.rule(path("/a"), action=forward, at=1)
    with pytest.raises(ClientError, match="TargetGroupAssociationLimit"):
        ground.elbv2.modify_listener(ListenerArn=ground.listeners[1], DefaultActions=[forward])


def test_a_listener_s_port_is_taken_and_its_target_group_must_exist(ground: Ground) -> None:
    with pytest.raises(ClientError, match="DuplicateListener"):
        ground.elbv2.create_listener(
            LoadBalancerArn=ground.balancers[0], Protocol="HTTP", Port=80, DefaultActions=[SAYS]
        )
    gone = {"Type": "forward", "TargetGroupArn": ground.group + "0"}
    with pytest.raises(ClientError, match="TargetGroupNotFound"):
        ground.elbv2.modify_listener(ListenerArn=ground.listeners[0], DefaultActions=[gone])


def test_a_listener_in_clear_text_has_no_tls_policy(ground: Ground) -> None:
    found = ground.elbv2.describe_listeners(ListenerArns=[ground.listeners[0]])["Listeners"][0]
    assert "SslPolicy" not in found


def test_a_certificate_that_a_balancer_serves_is_not_deleted(ground: Ground, aws: Endpoint) -> None:
    acm = aws.client("acm")
    arn = acm.request_certificate(DomainName="*.hokus.ai")["CertificateArn"]
    listener = ground.elbv2.create_listener(
        LoadBalancerArn=ground.balancers[0],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[SAYS],
    )["Listeners"][0]["ListenerArn"]
    found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert found["InUseBy"] == [ground.balancers[0]]
    with pytest.raises(ClientError, match="ResourceInUseException"):
        acm.delete_certificate(CertificateArn=arn)
    ground.elbv2.delete_listener(ListenerArn=listener)
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"] == []
    acm.delete_certificate(CertificateArn=arn)


def test_a_target_in_a_zone_that_its_balancer_does_not_serve_is_unused(ground: Ground) -> None:
    ground.rule(path("/a"), action={"Type": "forward", "TargetGroupArn": ground.group})
    targets = [{"Id": "10.0.1.5", "Port": 8000}, {"Id": "10.0.3.5", "Port": 8000}]
    ground.elbv2.register_targets(TargetGroupArn=ground.group, Targets=targets)
    try:
        found = ground.elbv2.describe_target_health(TargetGroupArn=ground.group)
        health = {
            one["Target"]["Id"]: one["TargetHealth"] for one in found["TargetHealthDescriptions"]
        }
    finally:
        ground.elbv2.deregister_targets(TargetGroupArn=ground.group, Targets=targets)
    assert health["10.0.1.5"]["State"] == "initial"
    assert health["10.0.3.5"] == {
        "State": "unused",
        "Reason": "Target.NotInUse",
        "Description": "Target is in an Availability Zone that is not enabled for the load "
        "balancer",
    }
