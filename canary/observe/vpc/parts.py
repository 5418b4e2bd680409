"""Convert AWS's records of a VPC's parts."""

from __future__ import annotations

import ipaddress
from typing import Any

from canary.control_plane.vpc import (
    AclEntry,
    Endpoint,
    InternetGateway,
    NatGateway,
    NetworkAcl,
    Route,
    RouteTable,
)
from canary.observe.calls import strings, when


def acl(raw: dict[str, Any]) -> NetworkAcl:
    """Return a network ACL with its rules and subnets."""
    return NetworkAcl(
        id=str(raw["NetworkAclId"]),
        vpc_id=str(raw.get("VpcId", "")),
        entries=tuple(_entry(e) for e in raw.get("Entries") or []),
        associations={
            str(a["SubnetId"]): str(a.get("NetworkAclAssociationId", ""))
            for a in raw.get("Associations") or []
            if a.get("SubnetId")
        },
    )


def _entry(raw: dict[str, Any]) -> AclEntry:
    ports = raw.get("PortRange") or {}
    return AclEntry(
        number=int(raw["RuleNumber"]),
        egress=bool(raw.get("Egress")),
        allows=str(raw.get("RuleAction", "")).lower() == "allow",
        protocol=str(raw.get("Protocol", "-1")),
        cidr=cidr(str(raw.get("CidrBlock") or raw.get("Ipv6CidrBlock") or "")),
        from_port=int(ports.get("From", -1)),
        to_port=int(ports.get("To", -1)),
    )


def cidr(text: str) -> str:
    """Return a CIDR block without the bits of a host."""
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return text


def route_table(raw: dict[str, Any]) -> RouteTable:
    """Return a route table; subnets that leave it are none of its own."""
    used = [a for a in raw.get("Associations") or [] if _associated(a)]
    return RouteTable(
        id=str(raw["RouteTableId"]),
        vpc_id=str(raw.get("VpcId", "")),
        main=any(a.get("Main") for a in used),
        subnets=strings(a["SubnetId"] for a in used if a.get("SubnetId")),
        routes=tuple(_route(r) for r in raw.get("Routes") or []),
    )


def _associated(raw: dict[str, Any]) -> bool:
    state = (raw.get("AssociationState") or {}).get("State", "associated")
    return state in ("associated", "associating")


# AWS's parameters for the target of a route; the network interface of a NAT instance stands
# beside the instance.
_TARGETS = (
    *("GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId"),
    *("EgressOnlyInternetGatewayId", "LocalGatewayId", "CarrierGatewayId"),
    *("NetworkInterfaceId", "InstanceId", "CoreNetworkArn"),
)
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def _route(raw: dict[str, Any]) -> Route:
    kind = next((k for k in _TARGETS if raw.get(k)), "")
    return Route(
        destination=cidr(next((str(raw[k]) for k in _DESTINATIONS if raw.get(k)), "")),
        target=str(raw.get(kind, "")),
        kind=kind,
        state=str(raw.get("State", "active")),
        origin=str(raw.get("Origin", "")),
    )


def nat(raw: dict[str, Any]) -> NatGateway:
    """Return a NAT gateway."""
    failure = [str(raw[k]) for k in ("FailureCode", "FailureMessage") if raw.get(k)]
    return NatGateway(
        id=str(raw["NatGatewayId"]),
        state=str(raw.get("State", "")),
        subnet=str(raw.get("SubnetId") or ""),
        vpc_id=str(raw.get("VpcId", "")),
        connectivity=str(raw.get("ConnectivityType") or "public"),
        addresses=tuple(
            str(a["PublicIp"]) for a in raw.get("NatGatewayAddresses") or [] if a.get("PublicIp")
        ),
        failure=": ".join(failure)[:300],
        deleted_at=when(raw.get("DeleteTime")),
    )


def endpoint(raw: dict[str, Any]) -> Endpoint:
    """Return a VPC endpoint."""
    return Endpoint(
        id=str(raw["VpcEndpointId"]),
        type=str(raw.get("VpcEndpointType") or "Gateway"),
        service=str(raw.get("ServiceName", "")),
        state=str(raw.get("State", "")).lower(),  # AWS spells it in both ways
        vpc_id=str(raw.get("VpcId", "")),
        private_dns=bool(raw.get("PrivateDnsEnabled")),
        subnets=strings(raw.get("SubnetIds")),
        groups=strings(g.get("GroupId") for g in raw.get("Groups") or []),
        route_tables=strings(raw.get("RouteTableIds")),
    )


def internet_gateway(raw: dict[str, Any]) -> InternetGateway:
    """Return an internet gateway."""
    found = raw.get("Attachments") or []
    vpcs = strings(a["VpcId"] for a in found if a.get("State") in ("available", "attached", None))
    return InternetGateway(id=str(raw["InternetGatewayId"]), vpcs=vpcs)
