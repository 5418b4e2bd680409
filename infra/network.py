"""The function's place in the platform's VPC: subnets, security group, endpoints."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from canary.deployment.cost import ENDPOINTS, endpoints_dollars, zones
from canary.model import Environment, Network

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
"""What a VPC's addresses are taken from (VPC User Guide, "VPC CIDR blocks")."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The VPC, the private subnets and the function's own security group."""

    vpc: ec2.IVpc
    subnets: ec2.SubnetSelection
    group: ec2.SecurityGroup


def place(scope: Construct, environment: Environment) -> Place:
    """Take the VPC by its identifiers (nothing is looked up) and make the security group."""
    network = environment.network
    # no route is made or read here, so the CDK need not know the route tables
    cdk.Annotations.of(scope).acknowledge_warning("@aws-cdk/aws-ec2:noSubnetRouteTableId")
    vpc = ec2.Vpc.from_vpc_attributes(
        scope,
        "Vpc",
        vpc_id=network.vpc_id,
        availability_zones=list(network.availability_zones),
        private_subnet_ids=list(network.subnets),
    )
    subnets = _subnets(scope, network)
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
        _endpoints(scope, vpc, subnets, group)
    if network.route_tables:
        _gateway(scope, environment)
    return Place(vpc=vpc, subnets=ec2.SubnetSelection(subnets=subnets), group=group)


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
    scope: Construct, vpc: ec2.IVpc, subnets: list[ec2.ISubnet], group: ec2.SecurityGroup
) -> None:
    """Make the interface endpoints; each takes one subnet of a zone and no more."""
    one_of_zone = {subnet.availability_zone: subnet for subnet in reversed(subnets)}
    chosen = ec2.SubnetSelection(subnets=[s for s in subnets if s in one_of_zone.values()])
    door = ec2.SecurityGroup(
        scope,
        "EndpointGroup",
        vpc=vpc,
        allow_all_outbound=False,
        description="Interface endpoints, in from the canary and the VPC",
    )
    door.add_ingress_rule(group, ec2.Port.tcp(443), "the canary")
    # an endpoint takes over its service's name in the whole VPC: whoever is not let in here, a task
    # that reads its secrets or writes its log, would be cut off by the canary's deployment
    for block in PRIVATE:
        door.add_ingress_rule(ec2.Peer.ipv4(block), ec2.Port.tcp(443), "whoever is in the VPC")
    for name in ENDPOINTS:
        ec2.InterfaceVpcEndpoint(
            scope,
            f"Endpoint{name.title()}",
            vpc=vpc,
            service=ec2.InterfaceVpcEndpointAwsService(name),
            subnets=chosen,
            security_groups=[door],
            open=False,
        )


def _gateway(scope: Construct, environment: Environment) -> None:
    """Make S3's gateway endpoint, which costs nothing and stands in route tables."""
    ec2.CfnVPCEndpoint(
        scope,
        "EndpointS3",
        vpc_id=environment.network.vpc_id,
        vpc_endpoint_type="Gateway",
        service_name=f"com.amazonaws.{environment.region}.s3",
        route_table_ids=list(environment.network.route_tables),
    )


def egress_note(environment: Environment) -> str:
    """Return one sentence on the way out and what it costs a month."""
    network = environment.network
    number = len(ENDPOINTS)
    dollars = endpoints_dollars(zones(network))
    if network.create_endpoints:
        s3 = "" if network.route_tables else "; S3 needs a gateway endpoint that is there already"
        return (
            f"{environment.name}: {number} interface endpoints, about {dollars:.0f} $ a month{s3}"
        )
    if network.egress == "endpoints":
        return f"{environment.name}: leaves by interface endpoints that the platform keeps"
    return (
        f"{environment.name}: leaves by the VPC's NAT; create_endpoints = true would add "
        f"{number} interface endpoints, about {dollars:.0f} $ a month"
    )
