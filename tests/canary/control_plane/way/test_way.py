"""The way of a connection, hop by hop: what stops it is named, what was not read is unknown."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canary.control_plane.firewall import Side, lets_in, resolved
from canary.control_plane.state import GroupRule, SecurityGroup
from canary.control_plane.unread import Known
from canary.control_plane.vpc import (
    AclEntry,
    Endpoint,
    InternetGateway,
    NatGateway,
    Network,
    NetworkAcl,
    PrefixList,
    Route,
    RouteTable,
)
from canary.control_plane.way import End, Hop, Way, outside, way
from canary.control_plane.way.acls import EPHEMERAL, passes
from canary.control_plane.way.routes import PROPAGATED, beside_gateways, route_to, table_of
from canary.control_plane.way.spans import Span, span
from tests.canary.support import networks as n
from tests.canary.support.networks import BY_IGW, BY_NAT, LOCAL, end, entry, replace

BALANCER, TASK = end("subnet-public"), end("subnet-private")
OUT, IN = {"egress": True}, {"egress": False}


def to_task(network: Network) -> Way:
    return way(network, BALANCER, TASK, 8000)


def pull(network: Network, task: End = TASK) -> Way:
    return way(network, task, outside(), 443)


def stopped(found: Way) -> tuple[Hop, str, bool]:
    assert (found.is_open, found.stop is not None) == (Known.NO, True)
    assert found.stop is not None
    return found.stop.hop, found.stop.resource, found.stop.shown


def test_a_healthy_way_is_open() -> None:
    assert to_task(n.healthy()) == Way(is_open=Known.YES)
    assert pull(n.healthy()) == Way(is_open=Known.YES)
    assert way(n.healthy(), outside(), end("subnet-public", public=Known.YES), 443) == Way(
        is_open=Known.YES
    )


@pytest.mark.parametrize(
    ("acl", "rule", "says"),
    [
        ("acl-public", entry(5, False, "10.0.1.0/24", (8000, 8000), **OUT),
         "acl-public of subnet-public denies tcp 8000 to 10.0.1.0/24 by rule 5"),
        ("acl-private", entry(5, False, "10.0.0.0/16", (8000, 8010), **IN),
         "acl-private of subnet-private denies tcp 8000 from 10.0.0.0/24 by rule 5"),
        ("acl-private", entry(5, False, "10.0.0.0/8", (1024, 65535), **OUT),
         "acl-private of subnet-private denies tcp 1024-65535 to 10.0.0.0/24 by rule 5"),
        ("acl-public", entry(5, False, protocol="-1", **IN),
         "acl-public of subnet-public denies tcp 1024-65535 from 10.0.1.0/24 by rule 5"),
    ],
    ids=["out", "in", "back out", "back in"],
)  # fmt: skip
def test_an_acl_stops_the_way_there_and_the_way_back(acl: str, rule: AclEntry, says: str) -> None:
    found = to_task(n.with_entries(n.healthy(), acl, rule))
    assert stopped(found) == (Hop.ACL, acl, True)
    assert found.stop is not None
    assert (found.stop.says, found.stop.entry) == (says, rule)


@pytest.mark.parametrize(
    "rule",
    [
        entry(101, False, "10.0.0.0/16", (8000, 8000)),  # behind the rule that allows
        entry(5, False, "10.0.0.0/16", (22, 22)),
        entry(5, False, "10.0.0.0/16", (8000, 8000), protocol="17"),
        entry(5, False, "192.168.0.0/16", (8000, 8000)),
        entry(5, False, "::/0", (8000, 8000)),
        entry(5, False, "not an address", (8000, 8000)),
    ],
)
def test_a_rule_about_others_stops_nothing(rule: AclEntry) -> None:
    assert to_task(n.with_entries(n.healthy(), "acl-private", rule)).is_open is Known.YES


@pytest.mark.parametrize(
    "rule",
    [
        entry(5, False, "10.0.0.7/32", (8000, 8000)),  # one of the balancer's addresses
        entry(5, False, "10.0.0.0/24", (3389, 3389), egress=True),  # one of the ports back
    ],
)
def test_a_rule_about_a_part_leaves_the_way_unknown(rule: AclEntry) -> None:
    found = to_task(n.with_entries(n.healthy(), "acl-private", rule))
    assert (found.is_open, found.stop) == (Known.UNKNOWN, None)
    assert found.unknown[0].startswith("acl-private allows a part of tcp ")


def test_what_no_rule_allows_is_denied_and_no_rule_is_to_blame() -> None:
    """Stateless: the way in alone is not enough."""
    inbound = entry(100, True, "10.0.0.0/16", (8000, 8000))
    found = to_task(n.only_entries(n.healthy(), "acl-private", inbound))
    assert stopped(found) == (Hop.ACL, "acl-private", False)
    both = (inbound, entry(100, True, "10.0.0.0/16", EPHEMERAL, egress=True))
    assert to_task(n.only_entries(n.healthy(), "acl-private", *both)).is_open is Known.YES
    assert stopped(to_task(n.only_entries(n.healthy(), "acl-private"))) == (
        Hop.ACL, "acl-private", False,
    )  # fmt: skip


@pytest.mark.parametrize("last", [32767, 32768])
def test_a_rule_that_denies_a_part_is_not_to_blame_for_the_rest(last: int) -> None:
    """AWS's own last rule has the number 32767 for IPv4, and 32768 for IPv6."""
    some = entry(5, False, "10.0.1.0/24", (3389, 3389), egress=True)
    rest = entry(last, False, egress=True, protocol="-1")
    inbound = entry(100, True, protocol="-1")
    for rules in ((inbound, some), (inbound, some, rest), (inbound, rest)):
        found = to_task(n.only_entries(n.healthy(), "acl-private", *rules))
        assert stopped(found) == (Hop.ACL, "acl-private", False)
        assert found.stop is not None and found.stop.entry is None
        assert "allows no tcp 1024-65535" in found.stop.says


def test_within_a_subnet_there_is_no_acl() -> None:
    closed = n.only_entries(n.healthy(), "acl-private")
    assert way(closed, TASK, TASK, 8000) == Way(is_open=Known.YES)


def test_ports_that_two_rules_allow_together_are_allowed() -> None:
    rules = (entry(1, True, "10.0.0.0/25"), entry(2, True, "10.0.0.128/25"))
    acl = NetworkAcl(id="acl", entries=rules)
    assert passes(acl, "10.0.0.0/24", (8000, 8000), egress=False).passes is Known.YES
    assert passes(acl, "10.0.0.0/23", (8000, 8000), egress=False).passes is Known.UNKNOWN
    assert passes(acl, "10.0.1.0/24", (8000, 8000), egress=False).passes is Known.NO


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("10.0.0.2/31", 9, 11), ("10.0.0.0/32", 9, 11)),  # 10.0.0.1 is left
        (("10.0.0.0/31", 9, 11), ("10.0.0.3/32", 9, 11)),  # 10.0.0.2
        (("10.0.0.0/30", 11, 11), ("10.0.0.0/30", 9, 9)),  # port 10
        (("10.0.0.0/30", 9, 9), ("10.0.0.0/30", 11, 11)),  # port 10
        (("10.0.0.0/30", 10, 10), ("10.0.0.0/30", 9, 9)),  # port 11
    ],
)
def test_one_address_or_one_port_that_is_left_is_denied(
    first: tuple[str, int, int], second: tuple[str, int, int]
) -> None:
    some = [entry(k, True, c, (a, b)) for k, (c, a, b) in enumerate((first, second))]
    acl = NetworkAcl(id="acl", entries=tuple(some))
    assert passes(acl, "10.0.0.0/30", (9, 11), egress=False).passes is Known.UNKNOWN
    rest = entry(9, True, "10.0.0.0/30", (9, 11))
    all_of_it = passes(replace(acl, entries=(*some, rest)), "10.0.0.0/30", (9, 11), egress=False)
    assert all_of_it == (Known.YES, None)


def test_what_a_rule_took_is_not_asked_for_again() -> None:
    rules = [entry(k, True, "10.0.0.0/30", (p, p)) for k, p in enumerate((10, 9, 11))]
    behind = entry(9, False, "10.0.0.0/30", (9, 11))
    acl = NetworkAcl(id="acl", entries=(*rules, behind))
    assert passes(acl, "10.0.0.0/30", (9, 11), egress=False) == (Known.YES, None)
    assert passes(acl, "no address", (9, 11), egress=False).passes is Known.UNKNOWN


def test_a_rule_has_its_ports_from_zero_on_or_all_of_them() -> None:
    from_zero = NetworkAcl(id="acl", entries=(entry(1, True, "10.0.0.0/30", (0, 8)),))
    every = NetworkAcl(id="acl", entries=(entry(1, True, "10.0.0.0/30"),))
    for ports, known in (((0, 8), Known.YES), ((9, 9), Known.NO), ((8, 9), Known.UNKNOWN)):
        assert passes(from_zero, "10.0.0.0/30", ports, egress=False).passes is known
    assert passes(every, "10.0.0.0/30", (0, 65535), egress=False).passes is Known.YES


@pytest.mark.parametrize("protocol", ["-1", "6", "tcp"])
def test_a_rule_of_tcp_or_of_all_protocols_denies(protocol: str) -> None:
    rule = entry(5, False, "10.0.0.0/8", (0, 65535), protocol=protocol)
    acl = NetworkAcl(id="acl", entries=(rule, entry(6, True)))
    assert passes(acl, "10.0.0.0/30", (1, 65535), egress=False) == (Known.NO, rule)
    assert passes(acl, "10.0.0.0/30", (1, 65535), egress=True) == (Known.NO, None)


def test_groups_stop_a_way_at_its_ends() -> None:
    shut = SecurityGroup(id="sg-shut", name="shut")
    found = way(n.healthy(), end("subnet-public", shut), TASK, 8000)
    assert stopped(found) == (Hop.EGRESS, "sg-shut", False)
    found = way(n.healthy(), BALANCER, end("subnet-private", shut), 8000)
    assert stopped(found) == (Hop.INGRESS, "sg-shut", False)


def test_a_subnet_without_a_default_route_reaches_no_address_of_the_internet() -> None:
    found = pull(n.with_routes(n.healthy(), "rtb-private", LOCAL))
    assert stopped(found) == (Hop.ROUTE, "rtb-private", False)
    assert found.stop is not None
    assert found.stop.says == "rtb-private of subnet-private has no route to 0.0.0.0/0"


@pytest.mark.parametrize("state", ["failed", "deleting", "deleted"])
def test_a_nat_gateway_that_is_gone_stops_the_way(state: str) -> None:
    nat = NatGateway(id="nat-1", state=state, subnet="subnet-public", failure="Code: words")
    found = pull(replace(n.healthy(), nat_gateways=(nat,)))
    assert stopped(found) == (Hop.NAT, "nat-1", True)
    assert found.stop is not None
    assert found.stop.says == f"rtb-private leads to nat-1, which is {state}: Code: words"


def test_a_nat_gateway_of_which_only_the_route_is_left_is_gone() -> None:
    hole = replace(BY_NAT, state="blackhole")
    gone = n.with_routes(replace(n.healthy(), nat_gateways=()), "rtb-private", LOCAL, hole)
    assert stopped(pull(gone)) == (Hop.NAT, "nat-1", True)
    assert stopped(pull(replace(gone, unread=("nat_gateways",)))) == (Hop.NAT, "nat-1", True)


@pytest.mark.parametrize("unread", [(), ("nat_gateways",)])
@pytest.mark.parametrize("others", [(), (NatGateway(id="nat-2", state="failed"),)])
def test_a_nat_gateway_that_is_not_listed_is_unknown(
    unread: tuple[str, ...], others: tuple[NatGateway, ...]
) -> None:
    """It may be the owner's of a shared subnet, who alone is shown it."""
    found = pull(replace(n.healthy(), nat_gateways=others, unread=unread))
    assert found == Way(is_open=Known.UNKNOWN, unknown=("nat-1 was not read",))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"state": "pending"}, ("nat-1 is pending",)),
        ({"connectivity": "private"}, ("what is behind the private nat-1 is not read",)),
        ({"state": "pending", "connectivity": "private"},
         ("nat-1 is pending", "what is behind the private nat-1 is not read")),
        ({"subnet": ""}, ()),  # a regional one has no subnet whose route or ACL could stop it
    ],
)  # fmt: skip
def test_a_nat_gateway_that_is_not_ready_or_private_is_unknown(
    fields: dict[str, str], why: tuple[str, ...]
) -> None:
    nat = NatGateway(**{"id": "nat-1", "state": "available", "subnet": "subnet-public", **fields})
    found = pull(replace(n.healthy(), nat_gateways=(nat,)))
    assert (found.is_open, found.unknown) == (Known.UNKNOWN if why else Known.YES, why)


def test_behind_a_nat_gateway_its_own_route_counts() -> None:
    found = pull(n.with_routes(n.healthy(), "rtb-main", LOCAL))
    assert stopped(found) == (Hop.ROUTE, "rtb-main", False)
    again = pull(n.with_routes(n.healthy(), "rtb-main", LOCAL, BY_NAT))
    assert again.unknown == ("the route of subnet-public leads to a NAT gateway again",)


def test_the_acl_of_the_nat_gateways_subnet_counts() -> None:
    rule = entry(5, False, "0.0.0.0/0", EPHEMERAL)
    assert stopped(pull(n.with_entries(n.healthy(), "acl-public", rule))) == (
        Hop.ACL, "acl-public", True,
    )  # fmt: skip


def test_an_internet_gateway_serves_public_addresses_alone() -> None:
    found = pull(n.healthy(), end("subnet-public"))
    assert stopped(found) == (Hop.ROUTE, "rtb-main", False)
    assert pull(n.healthy(), end("subnet-public", public=Known.YES)).is_open is Known.YES
    assert pull(n.healthy(), end("subnet-public", public=Known.UNKNOWN)).is_open is Known.UNKNOWN


def test_an_internet_gateway_that_is_not_attached_is_a_blackhole() -> None:
    public = end("subnet-public", public=Known.YES)
    lost = replace(n.healthy(), internet_gateways=(InternetGateway(id="igw-1"),))
    assert stopped(pull(lost, public)) == (Hop.ROUTE, "rtb-main", True)
    hole = n.with_routes(n.healthy(), "rtb-main", LOCAL, replace(BY_IGW, state="blackhole"))
    for network in (hole, replace(hole, internet_gateways=())):
        assert stopped(pull(network, public)) == (Hop.ROUTE, "rtb-main", True)


@pytest.mark.parametrize("unread", [(), ("internet_gateways",)])
def test_an_internet_gateway_that_is_not_listed_may_be_anothers(unread: tuple[str, ...]) -> None:
    """Who uses a shared subnet is not shown its owner's gateways; the route itself is active."""
    network = replace(n.healthy(), internet_gateways=(), unread=unread)
    public = end("subnet-public", public=Known.YES)
    assert pull(network, public) == Way(is_open=Known.YES)
    assert way(network, outside(), public, 443) == Way(is_open=Known.YES)


def test_a_balancer_whose_subnet_lost_the_way_to_the_internet_answers_nobody() -> None:
    lost = n.with_routes(n.healthy(), "rtb-main", LOCAL)
    found = way(lost, outside(), end("subnet-public", public=Known.YES), 443)
    assert stopped(found) == (Hop.ROUTE, "rtb-main", False)


@pytest.mark.parametrize("target", ["tgw-1", "pcx-1", "eni-1", "vgw-1"])
def test_what_is_behind_other_targets_is_unknown_and_a_blackhole_is_not(target: str) -> None:
    route = Route(destination="0.0.0.0/0", target=target, kind="x")
    found = pull(n.with_routes(n.healthy(), "rtb-private", LOCAL, route))
    assert found.unknown == (f"what is behind {target} is not read",)
    hole = n.with_routes(n.healthy(), "rtb-private", LOCAL, replace(route, state="blackhole"))
    assert stopped(pull(hole)) == (Hop.ROUTE, "rtb-private", True)


def test_an_endpoint_on_the_way_must_be_available() -> None:
    route = Route(destination="pl-s3", target="vpce-1", kind="GatewayId")
    point = Endpoint(id="vpce-1", type="Gateway", service="s3", state="available")
    network = replace(
        n.with_routes(n.healthy(), "rtb-private", LOCAL, route),
        prefix_lists=(PrefixList(id="pl-s3", cidrs=("52.216.0.0/15",)),),
        endpoints=(point,),
    )
    s3 = outside("52.216.1.0/24")
    assert way(network, TASK, s3, 443).is_open is Known.YES
    bad = replace(network, endpoints=(replace(point, state="rejected"),))
    assert stopped(way(bad, TASK, s3, 443)) == (Hop.ENDPOINT, "vpce-1", True)
    assert way(replace(network, endpoints=()), TASK, s3, 443).unknown == ("vpce-1 was not read",)
    unread = replace(network, prefix_lists=())
    assert way(unread, TASK, s3, 443).unknown == (
        "rtb-private: a part of 52.216.1.0/24 may take another route",
    )


@pytest.mark.parametrize(
    ("state", "kind", "is_open"),
    [
        ("available", "GatewayLoadBalancer", Known.UNKNOWN),
        ("available", "Gateway", Known.YES),
        ("pending", "Gateway", Known.UNKNOWN),
        ("deleted", "GatewayLoadBalancer", Known.NO),
        ("failed", "Gateway", Known.NO),
    ],
)
def test_what_is_behind_the_endpoint_of_a_firewall_is_unknown(
    state: str, kind: str, is_open: Known
) -> None:
    route = Route(destination="0.0.0.0/0", target="vpce-1", kind="GatewayId")
    point = Endpoint(id="vpce-1", type=kind, service="fw", state=state)
    network = n.with_routes(n.healthy(), "rtb-private", LOCAL, route)
    found = pull(replace(network, endpoints=(point,)))
    assert found.is_open is is_open
    assert (found.unknown != ()) == (is_open is Known.UNKNOWN)


def test_a_static_route_wins_over_a_propagated_one_of_its_length() -> None:
    by_vpn = Route(destination="0.0.0.0/0", target="vgw-1", origin=PROPAGATED)
    by_list = Route(destination="pl-1", target="tgw-1")
    lists = (PrefixList(id="pl-1", cidrs=("0.0.0.0/0",)),)
    for routes, target in (
        ((by_vpn, BY_NAT), "nat-1"), ((BY_NAT, by_vpn), "nat-1"), ((by_vpn, by_list), "tgw-1"),
        ((by_vpn, by_list, BY_NAT), "nat-1"), ((by_vpn,), "vgw-1"),
    ):  # fmt: skip
        table = RouteTable(id="t", routes=(LOCAL, *routes))
        taken = route_to(Network(prefix_lists=lists), table, "0.0.0.0/0")
        assert (taken.route and taken.route.target, taken.sure) == (target, True)


def test_the_local_route_wins_over_a_longer_one_that_was_propagated() -> None:
    longer = Route(destination="10.0.1.0/24", target="vgw-1", origin=PROPAGATED)
    own = replace(longer, origin="CreateRoute")
    for route, target in ((longer, "local"), (own, "vgw-1")):
        taken = route_to(Network(), RouteTable(id="t", routes=(LOCAL, route)), "10.0.1.5/32")
        assert (taken.route and taken.route.target) == target
    shorter = route_to(Network(), RouteTable(id="t", routes=(LOCAL, longer)), "10.0.0.0/22")
    assert (shorter.route, shorter.sure) == (LOCAL, True)


def test_the_longest_prefix_wins_and_a_list_loses_to_a_block_of_its_length() -> None:
    table = RouteTable(id="t", routes=(
        BY_IGW, replace(BY_NAT, destination="52.0.0.0/8"),
        Route(destination="pl-1", target="vpce-1"), LOCAL,
    ))  # fmt: skip
    network = Network(prefix_lists=(PrefixList(id="pl-1", cidrs=("52.0.0.0/8", "54.0.0.0/8")),))
    taken = {
        d: t.route.target if (t := route_to(network, table, d)).route else ""
        for d in ("52.1.1.1/32", "54.1.1.1/32", "8.8.8.8/32", "10.0.3.0/24", "0.0.0.0/0", "::/0")
    }
    assert taken == {"52.1.1.1/32": "nat-1", "54.1.1.1/32": "vpce-1", "8.8.8.8/32": "igw-1",
                     "10.0.3.0/24": "local", "0.0.0.0/0": "igw-1", "::/0": ""}  # fmt: skip
    sure = {d: route_to(network, table, d).sure for d in taken}
    assert sure == dict.fromkeys(taken, True)
    assert not route_to(network, table, "52.0.0.0/7").sure
    assert not route_to(Network(), table, "52.1.1.1/32").sure


def test_a_list_that_was_not_read_may_hold_any_address() -> None:
    by_list = RouteTable(id="t", routes=(LOCAL, Route(destination="pl-1", target="vpce-1")))
    assert route_to(Network(), by_list, "52.1.1.1/32") == (None, False)
    lists = (PrefixList(id="pl-1", cidrs=("54.0.0.0/8",)),)
    assert route_to(Network(prefix_lists=lists), by_list, "52.1.1.1/32") == (None, True)
    assert route_to(Network(prefix_lists=lists), by_list, "54.0.0.0/7") == (None, False)
    assert route_to(Network(), by_list, "no address").sure is False


def test_a_narrower_route_leaves_a_part_of_a_destination_open() -> None:
    narrow = Route(destination="10.0.1.128/25", target="pcx-1")
    table = RouteTable(id="t", routes=(LOCAL, narrow))
    assert route_to(Network(), table, "10.0.1.0/24") == (LOCAL, False)
    assert route_to(Network(), table, "10.0.1.0/25") == (LOCAL, True)
    assert route_to(Network(), table, "10.0.1.128/26") == (narrow, True)


def test_a_main_table_without_a_vpc_is_that_of_no_subnet() -> None:
    network = replace(n.healthy(), route_tables=(RouteTable(id="rtb", main=True),))
    assert [table_of(network, s) for s in ("subnet-public", "subnet-of-another")] == [None, None]
    no_main = RouteTable(id="rtb", vpc_id=n.VPC)
    assert table_of(replace(network, route_tables=(no_main,)), "subnet-public") is None


def test_a_block_is_its_first_and_last_address() -> None:
    assert span("10.0.1.5/16") == Span(4, 10 << 24, (10 << 24) + 0xFFFF)
    assert span("::/127") == Span(6, 0, 1)
    assert [span(text) for text in ("", "pl-1", "10.0.0.0/33")] == [None, None, None]
    inner, outer = Span(4, 5, 9), Span(4, 5, 10)
    assert (inner.within(outer), outer.within(inner), inner.within(inner)) == (True, False, True)
    assert not Span(4, 4, 9).within(outer)
    assert not Span(6, 5, 9).within(outer)


def test_a_subnet_without_a_table_of_its_own_has_the_main_one_of_its_vpc() -> None:
    network = n.healthy()
    tables = {s.id: t.id for s in network.subnets if (t := table_of(network, s.id))}
    public = dict.fromkeys(("subnet-public", "subnet-public-b"), "rtb-main")
    private = dict.fromkeys(("subnet-private", "subnet-private-b"), "rtb-private")
    assert tables == {**public, **private}
    assert table_of(network, "subnet-of-another") is None


PARTS = ("acls", "route_tables", "nat_gateways", "internet_gateways")


@pytest.mark.parametrize("part", PARTS)
def test_no_part_that_was_not_read_stops_a_way(part: str) -> None:
    network = replace(n.healthy(), **{part: ()}, unread=(part,))
    assert pull(network).is_open in (Known.UNKNOWN, Known.YES)
    assert to_task(network).stop is None
    unknown = {"acls": 4, "route_tables": 1, "nat_gateways": 0, "internet_gateways": 0}
    assert (len(to_task(network).unknown) > 0) == (unknown[part] > 0)


def test_groups_that_were_not_read_are_unknown() -> None:
    blind = End(side=Side(groups=()), network="10.0.1.0/24", subnet="subnet-private",
                groups_read=False)  # fmt: skip
    assert way(n.healthy(), BALANCER, blind, 8000).unknown == (
        "the security groups of subnet-private were not read",
    )


def test_a_way_of_ipv6_has_rules_and_routes_of_its_own() -> None:
    six = {"subnet-public": "2600:1:0:1::/64", "subnet-private": "2600:1:0:2::/64"}
    rule = GroupRule(protocol="-1", from_port=-1, to_port=-1, ipv6_cidrs=("2600:1::/32",))
    group = SecurityGroup(id="sg-6", name="six", ingress=(rule,), egress=(rule,))
    ends = [
        End(side=Side(groups=(group,), networks=(c,), family=6), network=c, subnet=s)
        for s, c in six.items()
    ]
    local = Route(destination="2600:1::/56", target="local", kind="GatewayId")
    network = n.with_routes(n.healthy(), "rtb-main", LOCAL, local)
    network = n.with_routes(network, "rtb-private", LOCAL, local)
    found = way(network, ends[0], ends[1], 8000)
    assert stopped(found) == (Hop.ACL, "acl-public", False)  # the default rules are of IPv4
    for acl in ("acl-public", "acl-private"):
        both = [entry(101, True, "::/0", egress=e) for e in (True, False)]
        network = n.with_entries(network, acl, *both)
    assert way(network, ends[0], ends[1], 8000) == Way(is_open=Known.YES)
    shut = replace(group, ingress=(replace(rule, ipv6_cidrs=("2600:2::/32",)),))
    side = Side(groups=(shut,), networks=ends[1].side.networks, family=6)
    blind = End(side=side, network=six["subnet-private"], subnet="subnet-private")
    assert stopped(way(network, ends[0], blind, 8000)) == (Hop.INGRESS, "sg-6", False)
    out = Route(destination="::/0", target="eigw-1", kind="EgressOnlyInternetGatewayId")
    network = n.with_routes(network, "rtb-private", LOCAL, local, out)
    free = End(side=Side(groups=()), network=six["subnet-private"], subnet="subnet-private")
    assert way(network, free, outside("::/0"), 443) == Way(is_open=Known.YES)


def test_the_entries_of_a_prefix_list_admit_as_addresses_do() -> None:
    rule = GroupRule(protocol="tcp", from_port=8000, to_port=8000, prefix_lists=("pl-1", "pl-2"))
    target = Side(groups=(SecurityGroup(id="sg", name="g", ingress=(rule,)),))
    source = Side(groups=(), networks=("10.0.0.0/24",))
    assert lets_in(target, source, 8000) is Known.UNKNOWN
    lists = {"pl-1": ("10.0.0.0/16",), "pl-2": ("2600::/16",)}
    assert lets_in(resolved(target, lists), source, 8000) is Known.YES
    assert lets_in(resolved(target, {"pl-1": ("10.9.0.0/16",)}), source, 8000) is Known.UNKNOWN
    other = {"pl-1": ("10.9.0.0/16",), "pl-2": ("10.8.0.0/16",)}
    assert lets_in(resolved(target, other), source, 8000) is Known.NO


NETWORKS = st.builds(
    lambda octet, length: str(ipaddress.ip_network(f"10.0.0.{octet}/{length}", strict=False)),
    st.integers(0, 255), st.integers(24, 32),
)  # fmt: skip
ENTRIES = st.lists(
    st.builds(
        lambda number, allows, cidr, low, width: entry(number, allows, cidr, (low, low + width)),
        st.integers(1, 400), st.booleans(), NETWORKS, st.integers(0, 40), st.integers(0, 20),
    ),
    max_size=6, unique_by=lambda e: e.number,
)  # fmt: skip


@settings(deadline=None)
@given(ENTRIES, NETWORKS, st.integers(0, 40), st.integers(0, 10))
def test_an_acl_decides_of_many_packets_what_it_decides_of_each(
    entries: list[AclEntry], peer: str, low: int, width: int
) -> None:
    def one(address: ipaddress.IPv4Address, port: int) -> bool:
        for rule in sorted(entries, key=lambda e: e.number):
            fits = address in ipaddress.IPv4Network(rule.cidr)
            if fits and rule.from_port <= port <= rule.to_port:
                return rule.allows
        return False

    block = ipaddress.IPv4Network(peer)
    each = {one(a, p) for a in block for p in range(low, low + width + 1)}
    wanted = {(True,): Known.YES, (False,): Known.NO}.get(tuple(each), Known.UNKNOWN)
    acl = NetworkAcl(id="acl", entries=tuple(entries))
    assert passes(acl, peer, (low, low + width), egress=False).passes is wanted


def test_a_hole_in_a_route_to_a_nat_gateway_that_is_there_leads_to_a_gone_one() -> None:
    hole = replace(BY_NAT, state="blackhole")
    found = pull(n.with_routes(n.healthy(), "rtb-private", LOCAL, hole)).stop
    assert found is not None
    assert found.says == "rtb-private leads to nat-1, which is gone"


@pytest.mark.parametrize(
    ("egress", "cidr", "ports"),
    [
        (False, "10.0.1.0/24", (443, 443)),
        (True, "0.0.0.0/0", (443, 443)),
        (False, "0.0.0.0/0", EPHEMERAL),
        (True, "10.0.1.0/24", EPHEMERAL),
    ],
)
def test_the_acl_of_a_nat_gateways_subnet_stops_both_of_its_sides(
    egress: bool, cidr: str, ports: tuple[int, int]
) -> None:
    rule = entry(5, False, cidr, ports, egress=egress)
    found = pull(n.with_entries(n.healthy(), "acl-public", rule)).stop
    assert found is not None
    assert (found.resource, found.entry, found.egress) == ("acl-public", rule, egress)


def test_the_last_numbers_of_rules_are_awss_own() -> None:
    for number, named in ((32766, True), (32767, False), (32768, False)):
        rule = entry(number, False, protocol="-1")
        acl = NetworkAcl(id="acl", entries=(rule,))
        assert passes(acl, "10.0.0.0/30", (9, 9), egress=False) == (
            Known.NO, rule if named else None,
        )  # fmt: skip


def test_hops_are_kept_by_their_words() -> None:
    assert [str(h) for h in Hop] == ["egress", "route", "nat", "endpoint", "acl", "ingress"]


def test_a_gateway_endpoint_is_no_way_to_another_service() -> None:
    """Of S3 its route is one; the endpoint of a load balancer may lead anywhere."""
    by_s3 = Route(destination="pl-s3", target="vpce-s3", kind="GatewayId")
    lists = (PrefixList(id="pl-s3", cidrs=("52.216.0.0/15",)),)

    def reached(asked: str, kind: str = "Gateway") -> Known:
        s3 = Endpoint(id="vpce-s3", type=kind, service="com.amazonaws.us-east-1.s3",
                      state="available")  # fmt: skip
        network = replace(n.with_routes(n.healthy(), "rtb-private", LOCAL, by_s3),
                          endpoints=(s3,), prefix_lists=lists)  # fmt: skip
        assert pull(network).is_open is Known.UNKNOWN
        return pull(beside_gateways(network, asked)).is_open

    assert [reached("secretsmanager"), reached("")] == [Known.NO, Known.NO]
    assert [reached("s3"), reached("", "GatewayLoadBalancer")] == [Known.UNKNOWN, Known.UNKNOWN]
