"""What a connection meets in a VPC: each part is read as AWS describes it, or is unread."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import Any

import pytest

from canary.control_plane.state import PlatformState
from canary.control_plane.vpc import (
    AclEntry,
    Network,
    NetworkAcl,
    Route,
    RouteTable,
)
from canary.model import Environment
from canary.observe import observe, refresh_failing, vpc
from canary.observe.calls import Reader
from canary.observe.reading.deadline import Deadline
from canary.observe.vpc import parts
from tests.canary.support.moto_platform import REGION, Recorder, environment


@pytest.fixture
def network(state: PlatformState) -> Network:
    assert state.network is not None
    return state.network


def test_a_healthy_run_reads_nothing_of_it(aws: str) -> None:
    clients = Recorder(aws)
    assert observe(clients, environment()).network is None
    alone = {p.action for p in vpc.ACTIONS} - {"ec2:DescribeSubnets"}
    assert clients.calls & alone == set()


def test_all_parts_of_the_platforms_vpc_are_read(network: Network, state: PlatformState) -> None:
    (balancer,) = state.load_balancers
    assert (network.vpcs, network.unread) == ((balancer.vpc_id,), ())
    assert [s.cidr for s in network.subnets] == ["10.0.1.0/24", "10.0.2.0/24"]
    assert {s.owner for s in network.subnets} == {environment().account}
    assert {t.main: len(t.routes) for t in network.route_tables} == {True: 1, False: 3}
    assert [(n.state, n.connectivity) for n in network.nat_gateways] == [("available", "public")]
    assert [g.vpcs for g in network.internet_gateways] == [(balancer.vpc_id,)]


def test_a_rule_of_an_acl_has_its_number_direction_and_ports(network: Network) -> None:
    own = next(a for a in network.acls if not a.associations)
    assert own.entries == (
        AclEntry(number=90, egress=False, allows=False, protocol="6", cidr="10.0.2.0/24",
                 from_port=443, to_port=444),
    )  # fmt: skip
    default = next(a for a in network.acls if a.associations)
    assert set(default.associations) == {s.id for s in network.subnets}
    assert sorted({e.number for e in default.entries}) == [100, 32767]


def test_a_route_has_its_target_and_the_name_of_awss_parameter(network: Network) -> None:
    table = next(t for t in network.route_tables if not t.main)
    assert [(r.destination[:3], r.target[:4], r.kind, r.state) for r in table.routes] == [
        ("10.", "loca", "GatewayId", "active"),
        ("0.0", "nat-", "NatGatewayId", "active"),
        ("pl-", "vpce", "GatewayId", "active"),
    ]
    assert table.subnets == (network.subnets[0].id,)


def test_endpoints_have_what_names_and_packets_need(network: Network) -> None:
    found = {e.service.rpartition("us-east-1.")[2]: e for e in network.endpoints}
    assert (found["s3"].type, found["s3"].state) == ("Gateway", "available")
    assert len(found["s3"].route_tables) == 1
    interface = found["ecr.dkr"]
    assert (interface.type, interface.private_dns) == ("Interface", True)
    assert (interface.subnets, len(interface.groups)) == ((network.subnets[0].id,), 1)


def test_the_lists_that_groups_and_routes_name_are_read(network: Network) -> None:
    lists = {p.id: p.cidrs for p in network.prefix_lists}
    assert ("10.9.0.0/24", "10.8.0.0/24") in lists.values()
    table = next(t for t in network.route_tables if not t.main)
    assert table.routes[2].destination in lists and len(lists) == 2


DENIED = {
    "ec2:DescribeNetworkAcls": "acls",
    "ec2:DescribeRouteTables": "route_tables",
    "ec2:DescribeNatGateways": "nat_gateways",
    "ec2:DescribeVpcEndpoints": "endpoints",
    "ec2:DescribeInternetGateways": "internet_gateways",
}


@pytest.mark.parametrize(("action", "part"), DENIED.items())
def test_a_part_that_was_denied_is_unread_and_the_others_are_there(
    aws: str, action: str, part: str
) -> None:
    clients = Recorder(aws, denied=action)
    found = refresh_failing(clients, environment(), observe(clients, environment()), ["api"])
    assert found.network is not None
    assert (found.network.unread, getattr(found.network, part)) == ((part,), ())
    others = set(DENIED.values()) - {part}
    assert all(getattr(found.network, other) for other in others)


def test_a_list_that_was_denied_is_no_empty_list(aws: str) -> None:
    clients = Recorder(aws, denied="ec2:GetManagedPrefixListEntries")
    found = refresh_failing(clients, environment(), observe(clients, environment()), ["api"])
    assert found.network is not None
    assert (found.network.prefix_lists, found.network.unread) == ((), ())
    assert {u.action for u in found.unavailable} == {"ec2:GetManagedPrefixListEntries"}


def test_where_no_vpc_is_known_nothing_is_asked() -> None:
    class NoClients:
        def client(self, service: str) -> Any:
            raise AssertionError(service)

    outside = Environment(name="t", account="1", region=REGION, cluster="c", services={})
    assert vpc.read(Reader(NoClients(), outside), PlatformState(), Deadline(1.0)) is None


def test_a_reading_that_does_not_end_is_unknown_and_said(aws: str) -> None:
    reader = Reader(Recorder(aws), environment())
    begun = time.monotonic()
    never = Future[tuple[int]]()
    found = vpc._within(reader, "ec2:DescribeNetworkAcls", never, Deadline(0.05))
    assert found is None and time.monotonic() - begun < 1
    (gap,) = reader.unavailable()
    assert (gap.action, gap.code, gap.denied) == (
        "ec2:DescribeNetworkAcls", "NotInTime", False,
    )  # fmt: skip


def test_shapes_of_aws_that_moto_does_not_make() -> None:
    raw = {
        "RouteTableId": "rtb-1",
        "Associations": [
            {"SubnetId": "subnet-1", "AssociationState": {"State": "disassociated"}},
            {"SubnetId": "subnet-2", "AssociationState": {"State": "associated"}},
            {"GatewayId": "igw-1"},
        ],
        "Routes": [
            {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1",
             "Origin": "CreateRoute"},
            {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "blackhole"},
            {"DestinationCidrBlock": "10.1.0.0/16", "InstanceId": "i-1",
             "NetworkInterfaceId": "eni-1"},
            {"DestinationCidrBlock": "10.2.0.0/16", "OdbNetworkArn": "arn"},
            {"DestinationCidrBlock": "10.3.0.0/16", "GatewayId": "vgw-1",
             "Origin": "EnableVgwRoutePropagation"},
        ],
    }  # fmt: skip
    assert parts.route_table(raw) == RouteTable(
        id="rtb-1",
        subnets=("subnet-2",),
        routes=(
            Route(destination="::/0", target="eigw-1", kind="EgressOnlyInternetGatewayId",
                  origin="CreateRoute"),
            Route(destination="0.0.0.0/0", target="nat-1", kind="NatGatewayId", state="blackhole"),
            Route(destination="10.1.0.0/16", target="eni-1", kind="NetworkInterfaceId"),
            Route(destination="10.2.0.0/16", target="", kind=""),
            Route(destination="10.3.0.0/16", target="vgw-1", kind="GatewayId",
                  origin="EnableVgwRoutePropagation"),
        ),
    )  # fmt: skip
    failed = {"NatGatewayId": "nat-2", "State": "failed", "FailureCode": "Gateway.NotAttached",
              "FailureMessage": "Network vpc-1 has no Internet gateway attached"}  # fmt: skip
    nat = parts.nat(failed)
    assert (nat.state, nat.subnet) == ("failed", "")
    assert nat.failure == ("Gateway.NotAttached: Network vpc-1 has no Internet gateway attached")
    public = {
        "NatGatewayId": "nat-3",
        "NatGatewayAddresses": [
            {"PublicIp": "198.51.100.7", "PrivateIp": "10.0.0.5"},
            {"PrivateIp": "10.0.0.6"},
        ],
    }
    assert (parts.nat(public).addresses, nat.addresses) == (("198.51.100.7",), ())
    six = {"NetworkAclId": "acl-1", "Entries": [
        {"RuleNumber": 5, "Ipv6CidrBlock": "2600::/16", "Egress": True, "RuleAction": "allow",
         "Protocol": "-1"}]}  # fmt: skip
    assert parts.acl(six) == NetworkAcl(
        id="acl-1",
        entries=(AclEntry(number=5, egress=True, allows=True, protocol="-1", cidr="2600::/16"),),
    )
    lost = {"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "detached"}]}
    assert parts.internet_gateway(lost).vpcs == ()
