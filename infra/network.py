"""The function's place in the platform's VPC: subnets, security group, endpoints."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from canary.deployment.cost import ENDPOINTS, endpoints_dollars, zones
from canary.model import Environment, Network

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
"""The ranges of a VPC's addresses (VPC User Guide, "VPC CIDR blocks")."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """A VPC of the app around the canary, in place of the identifiers in its file."""

    vpc: ec2.IVpc
    subnets: tuple[ec2.ISubnet, ...]


@dataclass(frozen=True, kw_only=True)
class Place:
    """The VPC, the private subnets and the function's own security group."""

    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection
    group: ec2.SecurityGroup


def place(scope: Construct, environment: Environment, given: Given | None = None) -> Place:
    """Make the function's security group, and the endpoints that the file asks for."""
    network = environment.network
    within = given or _imported(scope, network)
    vpc = within.vpc
    group = ec2.SecurityGroup(
        scope,
        "Group",
        vpc=vpc,
        allow_all_outbound=False,
        description=f"Canary of {environment.name}: out to 443 and what its environment names",
    )
    group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS and the public front doors")
    group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(80), "the redirect to 443 is a check")
    for entry in network.allow:
        cidr, _, port = entry.rpartition(":")
        group.add_egress_rule(ec2.Peer.ipv4(cidr), ec2.Port.tcp(int(port)), "environment file")
    if network.create_endpoints:
        _endpoints(scope, vpc, within.subnets, group)
    if network.route_tables:
        _gateway(scope, environment, vpc.vpc_id)
    subnets = ec2.SubnetSelection(subnets=list(within.subnets))
    return Place(vpc=vpc, subnets=subnets, group=group)


def _imported(scope: Construct, network: Network) -> Given:
    """Return the VPC of the file by its identifiers, without look-ups."""
    # no route is made or read here, so the CDK does not need the route tables
    cdk.Annotations.of(scope).acknowledge_warning("@aws-cdk/aws-ec2:noSubnetRouteTableId")
    vpc = ec2.Vpc.from_vpc_attributes(
        scope,
        "Vpc",
        vpc_id=network.vpc_id,
        availability_zones=list(network.availability_zones),
        private_subnet_ids=list(network.subnets),
    )
    return Given(vpc=vpc, subnets=tuple(_subnets(scope, network)))


def _subnets(scope: Construct, network: Network) -> list[ec2.ISubnet]:
    return [
        ec2.Subnet.from_subnet_attributes(
            scope, f"Subnet{number}", subnet_id=subnet, availability_zone=zone
        )
        for number, (subnet, zone) in enumerate(
            zip(network.subnets, network.availability_zones, strict=True)
        )
    ]


def _endpoints(
    scope: Construct, vpc: ec2.IVpc, subnets: tuple[ec2.ISubnet, ...], group: ec2.SecurityGroup
) -> None:
    """Make the interface endpoints, each in one subnet of every zone."""
    one_of_zone = {subnet.availability_zone: subnet for subnet in reversed(subnets)}
    chosen = ec2.SubnetSelection(subnets=[s for s in subnets if s in one_of_zone.values()])
    guard = ec2.SecurityGroup(
        scope,
        "EndpointGroup",
        vpc=vpc,
        allow_all_outbound=False,
        description="Interface endpoints, in from the canary and the VPC",
    )
    guard.add_ingress_rule(group, ec2.Port.tcp(443), "the canary")
    # an endpoint takes over its service's DNS name in the whole VPC: a task that may not use it
    # could no longer read its secrets or write its log after the canary's deployment
    for block in PRIVATE:
        guard.add_ingress_rule(ec2.Peer.ipv4(block), ec2.Port.tcp(443), "whoever is in the VPC")
    for name in ENDPOINTS:
        ec2.InterfaceVpcEndpoint(
            scope,
            f"Endpoint{name.title()}",
            vpc=vpc,
            service=ec2.InterfaceVpcEndpointAwsService(name),
            subnets=chosen,
            security_groups=[guard],
            open=False,
        )


def _gateway(scope: Construct, environment: Environment, vpc_id: str) -> None:
    """Make the gateway endpoint for S3, which is free and belongs to route tables."""
    ec2.CfnVPCEndpoint(
        scope,
        "EndpointS3",
        vpc_id=vpc_id,
        vpc_endpoint_type="Gateway",
        service_name=f"com.amazonaws.{environment.region}.s3",
        route_table_ids=list(environment.network.route_tables),
    )


def egress_note(environment: Environment) -> str:
    """Return one sentence about the function's way out of the VPC and its monthly cost."""
    network = environment.network
    number = len(ENDPOINTS)
    dollars = endpoints_dollars(zones(network))
    if network.create_endpoints:
        s3 = "" if network.route_tables else "; S3 needs a gateway endpoint of the platform"
        return (
            f"{environment.name}: {number} interface endpoints, about {dollars:.0f} $ a month{s3}"
        )
    if network.egress == "endpoints":
        return f"{environment.name}: uses interface endpoints of the platform"
    return (
        f"{environment.name}: uses the VPC's NAT; create_endpoints = true would add "
        f"{number} interface endpoints, about {dollars:.0f} $ a month"
    )
