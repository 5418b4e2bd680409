"""The network interface of a load balancer's node.

Source: "Application Load Balancers", "Subnets for your load balancer"; AWS has a node in each
subnet, the emulator one in the first.
"""

from __future__ import annotations

from typing import Any

from emulator.aws.interfaces import ec2, free_address


def address_of(balancer: Any) -> str:
    """Return the VPC address of a balancer's node, or nothing when its interface is gone."""
    return next((str(one.private_ip_address) for one in _interfaces(balancer)), "")


def balancer_at(address: str) -> Any:
    """Return the load balancer whose node has an address, or None."""
    from moto.elbv2.models import elbv2_backends

    from emulator.settings import ACCOUNT, REGION

    balancers = list(elbv2_backends[ACCOUNT][REGION].load_balancers.values())
    return next((one for one in balancers if address_of(one) == address), None)


def attach(balancer: Any) -> None:
    """Make the interface of a new balancer; one that names the balancer already is its own."""
    if balancer.subnets and not _interfaces(balancer):
        subnet = balancer.subnets[0]
        ec2().create_network_interface(
            subnet,
            free_address(subnet.id),
            group_ids=list(balancer.security_groups or []),
            description=f"ELB {balancer.arn.partition(':loadbalancer/')[2]}",
        )


def follow_groups(balancer: Any) -> None:
    """Give the interface the balancer's present security groups."""
    for interface in _interfaces(balancer):
        ec2().modify_network_interface_attribute(interface.id, list(balancer.security_groups))


def detach(balancer: Any) -> None:
    """Remove the interface that was made for a balancer."""
    made = f"ELB {balancer.arn.partition(':loadbalancer/')[2]}"
    for interface in _interfaces(balancer):
        if interface.description == made:
            ec2().delete_network_interface(interface.id)


def _interfaces(balancer: Any) -> list[Any]:
    """Return the interfaces whose description names a balancer: `ELB app/NAME`, `/ID` or not."""
    arn_part = f"ELB {balancer.arn.partition(':loadbalancer/')[2]}"
    wanted = (arn_part, arn_part.rpartition("/")[0])
    return [one for one in list(ec2().enis.values()) if one.description in wanted]
