"""Faults of the VPC's routes, gateways, endpoints and network ACLs."""

from __future__ import annotations

from typing import Any

from sandbox.faults.context import FaultContext
from sandbox.seed.ways import ANYWHERE, BLOCK

DENY_NUMBER = 50  # before the default entry 100, which allows everything
TO_SECRETS = "secretsmanager"


def acl_denies_the_database(context: FaultContext) -> None:
    """Deny the database's port in the network ACL of its subnet, as a wrong hardening does."""
    _deny(context, context.world.database.port)


def acl_drops_answers(context: FaultContext) -> None:
    """Give the balancers' subnets an ACL that forgets the ports to which answers come back."""
    ec2, vpc = context.client("ec2"), context.platform.vpc
    made = ec2.create_network_acl(VpcId=vpc.id)["NetworkAcl"]["NetworkAclId"]
    context.afterwards(lambda: ec2.delete_network_acl(NetworkAclId=made))
    serving = [x.port for b in context.world.balancers.values() for x in b.listeners.values()]
    for number, port in enumerate(sorted(set(serving))):
        ports = {"From": port, "To": port}
        _allow(ec2, made, 100 + number, egress=False, Protocol="6", PortRange=ports)
    _allow(ec2, made, 100, egress=True, Protocol="-1")
    for acl in ec2.describe_network_acls()["NetworkAcls"]:
        for each in acl["Associations"]:
            if each["SubnetId"] in vpc.public:
                ec2.replace_network_acl_association(
                    AssociationId=each["NetworkAclAssociationId"], NetworkAclId=made
                )


def route_deleted(context: FaultContext) -> None:
    """Delete the route by which tasks leave the VPC, and deploy MLflow."""
    ways = context.platform.ways
    context.client("ec2").delete_route(
        RouteTableId=ways.private if ways.nat else ways.public, DestinationCidrBlock=ANYWHERE
    )
    _deploy_mlflow(context)


def nat_deleted(context: FaultContext) -> None:
    """Delete the NAT gateway, whose route becomes a black hole, and deploy MLflow."""
    context.client("ec2").delete_nat_gateway(NatGatewayId=context.platform.ways.nat)
    _deploy_mlflow(context)


def endpoint_deleted(context: FaultContext) -> None:
    """Delete the endpoint of Secrets Manager where no NAT is, and deploy MLflow."""
    gone = context.platform.ways.endpoints[TO_SECRETS]
    context.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[gone])
    _deploy_mlflow(context)


def _deploy_mlflow(context: FaultContext) -> None:
    """Replace MLflow's task: what runs needs no image and no secrets any more."""
    context.deploy_for_good(context.mlflow, context.definition(context.mlflow))


def _deny(context: FaultContext, port: int) -> None:
    ec2 = context.client("ec2")
    mine = [{"Name": "vpc-id", "Values": [context.platform.vpc.id]}]
    default = [*mine, {"Name": "default", "Values": ["true"]}]
    (acl,) = ec2.describe_network_acls(Filters=default)["NetworkAcls"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"],
        RuleNumber=DENY_NUMBER,
        Egress=False,
        Protocol="6",
        RuleAction="deny",
        CidrBlock=BLOCK,
        PortRange={"From": port, "To": port},
    )


def _allow(ec2: Any, acl: str, number: int, *, egress: bool, **rule: Any) -> None:
    ec2.create_network_acl_entry(
        NetworkAclId=acl,
        RuleNumber=number,
        Egress=egress,
        RuleAction="allow",
        CidrBlock=ANYWHERE,
        **rule,
    )
