"""Find the route that a packet takes: the longest prefix wins.

Of one length, a static route wins over that of a prefix list, and this over a propagated one. The
local route wins over a propagated one of any length:
https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
https://docs.aws.amazon.com/vpn/latest/s2svpn/vpn-route-priority.html
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from canary.control_plane.vpc import Network, Route, RouteTable
from canary.control_plane.way.spans import span

EVERYWHERE = ("0.0.0.0/0", "::/0")
PROPAGATED = "EnableVgwRoutePropagation"
"""The origin of a route that a virtual private gateway made."""


class Taken(NamedTuple):
    """The route to a destination; not sure where a part may go another way."""

    route: Route | None
    sure: bool = True


def table_of(network: Network, subnet: str) -> RouteTable | None:
    """Return a subnet's own route table, else the main one of its VPC, None where unknown."""
    own = next((t for t in network.route_tables if subnet in t.subnets), None)
    if own:
        return own
    vpc = next((s.vpc_id for s in network.subnets if s.id == subnet), "")
    return next((t for t in network.route_tables if vpc and t.main and t.vpc_id == vpc), None)


def beside_gateways(network: Network, asked: str = "") -> Network:
    """Return the network as it is for a place that no gateway endpoint serves but that of `asked`.

    The route of such an endpoint leads to its own service alone, S3 or DynamoDB:
    https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
    """
    others = {
        e.id
        for e in network.endpoints
        if e.type == "Gateway" and not (asked and e.service.endswith(f".{asked}"))
    }
    tables = tuple(
        msgspec.structs.replace(t, routes=tuple(r for r in t.routes if r.target not in others))
        for t in network.route_tables
    )
    return msgspec.structs.replace(network, route_tables=tables)


def route_to(network: Network, table: RouteTable, destination: str) -> Taken:
    """Return the route that all addresses of a destination take, a CIDR block.

    Of "0.0.0.0/0" and "::/0" a part always has a more specific route, the VPC itself at least:
    they mean some address of the internet, for which the default route decides.
    """
    wanted = span(destination)
    found: list[tuple[int, int, Route]] = []
    narrower, unknown = wanted is None, False
    own = [b for r in table.routes if r.target == "local" and (b := span(r.destination))]
    for route in table.routes:
        cidrs = _cidrs(network, route.destination)
        unknown |= cidrs is None
        for block in map(span, cidrs or ()):
            if block and route.origin == PROPAGATED and any(block.within(o) for o in own):
                continue
            if block and wanted and wanted.within(block):
                found.append((block.first - block.last, _rank(route), route))
            elif block and wanted and block.within(wanted):
                narrower |= route.target != "local"
    best = max(found, key=lambda f: f[:2], default=None)
    if best is None:
        return Taken(None, sure=not (narrower or unknown))
    return Taken(best[2], sure=not unknown and (destination in EVERYWHERE or not narrower))


def _rank(route: Route) -> int:
    if route.origin == PROPAGATED:
        return 0
    return 1 if route.destination.startswith("pl-") else 2


def _cidrs(network: Network, destination: str) -> tuple[str, ...] | None:
    if not destination.startswith("pl-"):
        return (destination,)
    return next((p.cidrs for p in network.prefix_lists if p.id == destination), None)
