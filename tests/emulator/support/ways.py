"""The ways of a VPC: an internet gateway for its public subnets, a NAT for others."""

from __future__ import annotations

from typing import Any

ANYWHERE = "0.0.0.0/0"


def gateway(ec2: Any, vpc: str) -> str:
    """Attach an internet gateway and lead the VPC's main route table to it; return its id."""
    made = str(ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    main = [
        {"Name": "vpc-id", "Values": [vpc]},
        {"Name": "association.main", "Values": ["true"]},
    ]
    (table,) = ec2.describe_route_tables(Filters=main)["RouteTables"]
    ec2.create_route(
        RouteTableId=table["RouteTableId"], DestinationCidrBlock=ANYWHERE, GatewayId=made
    )
    return made


def table(ec2: Any, vpc: str, *subnets: str) -> str:
    """Make a route table of some subnets' own; return its id."""
    made = str(ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])
    for subnet in subnets:
        ec2.associate_route_table(RouteTableId=made, SubnetId=subnet)
    return made


def nat(ec2: Any, public: str, *tables: str) -> str:
    """Make a NAT gateway in a public subnet, to which some route tables lead; return its id."""
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]
    ident = str(made["NatGatewayId"])
    for each in tables:
        ec2.create_route(RouteTableId=each, DestinationCidrBlock=ANYWHERE, NatGatewayId=ident)
    return ident
