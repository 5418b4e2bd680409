"""Network interfaces of the emulated EC2 and the free addresses of subnets."""

from __future__ import annotations

import ipaddress
from typing import Any

from emulator.settings import ACCOUNT, REGION

LAMBDA = "AWS Lambda VPC ENI"
# how the descriptions of the interfaces of tasks, caches, databases, balancers, functions begin
OWNERS = ("arn:aws:ecs:", "ElastiCache ", "RDSNetworkInterface", "ELB ", LAMBDA)
FIRST_HOST, LAST_HOST = 20, 240  # of a subnet with 256 addresses or more
FIRST_HOST_OF_A_SMALL_SUBNET = 4  # AWS keeps the first four addresses of each subnet
_last_host: dict[str, int] = {}


def ec2() -> Any:
    """Return moto's EC2 of the emulator's account and region."""
    from moto.ec2.models import ec2_backends

    return ec2_backends[ACCOUNT][REGION]


def owner(address: str) -> Any:
    """Return the interface that has an address, or None.

    An interface that is attached to nothing counts for none, as on AWS; its description, which
    AWS writes, says what it is attached to.
    """
    for interface in list(ec2().enis.values()):
        if interface.private_ip_address == address:
            return interface if str(interface.description or "").startswith(OWNERS) else None
    return None


def free_address(subnet_id: str) -> str:
    """Return the next address of a subnet that was not in use lately."""
    subnet, first, last = _hosts(subnet_id)
    taken = _taken()
    host = _last_host.get(str(subnet), first - 1)
    for _ in range(last - first + 1):
        host = first if host >= last else host + 1
        if str(subnet[host]) not in taken:
            _last_host[str(subnet)] = host
            return str(subnet[host])
    raise RuntimeError(f"no address left in {subnet}")


def has_address(subnet_id: str) -> bool:
    """Return whether an address of a subnet is free."""
    subnet, first, last = _hosts(subnet_id)
    taken = _taken()
    return any(str(subnet[host]) not in taken for host in range(first, last + 1))


def _hosts(subnet_id: str) -> tuple[Any, int, int]:
    """Return the block of a subnet, and the first and last host that is given away."""
    subnet = ipaddress.ip_network(str(ec2().get_subnet(subnet_id).cidr_block))
    small = subnet.num_addresses < 256
    first = FIRST_HOST_OF_A_SMALL_SUBNET if small else FIRST_HOST
    return subnet, first, min(LAST_HOST, subnet.num_addresses - 2)


def _taken() -> set[Any]:
    return {interface.private_ip_address for interface in list(ec2().enis.values())}
