"""A target in a zone that its load balancer does not serve."""

from __future__ import annotations

from emulator.aws.endpoint import Endpoint
from emulator.ecs import registration
from tests.emulator.support.emulated import aws

__all__ = ["aws"]

WORDS = "Target is in an Availability Zone that is not enabled for the load balancer"


def test_a_target_in_another_zone_is_unused_and_its_task_counts_as_unhealthy(aws: Endpoint) -> None:
    ec2, elbv2 = aws.client("ec2"), aws.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{z}")[
            "Subnet"
        ]["SubnetId"]
        for n, z in ((1, "a"), (2, "b"), (3, "c"))
    ]
    balancer, group = (
        elbv2.create_load_balancer(Name="b", Subnets=subnets[:2])["LoadBalancers"][0],
        elbv2.create_target_group(Name="g", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")[
            "TargetGroups"
        ][0]["TargetGroupArn"],
    )
    elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": f"10.0.{n}.9"} for n in (1, 3)])
    shown = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    health = {one["Target"]["Id"]: one["TargetHealth"] for one in shown}
    assert health["10.0.1.9"]["State"] == "initial"
    assert health["10.0.3.9"] == {
        "State": "unused",
        "Reason": "Target.NotInUse",
        "Description": WORDS,
    }
    assert registration.health(group, "10.0.3.9", 80) == ("unhealthy", WORDS)
    assert registration.health(group, "10.0.1.9", 80)[0] == "initial"
