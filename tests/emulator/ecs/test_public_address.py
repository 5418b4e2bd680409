"""A task's public address: it has one where its service assigns it, and shows it."""

from __future__ import annotations

from emulator.aws.endpoint import Endpoint
from emulator.ecs import records
from emulator.ecs.moto_ecs import backend
from emulator.network.sources import public_addresses
from tests.emulator.support.emulated import aws

__all__ = ["aws"]


def test_a_task_has_a_public_address_where_its_service_assigns_one(aws: Endpoint) -> None:
    ec2, ecs = aws.client("ec2"), aws.client("ecs")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    ecs.create_cluster(clusterName="c")
    ecs.register_task_definition(
        family="api",
        networkMode="awsvpc",
        memory="512",
        containerDefinitions=[{"name": "a", "image": "a"}],
    )
    tasks = {}
    for public in ("ENABLED", "DISABLED"):
        place = {"subnets": [subnet], "securityGroups": [group], "assignPublicIp": public}
        ecs.create_service(
            cluster="c",
            serviceName=public,
            taskDefinition="api",
            desiredCount=0,
            networkConfiguration={"awsvpcConfiguration": place},
        )
        service, definition = (
            backend()._get_service("c", public),
            backend().describe_task_definition("api"),
        )
        tasks[public] = str(records.create(service, definition, "d", subnet).address)
    own = tasks["ENABLED"].replace("10.0.", "198.18.", 1)
    assert public_addresses() == {tasks["ENABLED"]: own}
    shown = {
        one["PrivateIpAddress"]: one.get("Association", {}).get("PublicIp")
        for one in ec2.describe_network_interfaces()["NetworkInterfaces"]
    }
    assert shown == {tasks["ENABLED"]: own, tasks["DISABLED"]: None}
