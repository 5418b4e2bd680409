"""Create the VPC with its subnets, security groups and fixed network interfaces."""

from __future__ import annotations

from typing import Any

import msgspec

from emulator.aws.endpoint import Endpoint
from emulator.settings import REGION
from sandbox import names

ZONES = ("a", "b", "c")


class Vpc(msgspec.Struct, frozen=True, kw_only=True):
    """Identifiers of the network."""

    id: str
    private: list[str]
    public: list[str]
    groups: dict[str, str]  # security group name -> id


# (group, port, who may come in: another group or a CIDR, why)
EDGES: tuple[tuple[str, int, str, str], ...] = (
    (names.AUTH_BALANCER_GROUP, 80, "0.0.0.0/0", "HTTP from anywhere"),
    (names.AUTH_BALANCER_GROUP, 443, "0.0.0.0/0", "HTTPS from anywhere"),
    (names.REGISTRY_BALANCER_GROUP, 80, "0.0.0.0/0", "HTTP from anywhere"),
    (names.REGISTRY_BALANCER_GROUP, 443, "0.0.0.0/0", "HTTPS from anywhere"),
    (names.AUTH_TASK_GROUP, 8000, names.AUTH_BALANCER_GROUP, "auth balancer to auth"),
    (names.API_TASK_GROUP, 8001, names.REGISTRY_BALANCER_GROUP, "registry balancer to API"),
    (names.MLFLOW_TASK_GROUP, 5000, names.REGISTRY_BALANCER_GROUP, "registry balancer to MLflow"),
    (names.MLFLOW_TASK_GROUP, 5000, names.API_TASK_GROUP, "API to MLflow"),
    (names.REDIS_GROUP, 6379, names.API_TASK_GROUP, "API to Redis"),
    (names.REDIS_GROUP, 6379, names.AUTH_TASK_GROUP, "auth to Redis"),
    (names.DATABASE_GROUP, 5432, names.AUTH_TASK_GROUP, "auth to the database"),
    (names.DATABASE_GROUP, 5432, names.API_TASK_GROUP, "API to the database"),
    (names.DATABASE_GROUP, 5432, names.MLFLOW_TASK_GROUP, "MLflow to the database"),
)
GROUPS = (
    names.AUTH_BALANCER_GROUP,
    names.REGISTRY_BALANCER_GROUP,
    names.AUTH_TASK_GROUP,
    names.API_TASK_GROUP,
    names.MLFLOW_TASK_GROUP,
    names.REDIS_GROUP,
    names.DATABASE_GROUP,
    names.CANARY_GROUP,
)


def build(aws: Endpoint) -> Vpc:
    """Create the network and return its identifiers."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    # moto refuses awsvpc tasks in a VPC without host names, as does Cloud Map's private DNS
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ec2.create_tags(Resources=[vpc], Tags=_named("hokusai-vpc-development"))
    private = _subnets(ec2, vpc, (1, 2, 3))
    public = _subnets(ec2, vpc, (101, 102, 103))
    groups = {name: _group(ec2, vpc, name) for name in GROUPS}
    for group, port, source, why in EDGES:
        allow(aws, groups, group, port, source, why)
    found = Vpc(id=vpc, private=private, public=public, groups=groups)
    _interfaces(ec2, found)
    return found


def allow(
    aws: Endpoint, groups: dict[str, str], group: str, port: int, source: str, why: str
) -> None:
    """Let a source (a group's name or a CIDR) in on one port."""
    aws.client("ec2").authorize_security_group_ingress(
        GroupId=groups[group], IpPermissions=[permission(groups, port, source, why)]
    )


def permission(groups: dict[str, str], port: int, source: str, why: str = "") -> dict[str, Any]:
    """Return one TCP port from one source, as EC2's IpPermissions words it."""
    base: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    note = {"Description": why} if why else {}
    if "/" in source:
        return {**base, "IpRanges": [{"CidrIp": source, **note}]}
    return {**base, "UserIdGroupPairs": [{"GroupId": groups[source], **note}]}


def _subnets(ec2: Any, vpc: str, thirds: tuple[int, int, int]) -> list[str]:
    """Return a subnet 10.0.N.0/24 in each zone; N above 100 is public."""
    found = []
    for third, zone in zip(thirds, ZONES, strict=True):
        subnet = ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.0.{third}.0/24",
            AvailabilityZone=f"{REGION}{zone}",
        )["Subnet"]["SubnetId"]
        kind = "public" if third > 100 else "private"
        ec2.create_tags(Resources=[subnet], Tags=_named(f"hokusai-{kind}-{zone}-development"))
        found.append(str(subnet))
    return found


def _group(ec2: Any, vpc: str, name: str) -> str:
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    ec2.create_tags(Resources=[group], Tags=_named(name))
    return str(group)


def _interfaces(ec2: Any, vpc: Vpc) -> None:
    """Create the interfaces of AWS's own servers, which give their addresses security groups."""
    fixed = (
        (vpc.private[1], names.REDIS_ADDRESS, names.REDIS_GROUP, "ElastiCache redis"),
        (vpc.private[1], names.DATABASE_ADDRESS, names.DATABASE_GROUP, "RDSNetworkInterface"),
        (
            vpc.public[0],
            names.AUTH_BALANCER_ADDRESS,
            names.AUTH_BALANCER_GROUP,
            f"ELB app/{names.AUTH_BALANCER}",
        ),
        (
            vpc.public[0],
            names.REGISTRY_BALANCER_ADDRESS,
            names.REGISTRY_BALANCER_GROUP,
            f"ELB app/{names.REGISTRY_BALANCER}",
        ),
    )
    for subnet, address, group, description in fixed:
        ec2.create_network_interface(
            SubnetId=subnet,
            PrivateIpAddress=address,
            Groups=[vpc.groups[group]],
            Description=description,
        )


def _named(name: str) -> list[dict[str, str]]:
    return [{"Key": "Name", "Value": name}, {"Key": "Environment", "Value": names.ENVIRONMENT}]
