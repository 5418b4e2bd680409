"""Faults of placement: nothing can be had for a new task."""

from __future__ import annotations

from typing import Any

from emulator.aws.interfaces import ec2
from emulator.ecs.rollouts.placement import CAPACITY, NO_CAPACITY, VCPU_LIMIT
from sandbox.faults.context import FaultContext

SMALL, FIRST, LAST = "10.0.200", 4, 14  # a subnet of 16 addresses, of which AWS keeps five
CROWD = "AWS Lambda VPC ENI-imports"


def capacity_unavailable(context: FaultContext) -> None:
    """Have no capacity for new tasks, and replace MLflow's."""
    _refuse(context, NO_CAPACITY)


def quota_reached(context: FaultContext) -> None:
    """Reach the account's limit of vCPUs, and replace MLflow's task."""
    _refuse(context, VCPU_LIMIT)


def subnet_full(context: FaultContext) -> None:
    """Move MLflow to a small subnet whose addresses others have taken."""
    client, vpc = context.client("ec2"), context.platform.vpc
    small = client.create_subnet(VpcId=vpc.id, CidrBlock=f"{SMALL}.0/28")["Subnet"]["SubnetId"]
    client.associate_route_table(RouteTableId=context.platform.ways.private, SubnetId=small)
    subnet = ec2().get_subnet(small)
    held = [
        ec2().create_network_interface(subnet, f"{SMALL}.{n}", description=CROWD)
        for n in range(FIRST, LAST + 1)
    ]
    context.afterwards(lambda: _remove(context, small, [one.id for one in held]))
    network = _network(context)
    network["awsvpcConfiguration"]["subnets"] = [small]
    _replace(context, networkConfiguration=network)


def _refuse(context: FaultContext, reason: str) -> None:
    CAPACITY.refusal = reason
    context.afterwards(_forget)
    _replace(context)


def _forget() -> None:
    CAPACITY.refusal = ""


def _replace(context: FaultContext, **changes: Any) -> None:
    """Replace MLflow's task by a new one, the old one first: no second one serves."""
    context.deploy_for_good(context.mlflow, context.definition(context.mlflow), **changes)


def _network(context: FaultContext) -> dict[str, Any]:
    found = context.client("ecs").describe_services(
        cluster=context.world.cluster, services=[context.mlflow.name]
    )
    return dict(found["services"][0]["networkConfiguration"])


def _remove(context: FaultContext, subnet: str, interfaces: list[str]) -> None:
    for ident in interfaces:
        ec2().enis.pop(ident, None)
    tables = list(ec2().route_tables.values())
    for table in tables:
        own = dict(table._associations)
        table._associations = {key: held for key, held in own.items() if held != subnet}
    context.client("ec2").delete_subnet(SubnetId=subnet)
