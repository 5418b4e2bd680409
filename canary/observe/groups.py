"""Read the security groups and subnets of load balancers, tasks and dependencies."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import EcsService, GroupRule, LoadBalancer, SecurityGroup
from canary.control_plane.vpc import Subnet
from canary.observe.calls import Permission, Reader, plain, strings

# EC2's Describe* actions take no resource (Service Authorization Reference, Amazon EC2).
ACTIONS = (
    Permission(action="ec2:DescribeSecurityGroups"),
    Permission(action="ec2:DescribeSubnets"),
)


def read(
    reader: Reader, balancers: tuple[LoadBalancer, ...], services: tuple[EcsService, ...]
) -> tuple[SecurityGroup, ...]:
    """Return the security groups of load balancers, services and dependencies."""
    ids = {g for b in balancers for g in b.security_groups}
    ids |= {g for s in services for g in s.security_groups}
    names = {s.security_group for s in reader.environment.services.values() if s.security_group}
    found = by(reader, "group-id", ids) + by(reader, "group-name", names)
    return tuple({g.id: g for g in found}.values())


def by(reader: Reader, key: str, values: set[str]) -> list[SecurityGroup]:
    """Return the security groups that have one of these values; what is unread is noted."""
    if not values:
        return []
    filters = [{"Name": key, "Values": sorted(values)}]
    raw = reader.pages("ec2:DescribeSecurityGroups", "SecurityGroups", Filters=filters)
    if raw is None:
        reader.miss("security_groups")
    return [_group(g) for g in raw or ()]


def _group(raw: dict[str, Any]) -> SecurityGroup:
    return SecurityGroup(
        id=str(raw["GroupId"]),
        name=str(raw.get("GroupName", "")),
        vpc_id=str(raw.get("VpcId", "")),
        owner=str(raw.get("OwnerId") or ""),
        ingress=tuple(_rule(p) for p in raw.get("IpPermissions") or []),
        egress=tuple(_rule(p) for p in raw.get("IpPermissionsEgress") or []),
    )


def _rule(raw: dict[str, Any]) -> GroupRule:
    everything = str(raw.get("IpProtocol", "-1")) == "-1"
    return GroupRule(
        protocol=str(raw.get("IpProtocol", "-1")),
        from_port=-1 if everything else int(raw.get("FromPort", -1)),
        to_port=-1 if everything else int(raw.get("ToPort", -1)),
        cidrs=strings(r.get("CidrIp") for r in raw.get("IpRanges") or [] if r.get("CidrIp")),
        groups=strings(p.get("GroupId") for p in raw.get("UserIdGroupPairs") or []),
        ipv6_cidrs=strings(r.get("CidrIpv6") for r in raw.get("Ipv6Ranges") or []),
        prefix_lists=strings(p.get("PrefixListId") for p in raw.get("PrefixListIds") or []),
        config=plain(raw),
    )


def subnets(
    reader: Reader, balancers: tuple[LoadBalancer, ...], services: tuple[EcsService, ...]
) -> tuple[Subnet, ...]:
    """Return the subnets of load balancers and services, for group rules by address."""
    ids = {s for b in balancers for s in b.subnets} | {n for s in services for n in s.subnets}
    if not ids:
        return ()
    found = subnets_by(reader, "subnet-id", ids)
    if found is None:
        reader.miss("subnets")
    return found or ()


def subnets_by(reader: Reader, key: str, values: set[str]) -> tuple[Subnet, ...] | None:
    """Return the subnets that have one of these values, None if they could not be read."""
    filters = [{"Name": key, "Values": sorted(values)}]
    raw = reader.pages("ec2:DescribeSubnets", "Subnets", Filters=filters)
    return None if raw is None else tuple(map(_subnet, raw))


def _subnet(raw: dict[str, Any]) -> Subnet:
    return Subnet(
        id=str(raw["SubnetId"]),
        cidr=str(raw.get("CidrBlock", "")),
        zone=str(raw.get("AvailabilityZone", "")),
        ipv6_cidrs=_ipv6(raw),
        vpc_id=str(raw.get("VpcId", "")),
        owner=str(raw.get("OwnerId", "")),
    )


def _ipv6(subnet: dict[str, Any]) -> tuple[str, ...]:
    found = subnet.get("Ipv6CidrBlockAssociationSet") or []
    return strings(b["Ipv6CidrBlock"] for b in found if b.get("Ipv6CidrBlock"))
