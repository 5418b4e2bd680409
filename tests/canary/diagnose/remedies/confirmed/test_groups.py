"""Security groups: who wears one, which peers it may admit, and which groups live."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import GroupRule, PlatformState, SecurityGroup
from canary.control_plane.vpc import Subnet
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.confirmed import admitted, groups, wearers
from canary.diagnose.remedies.network import Peer
from canary.model import Service
from tests.canary.support import platforms as p
from tests.canary.support.routed import BALANCER, ENVIRONMENT, HEALTHY, NAMES, case

GUARDS = {g.id: g for g in HEALTHY.security_groups}
WEB, TASKS, CACHE = GUARDS["sg-lb-registry"], GUARDS["sg-registry"], GUARDS["sg-cache"]
ALL = "0.0.0.0/0"


def guarded(identifier: str, **fields: Any) -> PlatformState:
    return p.change(HEALTHY, "security_groups", identifier, **fields)


def rule(port: int, *peers: str, until: int = 0, protocol: str = "tcp", **more: Any) -> GroupRule:
    cidrs = tuple(x for x in peers if "/" in x and ":" not in x)
    six = tuple(x for x in peers if ":" in x)
    ids = tuple(x for x in peers if "/" not in x)
    return GroupRule(protocol=protocol, from_port=port, to_port=until or port, cidrs=cidrs,
                     ipv6_cidrs=six, groups=ids, **more)  # fmt: skip


def peer(who: str, port: int, until: int = 0, protocol: str = "tcp") -> Peer:
    return Peer(protocol, port, until or port, who)


def wearing(
    state: PlatformState = HEALTHY, *more: SecurityGroup, services: dict[str, Service] | None = None
) -> Case:
    known = p.replace(state, security_groups=(*state.security_groups, *more))
    file = p.replace(ENVIRONMENT, services={**ENVIRONMENT.services, **(services or {})})
    return case(known, environment=file)


# --- who wears a group


def test_a_group_is_worn_by_balancers_tasks_and_parts_of_the_file() -> None:
    known = case()
    assert [b.name for b in wearers.balancers(known, WEB)] == ["hokusai-registry-lb"]
    assert [s.name for s in wearers.services(known, TASKS)] == ["hokusai-registry-development"]
    assert [s.port for s in wearers.parts(known, CACHE)] == [6379]
    assert wearers.balancers(known, TASKS) == wearers.services(known, WEB) == []
    nameless = p.replace(CACHE, name="")
    assert wearers.parts(known, nameless) == []
    assert wearers.roles(known, WEB) == {"internet-facing load balancer"}
    assert wearers.roles(known, TASKS) == {"tasks"}
    assert wearers.roles(known, CACHE) == {"port 6379"}
    assert wearers.roles(known, nameless) == set()


def test_the_ports_of_a_group_are_those_of_what_wears_it() -> None:
    known = case()
    assert wearers.ports(known, WEB) == {80, 443}
    assert wearers.ports(known, CACHE) == {6379}
    assert wearers.ports(known, TASKS) == {8001}
    everything = {80, 443, 5000, 5432, 6379, 8000, 8001}
    assert wearers.ports(known, p.replace(WEB, id="sg-x")) == everything
    assert wearers.all_ports(known) == everything


def test_the_ports_of_tasks_are_told_in_many_places() -> None:
    name = NAMES.of("registry")
    group = next(g for g in HEALTHY.target_groups if g.name.startswith(name))
    service = next(s for s in HEALTHY.ecs_services if s.name == name)
    bare = p.replace(HEALTHY, target_groups=(), task_definitions=())
    file = {"registry": p.replace(ENVIRONMENT.services["registry"], port=0, target_groups=())}

    def found(state: PlatformState, **services: Service) -> set[int]:
        return wearers.ports(wearing(state, services={**file, **services}), TASKS)

    assert found(bare) == {8001}
    plain = p.change(bare, "ecs_services", name, container_ports=(), target_groups=())
    assert found(plain) == set()
    assert found(plain, registry=p.replace(file["registry"], port=7)) == {7}
    there = p.replace(plain, target_groups=(p.replace(group, port=9, health_port="11"),))
    assert found(there) == set()
    led = p.change(there, "ecs_services", name, target_groups=(group.arn,))
    assert found(led) == {9, 11, 8001}
    assert found(p.change(led, "target_groups", group.arn, health_port="traffic-port")) == {9, 8001}
    named = p.replace(file["registry"], target_groups=(group.name,))
    assert found(there, registry=named) == {9, 11, 8001}
    revisions = p.replace(plain, task_definitions=HEALTHY.task_definitions)
    assert found(revisions) == {8001}
    older = p.change(revisions, "ecs_services", name, task_definition="arn:none",
                     tasks=service.tasks)  # fmt: skip
    assert found(older) == {8001}
    assert found(p.change(older, "ecs_services", name, tasks=())) == set()


# --- which peers may come back


def alike(state: PlatformState, identifier: str, wanted: Peer, direction: str = "ingress") -> bool:
    group = next(g for g in state.security_groups if g.id == identifier)
    return admitted.alike(case(state), group, direction, wanted)


def test_a_group_of_the_same_use_shows_what_may_be_admitted() -> None:
    shut = guarded("sg-lb-registry", ingress=())
    assert alike(shut, "sg-lb-registry", peer(ALL, 443))
    assert not alike(shut, "sg-lb-registry", peer(ALL, 444))
    assert not alike(shut, "sg-registry", peer(ALL, 443))  # tasks, no load balancer
    assert not alike(shut, "sg-cache", peer("sg-registry", 6379))  # nobody else guards this port
    assert not alike(guarded("sg-lb-registry", ingress=(), vpc_id="vpc-2"), "sg-lb-registry",
                     peer(ALL, 443))  # fmt: skip
    inner = p.change(shut, "load_balancers", BALANCER.arn, scheme="internal")
    assert not alike(inner, "sg-lb-registry", peer(ALL, 443))


def test_its_own_rules_are_no_example() -> None:
    alone = p.replace(HEALTHY, security_groups=(WEB, TASKS))
    assert not alike(alone, "sg-lb-registry", peer(ALL, 443))


def test_no_example_opens_to_the_public_what_chosen_addresses_reach() -> None:
    chosen = guarded("sg-lb-registry", ingress=(rule(443, "203.0.113.7/32"),))
    assert not alike(chosen, "sg-lb-registry", peer(ALL, 443))
    assert alike(chosen, "sg-lb-registry", peer(ALL, 80))  # of another port
    private = guarded("sg-lb-registry", ingress=(rule(443, "10.0.0.0/8", "sg-x"),))
    assert alike(private, "sg-lb-registry", peer(ALL, 443))
    tasks = p.change(guarded("sg-registry", ingress=()), "security_groups", "sg-mlflow",
                     ingress=(rule(5000, ALL, "10.1.0.0/16", "sg-lb-registry"),))  # fmt: skip
    assert not alike(tasks, "sg-registry", peer(ALL, 5000))
    assert alike(tasks, "sg-registry", peer("10.1.0.0/16", 5000))
    assert alike(tasks, "sg-registry", peer("sg-lb-registry", 5000))


def test_what_goes_out_may_go_out_as_elsewhere() -> None:
    shut = guarded("sg-registry", egress=())
    assert alike(shut, "sg-registry", peer(ALL, -1, -1, "-1"), "egress")
    assert not alike(shut, "sg-registry", peer(ALL, 443), "egress")


def door(state: PlatformState = HEALTHY, wanted: Peer | None = None, **more: Any) -> bool:
    group = next(g for g in state.security_groups if g.id == "sg-lb-registry")
    direction = more.get("direction", "ingress")
    known = wearing(state, services=more.get("services"))
    return admitted.is_door(known, group, direction, wanted or peer(ALL, 443))


SHUT = guarded("sg-lb-registry", ingress=())


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (peer(ALL, 443), True), (peer(ALL, 80), True), (peer("::/0", 443), True),
        (peer(ALL, 443, protocol="6"), True), (peer(ALL, 443, protocol="udp"), False),
        (peer(ALL, 8080), False), (peer(ALL, 443, 444), False), (peer("1.1.1.1/32", 443), False),
        (peer("sg-x", 443), False),
    ],
)  # fmt: skip
def test_everybody_gets_to_a_listener_that_the_file_asks(wanted: Peer, found: bool) -> None:
    plain = {"registry": p.replace(ENVIRONMENT.services["registry"], plain_port=80)}
    assert door(SHUT, wanted, services=plain) is found
    assert not door(SHUT, wanted, services=plain, direction="egress")


def test_a_door_is_at_a_public_balancer_that_has_the_listener() -> None:
    arn = BALANCER.arn
    assert not door(p.change(SHUT, "load_balancers", arn, scheme="internal"))
    assert not door(p.change(SHUT, "load_balancers", arn, listeners=BALANCER.listeners[:1]))
    elsewhere = {"registry": p.replace(ENVIRONMENT.services["registry"], load_balancer="x")}
    assert not door(SHUT, services=elsewhere)
    quiet = {"registry": p.replace(ENVIRONMENT.services["registry"], url="")}
    assert not door(SHUT, services=quiet)
    assert not door(p.change(SHUT, "ecs_services", NAMES.of("auth"),
                             security_groups=("sg-lb-registry",)))  # fmt: skip
    named = {"queue": Service(port=1, security_group="lb-registry")}
    assert not door(SHUT, services=named)
    assert not door(guarded("sg-lb-registry", ingress=(rule(443, "1.1.1.1/32"),)))
    assert door(guarded("sg-lb-registry", ingress=(rule(443, "10.1.0.0/16"),)))
    assert door(guarded("sg-lb-registry", ingress=(rule(444, "1.1.1.1/32"),)))


def test_a_second_way_in_by_ipv6_needs_a_balancer_with_both() -> None:
    four = guarded("sg-lb-registry", ingress=(rule(443, ALL),))
    both = p.change(four, "load_balancers", BALANCER.arn, ip_address_type="dualstack")
    other = p.change(four, "load_balancers", BALANCER.arn,
                     ip_address_type="dualstack-without-public-ipv4")  # fmt: skip
    assert not door(p.change(four, "load_balancers", BALANCER.arn, ip_address_type="ipv4"),
                    peer("::/0", 443))  # fmt: skip
    assert door(both, peer("::/0", 443)) and door(other, peer("::/0", 443))
    assert door(four)


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("10.0.0.0/8", True), ("10.1.2.3/32", True), ("172.16.0.0/12", True),
        ("172.32.0.0/16", False),
        ("192.168.1.0/24", True), ("100.64.0.0/10", True), ("fc00::/7", True), ("fd00::/8", True),
        ("fe80::/10", False), ("10.0.0.0/7", False), (ALL, False), ("sg-1", False), ("", False),
        ("10.0.0.1/8", False),
    ],
)  # fmt: skip
def test_an_address_is_private_or_not(address: str, private: bool) -> None:
    assert admitted.is_private(address) is private


def test_a_peer_that_is_no_group_is_outside() -> None:
    assert [admitted.outside(x) for x in ("1.1.1.1/32", "pl-1", "sg-1", "")] == [
        True, True, False, False
    ]  # fmt: skip
    assert admitted.admits_only_own(TASKS) and not admitted.admits_only_own(WEB)
    mixed = p.replace(TASKS, ingress=(rule(1, "10.0.0.0/8"), rule(2, "sg-1")))
    assert admitted.admits_only_own(mixed)
    assert not admitted.admits_only_own(p.replace(mixed, ingress=(*mixed.ingress, rule(3, ALL))))


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("10.0.1.0/24", True), ("10.0.1.7/32", True), ("10.0.101.0/24", True),
        ("10.0.0.0/16", True),
        ("10.0.0.0/15", False), ("10.0.2.0/24", False), ("10.1.0.0/16", False), (ALL, False),
        ("2001:db8:0:1::/64", True), ("2001:db8::/56", True), ("2001:db8::/55", False),
        ("203.0.113.0/24", False), ("sg-1", False), ("", False),
    ],
)  # fmt: skip
def test_an_address_of_the_network_is_a_subnet_a_part_of_one_or_the_vpc(
    address: str, found: bool
) -> None:
    six = Subnet(id="subnet-6", cidr="10.0.9.0/24", ipv6_cidrs=("2001:db8:0:1::/64",))
    state = p.replace(HEALTHY, subnets=(*HEALTHY.subnets, six))
    assert admitted.in_the_network(case(state), address) is found
    public = p.replace(HEALTHY, subnets=(Subnet(id="s", cidr="203.0.113.0/28"),))
    assert not admitted.in_the_network(case(public), "203.0.113.0/24")


# --- what only the past tells


def told(
    identifier: str, *wanted: GroupRule, state: PlatformState = HEALTHY, direction: str = "ingress"
) -> list[str]:
    from canary.diagnose.remedies.network import permission

    known = case(state)
    group = known.security_group(identifier)
    assert group is not None
    return [s for w in wanted for s in groups.unconfirmed(known, group, direction, permission(w))]


def test_a_part_of_the_platform_may_come_back_at_its_ports() -> None:
    shut = guarded("sg-registry", ingress=())
    assert told("sg-registry", rule(8001, "sg-lb-registry"), state=shut) == []
    assert told("sg-registry", rule(8001, "sg-cache", "10.0.1.0/24"), state=shut) == []
    assert told("sg-registry", rule(22, "sg-lb-registry"), state=shut) == [
        "only the past tells that sg-registry admitted ports 22 to 22 of sg-lb-registry"
    ]
    assert told("sg-registry", rule(8001, "sg-stranger"), state=shut) == [
        "only the past tells that sg-registry admitted sg-stranger"
    ]
    assert told("sg-registry", rule(-1, "sg-lb-registry", protocol="-1"), state=shut) == [
        "only the past tells that sg-registry admitted all ports of sg-lb-registry"
    ]
    sctp = rule(8001, "sg-lb-registry", protocol="132")
    assert told("sg-registry", sctp, state=shut) == [
        "only the past tells that sg-registry admitted ports 8001 to 8001 of sg-lb-registry"
    ]
    icmp = rule(-1, "sg-lb-registry", protocol="icmp")
    assert told("sg-registry", icmp, state=shut) == [
        "only the past tells that sg-registry admitted all ports of sg-lb-registry"
    ]


def test_an_address_comes_back_only_where_it_is_admitted_now() -> None:
    office = "203.0.113.7/32"
    now = guarded("sg-registry", ingress=(rule(8001, office),))
    assert told("sg-registry", rule(8001, office), state=now) == []
    assert told("sg-registry", rule(8001, office), state=guarded("sg-registry", ingress=())) == [
        f"only the past tells that sg-registry admitted {office}"
    ]
    assert told("sg-registry", rule(22, office), state=now) == [
        f"only the past tells that sg-registry admitted ports 22 to 22 of {office}"
    ]


def test_the_group_itself_may_always_come_back() -> None:
    assert told("sg-registry", rule(22, "sg-registry")) == []


def test_the_ports_that_a_group_has_now_and_those_of_a_host_may_come_back() -> None:
    one = guarded("sg-registry", ingress=(rule(22, "sg-cache"),))
    assert told("sg-registry", rule(22, "sg-lb-registry"), state=one) == []
    assert told("sg-registry", rule(22, "sg-lb-registry", until=23), state=one) != []
    group = next(g for g in HEALTHY.target_groups if g.arn == NAMES.group("registry"))
    for port, first, good in ((40_000, 32_768, True), (40_000, 32_767, False),
                              (32_768, 32_768, True), (32_767, 32_768, False)):  # fmt: skip
        shared = p.change(guarded("sg-registry", ingress=()), "target_groups", group.arn,
                          targets=(p.replace(group.targets[0], port=port),))  # fmt: skip
        found = told("sg-registry", rule(first, "sg-lb-registry", until=60_999), state=shared)
        assert (found == []) is good
        assert told("sg-registry", rule(first, "10.0.1.0/24", until=60_999), state=shared) != []


def test_what_goes_out_goes_to_the_ports_of_who_is_asked() -> None:
    shut = guarded("sg-registry", egress=())
    other = p.change(shut, "security_groups", "sg-x", egress=())
    assert told("sg-registry", rule(6379, "sg-cache"), state=other, direction="egress") == []
    assert told("sg-registry", rule(8001, "sg-cache"), state=other, direction="egress") == [
        "only the past tells that sg-registry admitted ports 8001 to 8001 of sg-cache"
    ]
    subnet = rule(6379, "10.0.1.0/24")
    assert told("sg-registry", subnet, state=other, direction="egress") == []


def test_a_group_of_another_account_is_never_ours() -> None:
    owned = guarded("sg-registry", owner="1", ingress=())
    known = case(owned)
    group = known.security_group("sg-registry")
    assert group is not None
    for user, said in (("1", []), (None, []), ("2", [
        "security group sg-lb-registry belongs to another account"])):  # fmt: skip
        pair = {"GroupId": "sg-lb-registry", **({"UserId": user} if user else {})}
        wanted = {"IpProtocol": "tcp", "FromPort": 8001, "ToPort": 8001, "UserIdGroupPairs": [pair]}
        assert groups.unconfirmed(known, group, "ingress", wanted) == said
        free = p.replace(group, owner="")
        assert groups.unconfirmed(known, free, "ingress", wanted) == []


# --- groups that live


def unknown(
    *wanted: str, near: tuple[str, ...] = ("sg-auth",), state: PlatformState = HEALTHY
) -> list[str]:
    return list(groups.unknown_groups(case(state), [*wanted], near))


def test_a_group_lives_where_it_was_read_or_a_living_rule_names_it() -> None:
    assert unknown("sg-cache") == []
    assert unknown("sg-gone", "sg-cache") == ["security group sg-gone is not known to be there"]
    named = guarded("sg-mlflow", egress=(rule(1, "sg-gone"),))
    assert unknown("sg-gone", state=named) == []
    away = p.change(named, "security_groups", "sg-mlflow", vpc_id="vpc-2")
    assert unknown("sg-gone", state=away) == ["security group sg-gone is not known to be there"]
    assert unknown("sg-gone", near=(), state=away) == []
    assert groups.named_by(case(away), "sg-gone", {"vpc-1"}) is False
    assert groups.named_by(case(away), "sg-gone", set()) is True
    homeless = p.change(named, "security_groups", "sg-mlflow", vpc_id="")
    assert groups.named_by(case(homeless), "sg-gone", {"vpc-1"}) is True


def test_a_group_of_another_vpc_is_not_worn_here() -> None:
    away = guarded("sg-cache", vpc_id="vpc-2")
    assert unknown("sg-cache", state=away) == ["security group sg-cache belongs to another VPC"]
    assert unknown("sg-cache", near=("sg-none",), state=away) == []
    assert unknown("sg-cache", state=guarded("sg-cache", vpc_id="")) == []
    lost = guarded("sg-registry", vpc_id="")
    assert unknown("sg-cache", near=("sg-registry",), state=lost) == []


@pytest.mark.parametrize(
    ("pair", "owner", "lives"),
    [
        ({}, "", True), ({"VpcId": "vpc-1"}, "", True), ({"VpcId": "vpc-2"}, "", False),
        ({"VpcPeeringConnectionId": "pcx"}, "", False), ({"UserId": "1"}, "1", True),
        ({"UserId": "2"}, "1", False), ({"UserId": "2"}, "", True),
    ],
)  # fmt: skip
def test_a_peered_group_is_none_of_this_vpc(pair: dict[str, str], owner: str, lives: bool) -> None:
    pairs = [{"GroupId": "sg-gone", **pair}, {"GroupId": "sg-o", "VpcPeeringConnectionId": "p"}]
    named = rule(1, "sg-gone", config={"UserIdGroupPairs": pairs})
    state = guarded("sg-mlflow", ingress=(named,), owner=owner)
    assert (unknown("sg-gone", state=state) == []) is lives
