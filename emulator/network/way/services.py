"""Whether an address of the VPC reaches a service of AWS, or the internet.

Sources: the PrivateLink guide, "Access an AWS service using an interface VPC endpoint" (with
private DNS the service's name leads to the endpoint alone) and "Gateway endpoints" (a route of the
subnet's table leads to it).
"""

from __future__ import annotations

from typing import Any

from emulator.aws.interfaces import ec2
from emulator.network import groups
from emulator.network.sources import INTERNET_ADDRESS
from emulator.network.way import way
from emulator.network.way.layout import layout
from emulator.settings import REGION

HTTPS = 443


def to_internet(source: str, port: int = HTTPS, address: str = INTERNET_ADDRESS) -> bool:
    """Return whether groups and way let an address of the VPC out to the internet."""
    mine = groups.owner_groups(source) or []
    return groups.let_out_to_internet(mine, port) and way.out(source, port, address)


def to_service(source: str, service: str) -> bool:
    """Return whether an address reaches a service of AWS, such as `ecr.api`, over HTTPS."""
    subnet = layout().at(source)
    if subnet is None:
        return to_internet(source)
    named = f"com.amazonaws.{REGION}.{service}"
    found = [
        one
        for one in list(ec2().vpc_end_points.values())
        if (one.service_name, one.vpc_id, one.state) == (named, subnet.vpc, "available")
    ]
    private = [one for one in found if _is_interface(one) and one.private_dns_enabled]
    if private:
        return any(_to_interface(source, one) for one in private)
    return any(_to_gateway(source, one) for one in found) or to_internet(source)


def _is_interface(endpoint: Any) -> bool:
    return str(endpoint.vpc_endpoint_type).lower() == "interface"


def _to_interface(source: str, endpoint: Any) -> bool:
    """Return whether an address reaches one of an endpoint's interfaces."""
    mine, theirs = groups.owner_groups(source) or [], guards(endpoint)
    interfaces = [ec2().enis.get(ident) for ident in endpoint.network_interface_ids]
    places = [str(one.private_ip_address) for one in interfaces if one is not None]
    return any(
        groups.permitted(mine, source, theirs, place, HTTPS) and way.between(source, place, HTTPS)
        for place in places
    )


def _to_gateway(source: str, endpoint: Any) -> bool:
    mine, peers = groups.owner_groups(source) or [], way.through(source, endpoint.id, HTTPS)
    return bool(peers) and all(groups.let_out(mine, HTTPS, peer) for peer in peers)


def guards(endpoint: Any) -> list[str]:
    """Return an interface endpoint's security groups; without any it has the VPC's default one."""
    own = list(endpoint.security_group_ids)
    if own:
        return own
    there = list(ec2().groups.get(endpoint.vpc_id, {}).values())
    return [str(group.id) for group in there if group.name == "default"]
