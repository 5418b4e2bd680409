"""Evaluate the way of a TCP connection through VPCs, and name the hop that stops it.

The way out: egress of the source's security groups, the route of its subnet, the ACLs out of that
subnet and into the target's, ingress of the target's groups. The way back: the same ACLs, for the
source's ephemeral ports; security groups are stateful. Within a subnet there is no ACL, and
within a VPC every route table has a local route:
https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from canary.control_plane.firewall import ANYWHERE, Side, lets_in, lets_out
from canary.control_plane.unread import Known
from canary.control_plane.vpc import AclEntry, Network, Route
from canary.control_plane.way.acls import EPHEMERAL, Ports, acl_of, passes
from canary.control_plane.way.routes import route_to, table_of


class Hop(StrEnum):
    """What a packet meets on its way."""

    EGRESS = "egress"
    ROUTE = "route"
    NAT = "nat"
    ENDPOINT = "endpoint"
    ACL = "acl"
    INGRESS = "ingress"


@dataclass(frozen=True, kw_only=True)
class End:
    """One end of a connection: its groups, its network and its subnet.

    `groups_read` False: nothing is known of its security groups. Of an end without a subnet no
    ACL and no route is asked: it is outside of the VPC.
    """

    side: Side
    network: str  # a CIDR block
    subnet: str = ""
    public: Known = Known.UNKNOWN  # whether it has a public address of its own
    groups_read: bool = True


@dataclass(frozen=True, kw_only=True)
class Stop:
    """The hop that stops a connection."""

    hop: Hop
    resource: str  # id of the group, route table, NAT gateway, endpoint or ACL
    says: str  # one line: what AWS describes
    shown: bool = False  # AWS describes the fault itself, and not only that something is missing
    entry: AclEntry | None = None
    route: Route | None = None
    egress: bool = False  # the direction of an ACL's rules


@dataclass(frozen=True, kw_only=True)
class Way:
    """Whether a way is open; the hop that stops it, or what was not read."""

    is_open: Known
    stop: Stop | None = None
    unknown: tuple[str, ...] = ()


Answer = Stop | str
"""A hop that stops the connection, or what is unknown of it; an open hop gives none."""


def way(network: Network, source: End, target: End, port: int) -> Way:
    """Return whether a source reaches a TCP port of a target."""
    answers = list(_hops(network, source, target, port))
    stop = next((a for a in answers if isinstance(a, Stop)), None)
    unknown = tuple(dict.fromkeys(a for a in answers if isinstance(a, str)))
    if stop:
        return Way(is_open=Known.NO, stop=stop, unknown=unknown)
    return Way(is_open=Known.UNKNOWN if unknown else Known.YES, unknown=unknown)


def _hops(network: Network, source: End, target: End, port: int) -> Iterator[Answer]:
    yield from _guard(source, Hop.EGRESS, lets_out(source.side, target.side, port), port)
    if not (source.subnet and source.subnet == target.subnet):
        if source.subnet:
            yield from _route(network, source, target.network, port)
        elif target.subnet:  # the answer must find its way out
            yield from _route(network, target, source.network, port)
        yield from _acls(network, source, target, port)
    yield from _guard(target, Hop.INGRESS, lets_in(target.side, source.side, port), port)


def _guard(end: End, hop: Hop, admits: Known, port: int) -> Iterator[Answer]:
    if not end.groups_read:
        yield f"the security groups of {end.subnet or end.network} were not read"
    elif end.side.groups and admits is Known.NO:
        first = end.side.groups[0]
        yield Stop(hop=hop, resource=first.id, says=f"{first.id} has no {hop} rule for tcp {port}")
    elif end.side.groups and admits is Known.UNKNOWN:
        yield f"{hop} of {end.side.groups[0].id}: a rule admits addresses that are not known"


def _acls(network: Network, source: End, target: End, port: int) -> Iterator[Answer]:
    """Yield what ACLs stop: there on the port, and back on the source's ephemeral ports."""
    there, back = (port, port), EPHEMERAL
    if source.subnet:
        yield from _acl(network, source.subnet, target.network, there, egress=True)
    if target.subnet:
        yield from _acl(network, target.subnet, source.network, there, egress=False)
        yield from _acl(network, target.subnet, source.network, back, egress=True)
    if source.subnet:
        yield from _acl(network, source.subnet, target.network, back, egress=False)


def _acl(
    network: Network, subnet: str, peer: str, ports: Ports, *, egress: bool
) -> Iterator[Answer]:
    acl = acl_of(network, subnet)
    if acl is None:
        yield f"the network ACL of {subnet} was not read"
        return
    found = passes(acl, peer, ports, egress=egress)
    what = f"tcp {_span(ports)} {'to' if egress else 'from'} {peer}"
    if found.passes is Known.NO:
        rule = found.denies
        yield Stop(
            hop=Hop.ACL,
            resource=acl.id,
            says=f"{acl.id} of {subnet} "
            + (f"denies {what} by rule {rule.number}" if rule else f"allows no {what}"),
            shown=rule is not None,
            entry=rule,
            egress=egress,
        )
    elif found.passes is Known.UNKNOWN:
        yield f"{acl.id} allows a part of {what}"


def _span(ports: Ports) -> str:
    return str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"


def _route(network: Network, end: End, destination: str, port: int) -> Iterator[Answer]:
    table = table_of(network, end.subnet)
    if table is None:
        yield f"the route table of {end.subnet} was not read"
        return
    route, sure = route_to(network, table, destination)
    if not sure:
        yield f"{table.id}: a part of {destination} may take another route"
    elif route is None:
        says = f"{table.id} of {end.subnet} has no route to {destination}"
        yield Stop(hop=Hop.ROUTE, resource=table.id, says=says)
    elif route.kind == "NatGatewayId":
        yield from _nat(network, end, route, table.id, destination, port)
    elif route.state == "blackhole":
        yield _blackhole(table.id, route)
    elif route.target.startswith("igw-"):
        yield from _internet(network, end, route, table.id)
    elif route.target.startswith("vpce-"):
        yield from _endpoint(network, route)
    elif route.target != "local" and route.kind != "EgressOnlyInternetGatewayId":
        yield f"what is behind {route.target or 'the target of a route'} is not read"


def _blackhole(table: str, route: Route) -> Stop:
    says = f"{table}: the route to {route.destination} by {route.target} is a blackhole"
    return Stop(hop=Hop.ROUTE, resource=table, says=says, shown=True, route=route)


def _internet(network: Network, end: End, route: Route, table: str) -> Iterator[Answer]:
    if any(g.id == route.target and not g.vpcs for g in network.internet_gateways):
        yield _blackhole(table, route)
        return  # one that is not listed may be the owner's of a shared subnet
    if ":" in route.destination:
        return  # every address of IPv6 is public
    if end.public is Known.NO:
        says = f"{table} leads to {route.target}, and nothing in {end.subnet} has a public address"
        yield Stop(hop=Hop.ROUTE, resource=table, says=says, route=route)
    elif end.public is Known.UNKNOWN:
        yield f"whether {end.network} has a public address is not known"


def _endpoint(network: Network, route: Route) -> Iterator[Answer]:
    found = next((e for e in network.endpoints if e.id == route.target), None)
    if found is None:
        yield f"{route.target} was not read"
    elif found.state != "available":
        says = f"{found.id} ({found.service}) is {found.state}"
        lost = Stop(hop=Hop.ENDPOINT, resource=found.id, says=says, shown=True, route=route)
        yield lost if found.state in _CLOSED else says
    elif found.type != "Gateway":  # a firewall, or another appliance
        yield f"what is behind {found.id} is not read"


_GONE = ("deleting", "deleted", "failed")
_CLOSED = (*_GONE, "rejected", "expired", "pendingacceptance")


def _nat(
    network: Network, end: End, route: Route, table: str, destination: str, port: int
) -> Iterator[Answer]:
    """Yield what stops packets at a NAT gateway, in its subnet, or behind it."""
    found = next((n for n in network.nat_gateways if n.id == route.target), None)
    if route.state == "blackhole" or (found and found.state in _GONE):
        state = found.state if found and found.state in _GONE else "gone"
        why = f": {found.failure}" if found and found.failure else ""
        says = f"{table} leads to {route.target}, which is {state}{why}"
        yield Stop(hop=Hop.NAT, resource=route.target, says=says, shown=True, route=route)
        return
    if found is None:  # it may be the owner's of a shared subnet: that none is listed is no proof
        yield f"{route.target} was not read"
        return
    if found.state != "available":
        yield f"{found.id} is {found.state}"
    if found.connectivity != "public":
        yield f"what is behind the private {found.id} is not read"
    if found.subnet and found.subnet != end.subnet:
        yield from _through(network, end, found.subnet, destination, port)
        nat = replace(end, subnet=found.subnet, public=Known.YES)
        yield from _behind(network, nat, destination, port)


def _through(
    network: Network, end: End, subnet: str, destination: str, port: int
) -> Iterator[Answer]:
    """Yield what the ACL of a NAT gateway's subnet stops, on both of its sides."""
    yield from _acl(network, subnet, end.network, (port, port), egress=False)
    yield from _acl(network, subnet, destination, (port, port), egress=True)
    yield from _acl(network, subnet, destination, EPHEMERAL, egress=False)
    yield from _acl(network, subnet, end.network, EPHEMERAL, egress=True)


def _behind(network: Network, nat: End, destination: str, port: int) -> Iterator[Answer]:
    """Yield what stops packets on the route of a NAT gateway's own subnet."""
    table = table_of(network, nat.subnet)
    again = route_to(network, table, destination).route if table else None
    if again and again.kind == "NatGatewayId":
        yield f"the route of {nat.subnet} leads to a NAT gateway again"
        return
    yield from _route(network, nat, destination, port)


def outside(address: str = ANYWHERE) -> End:
    """Return the internet, or a part of it, as one end of a connection."""
    return End(side=Side(groups=(), networks=(address,), groups_known=False), network=address)
