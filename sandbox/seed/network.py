"""Create the VPC with its subnets, security groups and fixed network interfaces."""

from __future__ import annotations

from typing import Any

import msgspec

from emulator.aws.endpoint import Endpoint
from emulator.network.prefix_lists import seed
from emulator.settings import REGION
from sandbox.world.world import World

ZONES = ("a", "b", "c")
PREFIX_LIST = "pl:"
OF_AWS = "com.amazonaws."


class Vpc(msgspec.Struct, frozen=True, kw_only=True):
    """Identifiers of the network."""

    id: str
    private: list[str]
    public: list[str]
    groups: dict[str, str]  # security group name -> id, and "pl:NAME" -> id of a prefix list


def build(aws: Endpoint, world: World) -> Vpc:
    """Create the network and return its identifiers."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    # moto refuses awsvpc tasks in a VPC without host names, as does Cloud Map's private DNS
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ec2.create_tags(Resources=[vpc], Tags=_named(world, f"{world.label}-vpc-{world.environment}"))
    private = _subnets(ec2, world, vpc, (1, 2, 3))
    public = _subnets(ec2, world, vpc, (101, 102, 103))
    groups = {name: _group(ec2, world, vpc, name) for name in world.groups()}
    for name, blocks in world.prefix_lists.items():
        groups[f"{PREFIX_LIST}{name}"] = _prefix_list(ec2, name, blocks)
    for group, port, source, why in world.edges():
        allow(aws, groups, group, port, source, why)
    found = Vpc(id=vpc, private=private, public=public, groups=groups)
    _interfaces(ec2, world, found)
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
    if source.startswith(PREFIX_LIST):
        return {**base, "PrefixListIds": [{"PrefixListId": groups[source], **note}]}
    if ":" in source:
        return {**base, "Ipv6Ranges": [{"CidrIpv6": source, **note}]}
    if "/" in source:
        return {**base, "IpRanges": [{"CidrIp": source, **note}]}
    return {**base, "UserIdGroupPairs": [{"GroupId": groups[source], **note}]}


def _subnets(ec2: Any, world: World, vpc: str, thirds: tuple[int, int, int]) -> list[str]:
    """Return a subnet 10.0.N.0/24 in each zone; N above 100 is public."""
    found = []
    for third, zone in zip(thirds, ZONES, strict=True):
        subnet = ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.0.{third}.0/24",
            AvailabilityZone=f"{REGION}{zone}",
        )["Subnet"]["SubnetId"]
        kind = "public" if third > 100 else "private"
        name = f"{world.label}-{kind}-{zone}-{world.environment}"
        ec2.create_tags(Resources=[subnet], Tags=_named(world, name))
        found.append(str(subnet))
    return found


def _group(ec2: Any, world: World, vpc: str, name: str) -> str:
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    ec2.create_tags(Resources=[group], Tags=_named(world, name))
    return str(group)


def _prefix_list(ec2: Any, name: str, blocks: list[str]) -> str:
    """Make a managed prefix list, or give one of AWS's the entries of this world."""
    if name.startswith(OF_AWS):
        return seed(name, blocks)
    made = ec2.create_managed_prefix_list(
        PrefixListName=name,
        MaxEntries=max(len(blocks), 5),
        AddressFamily="IPv4",
        Entries=[{"Cidr": block} for block in blocks],
    )
    return str(made["PrefixList"]["PrefixListId"])


def _interfaces(ec2: Any, world: World, vpc: Vpc) -> None:
    """Create the interfaces of AWS's own servers, which give their addresses security groups."""
    cache, database = world.cache, world.database
    fixed = [
        (vpc.private[1], cache.address, cache.group, "ElastiCache redis"),
        (vpc.private[1], database.address, database.group, "RDSNetworkInterface"),
    ]
    for each in world.balancers.values():
        subnets = vpc.public if each.scheme == "internet-facing" else vpc.private
        fixed.append((subnets[0], each.address, each.group, f"ELB app/{each.name}"))
    if world.clients.canary.startswith("10.0."):  # a function in the VPC has an interface
        own = (vpc.private[2], world.clients.canary, world.canary_group)
        fixed.append((*own, "AWS Lambda VPC ENI-canary"))
    for subnet, address, group, description in fixed:
        ec2.create_network_interface(
            SubnetId=subnet,
            PrivateIpAddress=address,
            Groups=[vpc.groups[group]],
            Description=description,
        )


def _named(world: World, name: str) -> list[dict[str, str]]:
    return [{"Key": "Name", "Value": name}, {"Key": "Environment", "Value": world.environment}]
