"""Types of a VPC's own parts as the canary read them: what a packet meets on its way.

They are read after failures only, so a state of a healthy run has none of them. `Network.unread`
names the parts whose reading failed: nothing is known of these. Of a shared subnet, AWS shows
whoever uses it the route table and the ACL, and none of its owner's gateways and endpoints:
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html
"""

from __future__ import annotations

import msgspec

from canary.model import Frozen


class Subnet(Frozen, frozen=True, kw_only=True):
    """A subnet."""

    id: str
    cidr: str
    zone: str = ""
    ipv6_cidrs: tuple[str, ...] = ()
    vpc_id: str = ""
    owner: str = ""  # the account that has it, and perhaps shares it with this one


class AclEntry(Frozen, frozen=True, kw_only=True):
    """One rule of a network ACL; without ports it is about all of them."""

    number: int  # from 32767 on: AWS's own last rule, "*", which denies
    egress: bool
    allows: bool
    protocol: str  # "-1", or a number of IANA: "6" is TCP
    cidr: str  # of IPv4 or of IPv6
    from_port: int = -1
    to_port: int = -1


class NetworkAcl(Frozen, frozen=True, kw_only=True):
    """A network ACL; each subnet has one."""

    id: str
    vpc_id: str = ""
    entries: tuple[AclEntry, ...] = ()
    associations: dict[str, str] = msgspec.field(default_factory=dict)  # subnet -> association


class Route(Frozen, frozen=True, kw_only=True):
    """One route of a table."""

    destination: str  # a CIDR block, or a prefix list's id
    target: str  # "local", "nat-…", "igw-…", "vpce-…", …
    kind: str = ""  # AWS's parameter for the target: "NatGatewayId", "GatewayId", …
    state: str = "active"  # or "blackhole": the target is gone, and AWS drops the packet
    origin: str = ""  # "CreateRouteTable", "CreateRoute", "EnableVgwRoutePropagation", …


class RouteTable(Frozen, frozen=True, kw_only=True):
    """A route table; the main one is that of all subnets without one of their own."""

    id: str
    vpc_id: str = ""
    main: bool = False
    subnets: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()


class NatGateway(Frozen, frozen=True, kw_only=True):
    """A NAT gateway; AWS shows a deleted one for about an hour."""

    id: str
    state: str  # "pending", "available", "failed", "deleting", "deleted"
    subnet: str = ""  # "" of a regional one
    vpc_id: str = ""
    connectivity: str = "public"  # or "private"
    addresses: tuple[str, ...] = ()  # public ones, of IPv4
    failure: str = ""  # AWS's code and words
    deleted_at: str = ""


class Endpoint(Frozen, frozen=True, kw_only=True):
    """A VPC endpoint."""

    id: str
    type: str  # "Interface", "Gateway", "GatewayLoadBalancer", …
    service: str  # "com.amazonaws.us-east-1.ecr.dkr"
    state: str  # in lower case: "available", "pending", "rejected", "deleted", …
    vpc_id: str = ""
    private_dns: bool = False
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()  # ids of its security groups
    route_tables: tuple[str, ...] = ()


class InternetGateway(Frozen, frozen=True, kw_only=True):
    """An internet gateway with the VPC that it is attached to."""

    id: str
    vpcs: tuple[str, ...] = ()


class PrefixList(Frozen, frozen=True, kw_only=True):
    """A managed prefix list with its entries."""

    id: str
    cidrs: tuple[str, ...] = ()


class Network(Frozen, frozen=True, kw_only=True):
    """The parts of the platform's VPCs that a connection meets."""

    vpcs: tuple[str, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    acls: tuple[NetworkAcl, ...] = ()
    route_tables: tuple[RouteTable, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    internet_gateways: tuple[InternetGateway, ...] = ()
    prefix_lists: tuple[PrefixList, ...] = ()  # that a route or a security group names
    unread: tuple[str, ...] = ()


def entries(network: Network | None) -> dict[str, tuple[str, ...]]:
    """Return the entries of the prefix lists that were read, by the list's id."""
    return {p.id: p.cidrs for p in network.prefix_lists} if network else {}
