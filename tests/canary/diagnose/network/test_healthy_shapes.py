"""Healthy VPCs of other people: their way is not to blame for what an application does."""

from __future__ import annotations

import pytest

from canary.control_plane.baselines import Baseline, Baselines
from canary.control_plane.stable import reference
from canary.control_plane.state import PlatformState, TargetHealth
from canary.control_plane.vpc import (
    Endpoint,
    NatGateway,
    Network,
    PrefixList,
    Route,
    RouteTable,
    Subnet,
)
from canary.diagnose import diagnose
from canary.diagnose.core.mechanisms import WAYS
from canary.model import Confidence, Diagnosis, Result
from tests.canary.support import networks as n
from tests.canary.support import platforms as p

NAMES = p.Names()
SUBNETS = tuple(Subnet(id=i, cidr=c, vpc_id=n.VPC) for i, c in n.CIDRS.items())
ZERO = "0.0.0.0/0"
API = "https://registry.hokus.ai/health"


def private(*routes: Route) -> Network:
    """A VPC whose private subnets have these routes beside the local one."""
    return n.with_routes(n.healthy(), "rtb-private", n.LOCAL, *routes)


def point(ident: str, kind: str, service: str = "s3") -> Endpoint:
    return Endpoint(id=ident, type=kind, service=f"com.amazonaws.us-east-1.{service}",
                    state="available", vpc_id=n.VPC, private_dns=kind == "Interface",
                    subnets=("subnet-private-b",), route_tables=("rtb-private",))  # fmt: skip


def by(target: str, kind: str, destination: str = ZERO) -> Route:
    return Route(destination=destination, target=target, kind=kind)


def six() -> Network:
    """Private subnets of IPv6 alone."""
    found = private(by("eigw-1", "EgressOnlyInternetGatewayId", "::/0"))
    subnets = tuple(
        n.replace(s, cidr="", ipv6_cidrs=("2600:1:0:2::/64",)) if "private" in s.id else s
        for s in found.subnets
    )
    return n.replace(found, subnets=subnets)


def inspected() -> Network:
    """A firewall between the subnets and the internet, in both directions."""
    found = n.with_routes(
        private(by("vpce-fw", "GatewayId")), "rtb-main", n.LOCAL, by("vpce-fw", "GatewayId")
    )
    return n.replace(found, endpoints=(point("vpce-fw", "GatewayLoadBalancer", "fw"),))


def by_lists() -> Network:
    found = private(by("tgw-1", "TransitGatewayId", "pl-1"), by("tgw-1", "TransitGatewayId"))
    return n.replace(found, prefix_lists=(PrefixList(id="pl-1", cidrs=("10.0.0.0/8",)),))


def two_tables() -> Network:
    found = n.healthy()
    main, inner = found.route_tables
    other = RouteTable(id="rtb-b", vpc_id=n.VPC, subnets=("subnet-private-b",), routes=(n.LOCAL,))
    mine = n.replace(inner, subnets=("subnet-private",))
    return n.replace(found, route_tables=(main, mine, other))


def foreigners() -> Network:
    """ACLs with numbered denies of addresses of others, and of ports that are not served."""
    found = n.healthy()
    for acl in ("acl-public", "acl-private"):
        found = n.with_entries(
            found, acl,
            n.entry(1, False, "203.0.113.0/24"), n.entry(2, False, "198.51.100.7/32"),
            n.entry(3, False, "203.0.113.0/24", egress=True), n.entry(4, False, ports=(22, 22)),
            n.entry(5, False, ports=(3389, 3389)), n.entry(6, False, "2001:db8::/32"),
        )  # fmt: skip
    return found


def shared() -> Network:
    """Subnets of another account, whose gateways and endpoints are not shown."""
    found = n.healthy()
    subnets = tuple(n.replace(s, owner="999999999999") for s in found.subnets)
    return n.replace(found, subnets=subnets, nat_gateways=(), internet_gateways=())


def private_nat() -> Network:
    nat = NatGateway(id="nat-1", state="available", subnet="subnet-private-b",
                     connectivity="private", vpc_id=n.VPC)  # fmt: skip
    return n.replace(two_tables(), nat_gateways=(nat,))


SHAPES = {
    "a transit gateway": private(by("tgw-1", "TransitGatewayId")),
    "an egress VPC by peering": private(by("pcx-1", "VpcPeeringConnectionId")),
    "IPv6 only": six(),
    "a firewall's endpoints": inspected(),
    "routes by prefix lists": by_lists(),
    "two route tables": two_tables(),
    "denies of foreign addresses": foreigners(),
    "shared subnets": shared(),
    "a gateway endpoint": n.replace(
        private(n.BY_NAT, by("vpce-s3", "GatewayId", "pl-s3")),
        endpoints=(point("vpce-s3", "Gateway"),),
    ),
    "a private NAT gateway": private_nat(),
    "interface endpoints and no NAT": n.replace(
        private(), nat_gateways=(),
        endpoints=tuple(point(f"vpce-{s}", "Interface", s) for s in ("ecr.api", "ecr.dkr", "logs")),
    ),
    "public tasks": n.replace(private(n.BY_IGW), nat_gateways=()),
}  # fmt: skip
PUBLIC = {"public tasks": "ENABLED"}


def platform(shape: str, health: str = "healthy") -> PlatformState:
    state = p.replace(p.healthy(), subnets=SUBNETS, network=SHAPES[shape])
    public = PUBLIC.get(shape, "DISABLED")
    services = tuple(p.replace(s, public_address=public) for s in state.ecs_services)
    groups = tuple(
        p.replace(g, targets=tuple(
            TargetHealth(id=t.id, port=t.port, state=health,
                         reason="" if health == "healthy" else "Target.Timeout")
            for t in g.targets
        ))
        for g in state.target_groups
    )  # fmt: skip
    return p.replace(state, ecs_services=services, target_groups=groups)


def told(shape: str, result: Result, health: str, *, past: bool) -> list[Diagnosis]:
    """The diagnoses of ways, after good runs that did not read the VPC, or without a past."""
    before = p.replace(platform(shape), network=None)
    base = Baseline(at=p.ago(5), reference=reference(before), state=before)
    known = Baselines(of={result.check_id: base}, incident=base) if past else Baselines()
    verdict = diagnose(
        [result], platform(shape, health), p.environment(NAMES), before if past else None, p.NOW,
        known,
    )  # fmt: skip
    return [d for d in verdict.diagnoses if d.cause in WAYS]


BROKEN = {
    "the API's own error": p.failed(
        "registry.health", "registry",
        p.answer(API, 500, '{"detail": "KeyError: model"}', answered_by="target"),
    ),
    "another answer": p.failed(
        "registry.health", "registry", p.answer(API, 404, '{"detail": "Not Found"}',
                                                answered_by="target"),
    ),
    "a task that refuses": p.failed(
        "registry.health", "registry", p.answer(API, 502, p.PAGES[502], content_type="text/html",
                                                answered_by="balancer"),
    ),
    "another service's error": p.failed(
        "auth.health", "auth",
        p.answer("https://auth.hokus.ai/health", 500, '{"detail": "oops"}', answered_by="target"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("past", [True, False])
def test_an_error_of_an_application_blames_no_way(shape: str, fault: str, past: bool) -> None:
    assert told(shape, BROKEN[fault], "healthy", past=past) == []


LATE = {
    "the balancer waits": p.failed(
        "registry.health", "registry", p.answer(API, 504, p.PAGES[504], content_type="text/html",
                                                answered_by="balancer"),
    ),
    "nobody answers": p.failed("registry.health", "registry", p.none(API, "read-timeout")),
    "nobody accepts": p.failed("registry.health", "registry", p.none(API, "connect-timeout")),
    "a database in vain": p.failed(
        "registry.health", "registry",
        p.answer(API, 503, '{"database": "connection to 10.0.2.9:5432 timed out"}',
                 answered_by="target"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("fault", LATE)
@pytest.mark.parametrize("health", ["healthy", "unhealthy"])
@pytest.mark.parametrize("past", [True, False])
def test_a_time_out_of_an_application_is_no_way_for_certain(
    shape: str, fault: str, health: str, past: bool
) -> None:
    found = told(shape, LATE[fault], health, past=past)
    assert [d for d in found if d.confidence is Confidence.CERTAIN] == []


def test_a_way_that_is_closed_is_found_in_each_of_them() -> None:
    """The shapes are read: beside each of them a rule that denies is named."""
    deny = n.entry(1, False, "10.0.0.0/16", (8001, 8001))
    for shape, network in SHAPES.items():
        closed = n.with_entries(network, "acl-private", deny)
        state = p.replace(platform(shape, "unhealthy"), network=closed)
        verdict = diagnose(
            [LATE["the balancer waits"]], state, p.environment(NAMES), None, p.NOW, Baselines()
        )
        named = {d.resource for d in verdict.diagnoses if d.cause == "network-acl-blocked"}
        assert named == (set() if shape == "IPv6 only" else {"acl-private"}), shape
