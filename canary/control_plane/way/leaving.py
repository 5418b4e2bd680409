"""The addresses from which the internet sees what is in private subnets."""

from __future__ import annotations

from collections.abc import Iterable

from canary.control_plane.vpc import Network
from canary.control_plane.way.routes import EVERYWHERE, route_to, table_of


def addresses_out(network: Network | None, subnets: Iterable[str]) -> tuple[str, ...]:
    """Return the public addresses of the NAT gateways by which subnets leave the VPC, in order.

    () where one of them leaves by something else, or was not read: then the addresses are unknown.
    """
    found: set[str] = set()
    for subnet in subnets:
        own = _of(network, subnet) if network else ()
        if not own:
            return ()
        found |= set(own)
    return tuple(sorted(found))


def _of(network: Network, subnet: str) -> tuple[str, ...]:
    table = table_of(network, subnet)
    taken = route_to(network, table, EVERYWHERE[0]) if table else None
    if taken is None or taken.route is None or not taken.sure:
        return ()
    gateways = (g for g in network.nat_gateways if g.id == taken.route.target)
    return next((g.addresses for g in gateways if g.connectivity == "public"), ())
