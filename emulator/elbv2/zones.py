"""Availability Zones of load balancers and of their targets.

Source: "Target health status": a target in a zone that its load balancer has not enabled is unused.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from emulator.settings import ACCOUNT, REGION


def disabled(address: str, balancers: list[Any]) -> bool:
    """Return whether an address lies in a zone that none of some balancers has enabled.

    Without a subnet for the address, or for the balancers, the answer is False.
    """
    zone = _zone_of(address)
    enabled = {subnet.availability_zone for one in balancers for subnet in list(one.subnets)}
    return bool(zone and enabled) and zone not in enabled


def _zone_of(address: str) -> str:
    from moto.ec2.models import ec2_backends

    try:
        place = ipaddress.ip_address(address)
    except ValueError:  # an instance's id, say
        return ""
    for by_zone in list(ec2_backends[ACCOUNT][REGION].subnets.values()):
        for subnet in list(by_zone.values()):
            if place in ipaddress.ip_network(subnet.cidr_block):
                return str(subnet.availability_zone)
    return ""
