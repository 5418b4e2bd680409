"""Create the ways of the VPC: its gateways, route tables and endpoints.

Source: the VPC guide, "Example: VPC with servers in private subnets and NAT". The VPC's own network
ACL, which lets everything through, stays with every subnet.
"""

from __future__ import annotations

from typing import Any

import msgspec

from emulator.aws.endpoint import Endpoint
from emulator.settings import REGION
from sandbox.seed.network import Vpc
from sandbox.world.world import World

ANYWHERE, BLOCK = "0.0.0.0/0", "10.0.0.0/16"
BY_ROUTE = ("s3", "dynamodb")  # services with endpoints that a route leads to
HTTPS = 443


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """Identifiers of the ways; an empty text is one that the world has not."""

    gateway: str
    nat: str
    public: str  # route tables
    private: str
    endpoints: dict[str, str]  # service -> id


def build(aws: Endpoint, world: World, vpc: Vpc) -> Ways:
    """Create the ways that a world has."""
    ec2 = aws.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)
    public = _table(ec2, world, vpc.id, "public", vpc.public)
    ec2.create_route(RouteTableId=public, DestinationCidrBlock=ANYWHERE, GatewayId=gateway)
    private = _table(ec2, world, vpc.id, "private", vpc.private)
    nat = _nat(ec2, world, vpc, private) if world.ways.nat else ""
    endpoints = _endpoints(ec2, world, vpc, private) if world.ways.endpoints else {}
    return Ways(gateway=gateway, nat=nat, public=public, private=private, endpoints=endpoints)


def _table(ec2: Any, world: World, vpc: str, kind: str, subnets: list[str]) -> str:
    made = str(ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])
    for subnet in subnets:
        ec2.associate_route_table(RouteTableId=made, SubnetId=subnet)
    _name(ec2, world, made, kind)
    return made


def _nat(ec2: Any, world: World, vpc: Vpc, table: str) -> str:
    """Make the NAT with the address by which balancers see the tasks."""
    address = ec2.allocate_address(Domain="vpc", Address=world.clients.nat)["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=vpc.public[0], AllocationId=address)
    ident = str(made["NatGateway"]["NatGatewayId"])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, NatGatewayId=ident)
    _name(ec2, world, ident, "nat")
    return ident


def _endpoints(ec2: Any, world: World, vpc: Vpc, table: str) -> dict[str, str]:
    interface = {"VpcEndpointType": "Interface", "PrivateDnsEnabled": True}
    if any(service not in BY_ROUTE for service in world.ways.endpoints):
        interface |= {"SubnetIds": vpc.private[:2], "SecurityGroupIds": [_guard(ec2, world, vpc)]}
    by_route = {"VpcEndpointType": "Gateway", "RouteTableIds": [table]}
    found = {}
    for service in world.ways.endpoints:
        made = ec2.create_vpc_endpoint(
            VpcId=vpc.id,
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            **(by_route if service in BY_ROUTE else interface),
        )
        found[service] = str(made["VpcEndpoint"]["VpcEndpointId"])
        _name(ec2, world, found[service], service.replace(".", "-"))
    return found


def _guard(ec2: Any, world: World, vpc: Vpc) -> str:
    """Make the group of the interface endpoints, which admits the whole VPC."""
    name = f"{world.label}-endpoints-{world.environment}"
    made = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc.id)["GroupId"]
    all_of_it = [{"CidrIp": BLOCK, "Description": "endpoints for the VPC"}]
    rule = {"IpProtocol": "tcp", "FromPort": HTTPS, "ToPort": HTTPS, "IpRanges": all_of_it}
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[rule])
    return str(made)


def _name(ec2: Any, world: World, ident: str, what: str) -> None:
    name = f"{world.label}-{what}-{world.environment}"
    tags = [{"Key": "Name", "Value": name}, {"Key": "Environment", "Value": world.environment}]
    ec2.create_tags(Resources=[ident], Tags=tags)
