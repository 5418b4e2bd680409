"""The subnets of the emulated EC2 with their routes and network ACLs.

They are read once after each change through the API.

Source: the VPC guide, "Subnet route tables": a subnet without a table of its own has the VPC's main
one. EC2 gives each subnet a network ACL.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from emulator.aws.changes import CHANGES
from emulator.aws.interfaces import ec2
from emulator.network.way.acls import ALL, TCP, Entry, Ports

LOCAL, INTERNET, NAT, ENDPOINT, NOWHERE = "local", "internet", "nat", "endpoint", "nowhere"
EVERY_PORT: Ports = (0, 65535)
ANYWHERE = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class Route:
    """Where a block leads: a kind above, and the subnet of a NAT or the id of an endpoint."""

    cidr: IPv4Network
    kind: str
    place: str = ""


@dataclass(frozen=True)
class Subnet:
    """A subnet; its routes have the longest prefix first, its ACL's entries their order."""

    id: str
    vpc: str
    cidr: IPv4Network
    routes: tuple[Route, ...]
    entries: tuple[Entry, ...]

    def route(self, address: IPv4Address) -> Route:
        """Return the route that an address takes; without one it leads nowhere."""
        found = (each for each in self.routes if address in each.cidr)
        return next(found, Route(ANYWHERE, NOWHERE))


class Layout:
    """All subnets, by address and by id."""

    def __init__(self, subnets: tuple[Subnet, ...]) -> None:
        self._subnets = subnets
        self.by_id = {each.id: each for each in subnets}
        self._found: dict[str, Subnet | None] = {}

    def at(self, address: str) -> Subnet | None:
        """Return the subnet of the emulator's network that holds an address, or None."""
        if address not in self._found:
            place = IPv4Address(address)
            holding = (each for each in self._subnets if place in each.cidr)
            self._found[address] = next(holding, None)
        return self._found[address]


_last: tuple[int, Any, Layout] | None = None


def layout() -> Layout:
    """Return the layout as it is since the last change through the AWS API.

    A reset of moto replaces its dictionaries, which is a change that no call of the API makes.
    """
    global _last
    number, held = CHANGES.number, ec2().subnets
    last = _last
    if last is None or last[0] != number or last[1] is not held:
        last = _last = (number, held, _read())
    return last[2]


def _read() -> Layout:
    tables, acls = list(ec2().route_tables.values()), list(ec2().network_acls.values())
    own = {subnet: one for one in tables for subnet in list(one._associations.values())}
    main = {one.vpc_id: one for one in tables if one.main_association_id}
    guard = {each.subnet_id: acl for acl in acls for each in list(acl._associations.values())}
    subnets = [one for by_id in list(ec2().subnets.values()) for one in list(by_id.values())]
    return Layout(tuple(_subnet(one, own, main, guard) for one in subnets))


def _subnet(found: Any, own: dict[str, Any], main: dict[str, Any], guard: dict[str, Any]) -> Subnet:
    table, acl = own.get(found.id) or main.get(found.vpc_id), guard.get(found.id)
    return Subnet(
        id=str(found.id),
        vpc=str(found.vpc_id),
        cidr=IPv4Network(str(found.cidr_block)),
        routes=() if table is None else _routes(table),
        entries=() if acl is None else _entries(acl),
    )


def _routes(table: Any) -> tuple[Route, ...]:
    found = [route for one in list(table._routes.values()) for route in _of(one)]
    return tuple(sorted(found, key=lambda route: -route.cidr.prefixlen))


def _of(route: Any) -> list[Route]:
    """Return a route once for each of its blocks; one of IPv6 has none."""
    from emulator.network import prefix_lists

    kind, place = _target(route)
    listed = route.destination_prefix_list_id
    blocks = prefix_lists.cidrs(listed) if listed else [route.destination_cidr_block]
    return [Route(IPv4Network(each), kind, place) for each in blocks if each and ":" not in each]


def _target(route: Any) -> tuple[str, str]:
    """Return where a route leads: what AWS shows as a black hole, or is not emulated: nowhere."""
    if route.local:
        return LOCAL, ""
    if route.state != "active":
        return NOWHERE, ""
    if route.nat_gateway:
        return NAT, str(route.nat_gateway.subnet_id)
    gateway = str(route.gateway_id or "")
    if gateway.startswith("vpce-"):
        return ENDPOINT, gateway
    return (INTERNET, "") if gateway.startswith("igw-") else (NOWHERE, "")


def _entries(acl: Any) -> tuple[Entry, ...]:
    found = [_entry(each) for each in list(acl.network_acl_entries) if _is_tcp(each)]
    return tuple(sorted(found, key=lambda entry: entry.number))


def _is_tcp(entry: Any) -> bool:
    return str(entry.protocol).lower() in (ALL, *TCP)


def _entry(entry: Any) -> Entry:
    given = entry.port_range or {}
    every = str(entry.protocol) == ALL or not given
    return Entry(
        number=int(entry.rule_number),
        allow=entry.rule_action == "allow",
        egress=entry.egress in (True, "true"),
        cidr=IPv4Network(entry.cidr_block, strict=False) if entry.cidr_block else None,
        ports=EVERY_PORT if every else (int(given["From"]), int(given["To"])),
    )
