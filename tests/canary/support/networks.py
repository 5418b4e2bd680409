"""A VPC as plain values: two public and two private subnets, a NAT gateway, an ACL each."""

from __future__ import annotations

import msgspec

from canary.control_plane.firewall import Side
from canary.control_plane.state import GroupRule, SecurityGroup
from canary.control_plane.unread import Known
from canary.control_plane.vpc import (
    AclEntry,
    InternetGateway,
    NatGateway,
    Network,
    NetworkAcl,
    Route,
    RouteTable,
    Subnet,
)
from canary.control_plane.way import End

VPC = "vpc-1"
CIDRS = {
    "subnet-public": "10.0.0.0/24",
    "subnet-public-b": "10.0.9.0/24",
    "subnet-private": "10.0.1.0/24",
    "subnet-private-b": "10.0.2.0/24",
}
LOCAL = Route(destination="10.0.0.0/16", target="local", kind="GatewayId")
BY_IGW = Route(destination="0.0.0.0/0", target="igw-1", kind="GatewayId")
BY_NAT = Route(destination="0.0.0.0/0", target="nat-1", kind="NatGatewayId")
replace = msgspec.structs.replace


def entry(
    number: int,
    allows: bool,
    cidr: str = "0.0.0.0/0",
    ports: tuple[int, int] = (-1, -1),
    *,
    egress: bool = False,
    protocol: str = "6",
) -> AclEntry:
    """Return a rule of an ACL, inbound unless told otherwise."""
    return AclEntry(number=number, egress=egress, allows=allows, protocol=protocol, cidr=cidr,
                    from_port=ports[0], to_port=ports[1])  # fmt: skip


DEFAULT = tuple(
    entry(n, n == 100, egress=egress, protocol="-1")
    for n in (100, 32767)
    for egress in (True, False)
)
"""The rules of a VPC's default ACL: all is allowed."""


def healthy() -> Network:
    """Return a VPC in which every way is open."""
    zones = {"subnet-public": "us-east-1a", "subnet-private": "us-east-1a"}
    return Network(
        vpcs=(VPC,),
        subnets=tuple(
            Subnet(id=i, cidr=c, vpc_id=VPC, zone=zones.get(i, "us-east-1b"))
            for i, c in CIDRS.items()
        ),
        acls=tuple(
            NetworkAcl(id=f"acl-{i[7:]}", vpc_id=VPC, entries=DEFAULT,
                       associations={i: f"aclassoc-{i[7:]}"})
            for i in CIDRS
        ),
        route_tables=(
            RouteTable(id="rtb-main", vpc_id=VPC, main=True, routes=(LOCAL, BY_IGW)),
            RouteTable(id="rtb-private", vpc_id=VPC, routes=(LOCAL, BY_NAT),
                       subnets=("subnet-private", "subnet-private-b")),
        ),
        nat_gateways=(NatGateway(id="nat-1", state="available", subnet="subnet-public",
                                 vpc_id=VPC),),
        internet_gateways=(InternetGateway(id="igw-1", vpcs=(VPC,)),),
    )  # fmt: skip


def with_entries(network: Network, acl: str, *more: AclEntry) -> Network:
    """Return a VPC in which an ACL has more rules."""
    return replace(network, acls=tuple(
        replace(a, entries=(*more, *a.entries)) if a.id == acl else a for a in network.acls
    ))  # fmt: skip


def only_entries(network: Network, acl: str, *entries: AclEntry) -> Network:
    """Return a VPC in which an ACL has these rules alone."""
    return replace(network, acls=tuple(
        replace(a, entries=entries) if a.id == acl else a for a in network.acls
    ))  # fmt: skip


def with_routes(network: Network, table: str, *routes: Route) -> Network:
    """Return a VPC in which a route table has these routes alone."""
    return replace(network, route_tables=tuple(
        replace(t, routes=routes) if t.id == table else t for t in network.route_tables
    ))  # fmt: skip


OPEN = SecurityGroup(
    id="sg-open",
    name="open",
    ingress=(GroupRule(protocol="-1", from_port=-1, to_port=-1, cidrs=("0.0.0.0/0",)),),
    egress=(GroupRule(protocol="-1", from_port=-1, to_port=-1, cidrs=("0.0.0.0/0",)),),
)


def end(subnet: str, group: SecurityGroup = OPEN, public: Known = Known.NO) -> End:
    """Return an end in a subnet, anywhere in it."""
    cidr = CIDRS[subnet]
    side = Side(groups=(group,), networks=(cidr,), family=4)
    return End(side=side, network=cidr, subnet=subnet, public=public)
