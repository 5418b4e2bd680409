"""Small rules of ways: how ports are said, which routes are left, which of two equals wins."""

from __future__ import annotations

import dataclasses

import pytest

from canary.control_plane.state import GroupRule
from canary.control_plane.vpc import Endpoint, Route, RouteTable
from canary.control_plane.way.acls import passes
from canary.control_plane.way.routes import Taken, beside_gateways, route_to
from tests.canary.control_plane.way.test_way import TASK, pull
from tests.canary.support import networks as n

S3 = Route(destination="pl-s3", target="vpce-s3", kind="GatewayId")
DYNAMO = Route(destination="pl-ddb", target="vpce-ddb", kind="GatewayId")


def endpoint(name: str, service: str, kind: str = "Gateway") -> Endpoint:
    return Endpoint(id=name, service=f"com.amazonaws.us-east-1.{service}", type=kind,
                    state="available", vpc_id=n.VPC)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "left"),
    [("", [n.LOCAL]), ("s3", [n.LOCAL, S3]), ("dynamodb", [n.LOCAL, DYNAMO]), ("logs", [n.LOCAL])],
)
def test_only_the_gateway_endpoint_of_the_service_is_a_way(asked: str, left: list[Route]) -> None:
    table = RouteTable(id="rtb", vpc_id=n.VPC, routes=(n.LOCAL, S3, DYNAMO))
    gateways = (endpoint("vpce-s3", "s3"), endpoint("vpce-ddb", "dynamodb"))
    network = n.replace(n.healthy(), route_tables=(table,), endpoints=gateways)
    assert [*beside_gateways(network, asked).route_tables[0].routes] == left
    inner = n.replace(network, endpoints=(endpoint("vpce-s3", "s3", "Interface"),))
    assert [*beside_gateways(inner, asked).route_tables[0].routes] == [n.LOCAL, S3, DYNAMO]


def test_the_first_of_two_routes_of_one_rank_is_taken() -> None:
    one, two = (Route(destination="10.9.0.0/16", target=t, kind="NatGatewayId") for t in "ab")
    table = RouteTable(id="rtb", vpc_id=n.VPC, routes=(one, two))
    assert route_to(n.healthy(), table, "10.9.1.0/24") == Taken(one, sure=True)
    assert Taken(one).sure is True


def test_an_acl_says_one_port_or_a_span() -> None:
    for rule, says in (
        (n.entry(1, False, ports=(443, 443), egress=True), "denies tcp 443 to 0.0.0.0/0"),
        (n.entry(1, False, ports=(1024, 65535)), "denies tcp 1024-65535 from 0.0.0.0/0"),
    ):
        stop = pull(n.with_entries(n.healthy(), "acl-private", rule)).stop
        assert stop is not None and stop.says.endswith(f"{says} by rule 1")


def test_the_first_of_the_rules_that_deny_is_to_blame() -> None:
    low, high = n.entry(5, False, ports=(1024, 4000)), n.entry(7, False, ports=(4001, 65535))
    acl = n.replace(n.healthy().acls[0], entries=(high, low))
    assert passes(acl, "10.0.0.0/24", (1024, 65535), egress=False).denies == low


def test_a_group_that_admits_addresses_that_are_not_known_leaves_the_way_unknown() -> None:
    group = n.replace(TASK.side.groups[0], egress=(GroupRule(
        protocol="tcp", from_port=443, to_port=443, prefix_lists=("pl-unread",)),))  # fmt: skip
    task = dataclasses.replace(TASK, side=dataclasses.replace(TASK.side, groups=(group,)))
    found = pull(n.healthy(), task)
    assert found.stop is None
    assert f"egress of {group.id}: a rule admits addresses that are not known" in found.unknown
