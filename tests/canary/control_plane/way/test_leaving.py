"""The public addresses by which private subnets are seen from outside."""

from __future__ import annotations

import pytest

from canary.control_plane.vpc import Network, Route
from canary.control_plane.way.leaving import addresses_out
from tests.canary.support import networks as n

PRIVATE, BESIDE = "subnet-private", "subnet-private-b"
BY_TRANSIT = Route(destination="0.0.0.0/0", target="tgw-1", kind="TransitGatewayId")


def network(*addresses: str, connectivity: str = "public") -> Network:
    known = n.healthy()
    gateways = tuple(
        n.replace(g, addresses=addresses, connectivity=connectivity) for g in known.nat_gateways
    )
    return n.replace(known, nat_gateways=gateways)


def test_subnets_leave_by_the_addresses_of_their_nat_gateway() -> None:
    assert addresses_out(network("198.51.100.7"), (PRIVATE, BESIDE)) == ("198.51.100.7",)
    assert addresses_out(network("b", "a"), (PRIVATE,)) == ("a", "b")


@pytest.mark.parametrize(
    ("known", "subnets"),
    [
        (None, (PRIVATE,)),
        (network(), (PRIVATE,)),
        (network("a", connectivity="private"), (PRIVATE,)),
        (network("a"), ("subnet-public",)),
        (network("a"), (PRIVATE, "subnet-public")),
        (network("a"), ("subnet-of-nobody",)),
        (n.replace(network("a"), route_tables=()), (PRIVATE,)),
        (n.with_routes(network("a"), "rtb-private", n.LOCAL), (PRIVATE,)),
        (n.with_routes(network("a"), "rtb-private", n.LOCAL, BY_TRANSIT), (PRIVATE,)),
        (network("a"), ()),
    ],
)
def test_else_the_addresses_are_unknown(known: Network | None, subnets: tuple[str, ...]) -> None:
    assert addresses_out(known, subnets) == ()
