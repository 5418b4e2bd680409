"""Read what a connection meets in the platform's VPCs: ACLs, routes, gateways and endpoints.

It is read after failures only. All calls are free, and EC2 takes at least 20 of each a second
from an account (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar

import msgspec

from canary.control_plane.state import PlatformState
from canary.control_plane.vpc import (
    Endpoint,
    InternetGateway,
    NatGateway,
    Network,
    NetworkAcl,
    PrefixList,
    RouteTable,
    Subnet,
)
from canary.observe.calls import Permission, Reader, strings
from canary.observe.groups import subnets_by
from canary.observe.reading.deadline import Deadline
from canary.observe.threads import begin
from canary.observe.vpc import parts

T = TypeVar("T")

# EC2's Describe* actions take no resource (Service Authorization Reference, Amazon EC2). Of a
# prefix list that AWS manages, the account in the ARN is "aws".
ACTIONS = (
    Permission(action="ec2:DescribeSubnets"),
    Permission(action="ec2:DescribeNetworkAcls"),
    Permission(action="ec2:DescribeRouteTables"),
    Permission(action="ec2:DescribeNatGateways"),
    Permission(action="ec2:DescribeVpcEndpoints"),
    Permission(action="ec2:DescribeInternetGateways"),
    Permission(
        action="ec2:GetManagedPrefixListEntries",
        resource="arn:aws:ec2:{region}:*:prefix-list/*",
    ),
)
MAX_LISTS = 10
_LISTS = "ec2:GetManagedPrefixListEntries"
_TABLES = "route_tables"


def read(reader: Reader, state: PlatformState, deadline: Deadline) -> Network | None:
    """Return the VPCs of the balancers and subnets that were read, None where none is known.

    A part that is not read by the deadline is unread.
    """
    vpcs = vpcs_of(reader, state)
    if not vpcs:
        return None
    begun = {
        name: (action, begin(reading, reader, vpcs)) for name, (action, reading) in _PARTS.items()
    }
    tables = _within(reader, *begun[_TABLES], deadline)
    lists = _begin_lists(reader, _named(state, tables or ()))  # beside what is still read
    found = {n: _within(reader, *part, deadline) for n, part in begun.items() if n != _TABLES}
    found |= {_TABLES: tables, "prefix_lists": _prefix_lists(reader, lists, deadline)}
    unread = tuple(sorted(name for name, part in found.items() if part is None))
    read_parts = {name: part or () for name, part in found.items()}
    return msgspec.structs.replace(Network(vpcs=tuple(sorted(vpcs)), unread=unread), **read_parts)


def vpcs_of(reader: Reader, state: PlatformState) -> set[str]:
    """Return the VPCs of the environment file, the balancers and the subnets."""
    own = reader.environment.network.vpc_id
    known = {b.vpc_id for b in state.load_balancers} | {s.vpc_id for s in state.subnets}
    return {v for v in {own, *known} if v.startswith("vpc-")}


def _within(
    reader: Reader, action: str, part: Future[T], deadline: Deadline, resource: str = "*"
) -> T | None:
    """Return a reading that ends in time, else None and a note in `unavailable`."""
    try:
        return deadline.result(part)
    except TimeoutError:
        deadline.note(reader, (Permission(action=action),), resource)
    except Exception as error:  # noqa: BLE001 - what is odd in one answer costs its own part alone
        reader.note(action, resource, f"ReaderFailed: {type(error).__name__}", error)
    return None


def _items(
    reader: Reader, action: str, key: str, by: str, vpcs: set[str], name: str = "Filters"
) -> list[dict[str, Any]] | None:
    given: dict[str, Any] = {name: [{"Name": by, "Values": sorted(vpcs)}]}
    return reader.pages(action, key, **given)


def _subnets(reader: Reader, vpcs: set[str]) -> tuple[Subnet, ...] | None:
    return subnets_by(reader, "vpc-id", vpcs)


def _acls(reader: Reader, vpcs: set[str]) -> tuple[NetworkAcl, ...] | None:
    raw = _items(reader, "ec2:DescribeNetworkAcls", "NetworkAcls", "vpc-id", vpcs)
    return _each(parts.acl, raw)


def _route_tables(reader: Reader, vpcs: set[str]) -> tuple[RouteTable, ...] | None:
    raw = _items(reader, "ec2:DescribeRouteTables", "RouteTables", "vpc-id", vpcs)
    return _each(parts.route_table, raw)


def _nat_gateways(reader: Reader, vpcs: set[str]) -> tuple[NatGateway, ...] | None:
    action = "ec2:DescribeNatGateways"
    return _each(parts.nat, _items(reader, action, "NatGateways", "vpc-id", vpcs, "Filter"))


def _endpoints(reader: Reader, vpcs: set[str]) -> tuple[Endpoint, ...] | None:
    raw = _items(reader, "ec2:DescribeVpcEndpoints", "VpcEndpoints", "vpc-id", vpcs)
    return _each(parts.endpoint, raw)


def _internet_gateways(reader: Reader, vpcs: set[str]) -> tuple[InternetGateway, ...] | None:
    action, by = "ec2:DescribeInternetGateways", "attachment.vpc-id"
    return _each(parts.internet_gateway, _items(reader, action, "InternetGateways", by, vpcs))


def _each(
    convert: Callable[[dict[str, Any]], T], raw: Iterable[dict[str, Any]] | None
) -> tuple[T, ...] | None:
    return None if raw is None else tuple(convert(one) for one in raw)


_PARTS: dict[str, tuple[str, Callable[[Reader, set[str]], Any]]] = {
    "subnets": ("ec2:DescribeSubnets", _subnets),
    "acls": ("ec2:DescribeNetworkAcls", _acls),
    _TABLES: ("ec2:DescribeRouteTables", _route_tables),
    "nat_gateways": ("ec2:DescribeNatGateways", _nat_gateways),
    "endpoints": ("ec2:DescribeVpcEndpoints", _endpoints),
    "internet_gateways": ("ec2:DescribeInternetGateways", _internet_gateways),
}


def _named(state: PlatformState, tables: Iterable[RouteTable]) -> list[str]:
    """Return the prefix lists that security groups and routes name."""
    found = {p for g in state.security_groups for r in g.ingress + g.egress for p in r.prefix_lists}
    routes = {r.destination for t in tables for r in t.routes}
    return sorted(found | {d for d in routes if d.startswith("pl-")})


def _begin_lists(reader: Reader, wanted: list[str]) -> dict[str, Future[tuple[str, ...] | None]]:
    if len(wanted) > MAX_LISTS:
        reader.bounded(_LISTS, "*", MAX_LISTS, "prefix lists")
    return {i: begin(_entries, reader, i) for i in wanted[:MAX_LISTS]}


def _prefix_lists(
    reader: Reader, begun: dict[str, Future[tuple[str, ...] | None]], deadline: Deadline
) -> tuple[PrefixList, ...]:
    """Return the lists that were read; one that is not among them is unknown."""
    found = {i: _within(reader, _LISTS, part, deadline, i) for i, part in begun.items()}
    return tuple(PrefixList(id=i, cidrs=cidrs) for i, cidrs in found.items() if cidrs is not None)


def _entries(reader: Reader, ident: str) -> tuple[str, ...] | None:
    raw = reader.pages(_LISTS, "Entries", ident, PrefixListId=ident)
    return None if raw is None else strings(parts.cidr(str(e["Cidr"])) for e in raw)
