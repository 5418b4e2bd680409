"""Create another environment in the same account, whose names are the platform's own."""

from __future__ import annotations

from typing import Any

from emulator.aws.endpoint import Endpoint
from emulator.settings import REGION
from sandbox.world.parts import Beside, Service
from sandbox.world.world import World


def build(aws: Endpoint, world: World, beside: Beside) -> None:
    """Create the environment: nothing runs in it, all of it has names that stand twice."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock=beside.block)["Vpc"]["VpcId"]
    for change in ({"EnableDnsSupport": {"Value": True}}, {"EnableDnsHostnames": {"Value": True}}):
        ec2.modify_vpc_attribute(VpcId=vpc, **change)
    subnet = ec2.create_subnet(
        VpcId=vpc,
        CidrBlock=beside.block.replace(".0.0/16", ".1.0/24"),
        AvailabilityZone=f"{REGION}a",
    )["Subnet"]["SubnetId"]
    groups = {name: _group(ec2, vpc, name) for name in world.groups()}
    namespace = _namespace(aws, vpc, beside.namespace)
    aws.client("ecs").create_cluster(clusterName=beside.cluster)
    for service in world.services.values():
        registry = _discovery(aws, namespace, service)
        _service(aws, beside, service, subnet, groups[service.group], registry)


def _group(ec2: Any, vpc: str, name: str) -> str:
    made = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)
    return str(made["GroupId"])


def _namespace(aws: Endpoint, vpc: str, name: str) -> str:
    client = aws.client("servicediscovery")
    client.create_private_dns_namespace(Name=name, Vpc=vpc)
    found = client.list_namespaces()["Namespaces"]
    return str(next(each["Id"] for each in found if each["Name"] == name))


def _discovery(aws: Endpoint, namespace: str, service: Service) -> str:
    made = aws.client("servicediscovery").create_service(
        Name=service.discovery,
        NamespaceId=namespace,
        DnsConfig={"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 10}]},
    )
    return str(made["Service"]["Arn"])


def _service(
    aws: Endpoint, beside: Beside, service: Service, subnet: str, group: str, registry: str
) -> None:
    """Create the service of the same name; it wants no task."""
    aws.client("ecs").create_service(
        cluster=beside.cluster,
        serviceName=service.name,
        taskDefinition=service.name,
        desiredCount=0,
        launchType="FARGATE",
        serviceRegistries=[{"registryArn": registry}],
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}
        },
    )
