"""Which connections the platform needs, between which groups, and what their loss explains."""

from __future__ import annotations

from typing import Any, NamedTuple

from canary.control_plane.firewall import Side
from canary.control_plane.state import PlatformState
from canary.diagnose.network.connections import connections, side_of
from canary.model import Environment, Result, Service
from tests.canary.support import networks as n
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import BALANCER, ENVIRONMENT, HEALTHY, NAMES, case

AUTH, REGISTRY = faults.AUTH, faults.REGISTRY
INNER, OUTER = ("10.0.1.0/24",), ("10.0.101.0/24",)
ALL = ("0.0.0.0/0",)
End = tuple[tuple[str, ...], tuple[str, ...]]


class Way(NamedTuple):
    """What is told of a connection; `lost` are the checks that its loss explains."""

    source: End
    target: End
    port: int
    service: str
    owner: str
    outside: bool = False
    lost: tuple[str, ...] = ()


def end(side: Side) -> End:
    return tuple(g.id for g in side.groups), side.networks


def ways(
    state: PlatformState = HEALTHY, *results: Result, environment: Environment = ENVIRONMENT
) -> dict[str, Way]:
    """Return the connections by their name, and by their port where that is not the usual one."""
    found: dict[str, Way] = {}
    for one in connections(case(state, None, *results, environment=environment)):
        lost = tuple(sorted(f.check_id for f in one.explained_failures))
        name = one.name if one.name not in found else f"{one.name}:{one.port}"
        found[name] = Way(
            end(one.source), end(one.target), one.port, one.service, one.owner, one.outside, lost
        )
    return found


def file(**services: dict[str, Any]) -> Environment:
    known = {n: p.replace(ENVIRONMENT.services[n], **f) for n, f in services.items()}
    return p.replace(ENVIRONMENT, services={**ENVIRONMENT.services, **known})


def test_the_connections_of_a_platform_are_those_of_its_file() -> None:
    auth, api, mlflow = ((f"sg-{n}",) for n in ("auth", "registry", "mlflow"))
    cache, database = (("sg-cache",), ()), (("sg-database",), ())
    web, lb = (("sg-lb-auth",), OUTER), (("sg-lb-registry",), OUTER)
    assert ways() == {
        "the internet to hokusai-auth-lb": Way(((), ALL), web, 443, "auth", "auth"),
        "hokusai-auth-lb to auth": Way(web, (auth, INNER), 8000, "auth", "auth"),
        "auth to database": Way((auth, INNER), database, 5432, "database", "auth"),
        "auth to cache": Way((auth, INNER), cache, 6379, "cache", "auth"),
        "the internet to hokusai-registry-lb": Way(((), ALL), lb, 443, "registry", "registry"),
        "hokusai-registry-lb to registry": Way(lb, (api, INNER), 8001, "registry", "registry"),
        "registry to the public name of auth": Way(
            (api, ALL), (("sg-lb-auth",), ALL), 443, "auth", "registry", True),
        "registry to mlflow": Way((api, INNER), (mlflow, INNER), 5000, "mlflow", "registry"),
        "registry to cache": Way((api, INNER), cache, 6379, "cache", "registry"),
        "registry to database": Way((api, INNER), database, 5432, "database", "registry"),
        "hokusai-registry-lb to mlflow": Way(lb, (mlflow, INNER), 5000, "mlflow", "mlflow"),
        "mlflow to database": Way((mlflow, INNER), database, 5432, "database", "mlflow"),
    }  # fmt: skip


# --- one end


def side(name: str, state: PlatformState = HEALTHY, environment: Environment = ENVIRONMENT) -> Any:
    found = side_of(case(state, environment=environment), name)
    return end(found) if found else None


def guards(*vpcs: str) -> PlatformState:
    """Return the platform with a group of the cache's name in each of these networks."""
    (cache,) = [g for g in HEALTHY.security_groups if g.id == "sg-cache"]
    others = tuple(g for g in HEALTHY.security_groups if g is not cache)
    made = tuple(p.replace(cache, id=f"sg-{n}", vpc_id=v) for n, v in enumerate(vpcs))
    return p.replace(HEALTHY, security_groups=(*others, *made))


def test_an_end_is_known_where_each_of_its_groups_is() -> None:
    assert side("auth") == (("sg-auth",), INNER)
    two = ("sg-auth", "sg-registry")
    assert side("auth", faults.service(HEALTHY, "auth", security_groups=two)) == (two, INNER)
    strange = faults.service(HEALTHY, "auth", security_groups=("sg-auth", "sg-none"))
    assert side("auth", strange) is None
    assert side("nobody") is None
    assert side("cache", environment=file(cache={"security_group": ""})) is None
    nameless = p.replace(
        HEALTHY, security_groups=tuple(p.replace(g, name="") for g in HEALTHY.security_groups)
    )
    assert side("cache", nameless, file(cache={"security_group": ""})) is None


def test_the_addresses_of_an_end_are_known_where_each_of_its_subnets_is() -> None:
    both = faults.service(HEALTHY, "auth", subnets=("subnet-private", "subnet-public"))
    assert side("auth", both) == (("sg-auth",), (*INNER, *OUTER))
    one = faults.service(HEALTHY, "auth", subnets=("subnet-private", "subnet-none"))
    assert side("auth", one) == (("sg-auth",), ())
    blank = p.change(HEALTHY, "subnets", "subnet-private", cidr="")
    assert side("auth", blank) == (("sg-auth",), ())


def test_of_groups_alike_the_one_in_the_balancers_network_is_chosen() -> None:
    assert side("cache", guards("vpc-9")) == (("sg-0",), ())  # the only one, wherever it is
    assert side("cache", guards("vpc-9", "vpc-1", "vpc-8")) == (("sg-1",), ())
    assert side("cache", guards("vpc-9", "vpc-1")) == (("sg-1",), ())
    assert side("cache", guards("vpc-9", "vpc-8")) is None
    assert side("cache", guards("vpc-1", "vpc-1")) is None
    homeless = guards("", "vpc-9")
    for balancer in HEALTHY.load_balancers:
        homeless = p.change(homeless, "load_balancers", balancer.arn, vpc_id="")
    assert side("cache", homeless) is None


# --- clients and balancers

WEB = "the internet to hokusai-registry-lb"


def to_registry(state: PlatformState = HEALTHY, *results: Result, **registry: Any) -> set[int]:
    found = ways(state, *results, environment=file(registry=registry))
    return {w.port for n, w in found.items() if n.startswith(WEB)}


def test_a_balancer_of_which_a_group_is_unknown_is_no_end() -> None:
    arn = BALANCER.arn
    for groups in ((), ("sg-lb-registry", "sg-none"), ("sg-none",)):
        found = ways(p.change(HEALTHY, "load_balancers", arn, security_groups=groups))
        assert not [n for n in found if "hokusai-registry-lb" in n]
        assert "the internet to hokusai-auth-lb" in found
    assert to_registry(load_balancer="none") == to_registry(url="") == set()
    assert to_registry() == {443}


def test_clients_of_an_inner_balancer_have_groups_of_their_own() -> None:
    inner = p.change(HEALTHY, "load_balancers", BALANCER.arn, scheme="internal")
    assert WEB not in ways(inner)
    assert ways(inner)["the clients to hokusai-registry-lb"].port == 443
    known = {
        c.name: c.source.groups_known for c in connections(case(inner)) if "clients to" in c.name
        or "internet to" in c.name
    }  # fmt: skip
    assert known == {
        "the clients to hokusai-registry-lb": False, "the internet to hokusai-auth-lb": True,
    }  # fmt: skip


def late(check: str, url: str, failure: str = "connect-timeout", **more: Any) -> Result:
    return p.failed(check, "registry", p.none(url, failure), **more)


def test_each_port_that_was_asked_is_a_connection_of_its_own() -> None:
    found = ways(
        HEALTHY,
        late("a", f"{REGISTRY}/health"),
        late("b", f"https://registry.{NAMES.domain}:8443/x"),
        late("c", f"http://registry.{NAMES.domain}/x"),
        late("d", f"{REGISTRY}/health", "dns"),
        late("e", f"{AUTH}/health"),
        p.failed("f", "registry", p.page(f"{REGISTRY}/health", 503)),
        p.control("certificate", "registry"),
        p.control("certificate", "auth"),
        p.failed("h", "registry", faults.auth_unavailable()),
    )
    lost = {name: way.lost for name, way in found.items() if name.startswith(WEB)}
    assert lost == {
        WEB: ("b",), f"{WEB}:443": ("a", "registry.certificate"), f"{WEB}:80": ("c",),
    }  # fmt: skip
    assert found["the internet to hokusai-auth-lb"].lost == ("auth.certificate", "e", "h")


def test_what_others_report_counts_only_beside_a_request_that_got_no_answer() -> None:
    reported = p.failed("h", "registry", faults.auth_unavailable())
    for more in (p.control("certificate", "auth"), late("d", f"{AUTH}/health", "dns")):
        assert ways(HEALTHY, reported, more)["the internet to hokusai-auth-lb"].lost == ()
    other = late("p", f"https://auth.{NAMES.domain}:8443/x")
    found = ways(HEALTHY, reported, other)
    assert found["the internet to hokusai-auth-lb"].lost == ("p",)
    assert found["the internet to hokusai-auth-lb:443"].lost == ()


# --- balancers and tasks


def ports(state: PlatformState = HEALTHY, environment: Environment = ENVIRONMENT) -> list[int]:
    found = ways(state, environment=environment)
    return [w.port for n, w in found.items() if n.startswith("hokusai-auth-lb to auth")]


def test_a_balancer_reaches_the_port_of_the_container() -> None:
    group = NAMES.group("auth")
    (target,) = next(g for g in HEALTHY.target_groups if g.arn == group).targets
    moved = p.change(HEALTHY, "target_groups", group, targets=(p.replace(target, port=9),))
    assert ports(moved) == [8000]
    none = p.replace(HEALTHY, target_groups=())
    assert ports(none) == [8000]
    # without the revision: the targets', else the service's, else the file's
    bare = p.replace(moved, task_definitions=())
    assert ports(bare) == [9]
    two = (p.replace(target, port=9), p.replace(target, port=7), p.replace(target, port=0))
    assert ports(p.change(bare, "target_groups", group, targets=two)) == [7, 9]
    empty = p.change(bare, "target_groups", group, targets=())
    assert ports(faults.service(empty, "auth", container_ports=(5, 0, 4))) == [4, 5]
    plain = faults.service(empty, "auth", container_ports=())
    assert ports(plain, file(auth={"port": 3})) == [3]
    # a connection of which an end is unknown is none
    assert ports(faults.service(HEALTHY, "auth", security_groups=("sg-none",))) == []
    assert ports(p.replace(HEALTHY, ecs_services=HEALTHY.ecs_services[1:])) == []


def test_the_loss_of_a_way_to_tasks_explains_their_outage() -> None:
    down = [p.failed("auth.health", "auth", p.page(f"{AUTH}/health", 504)),
            p.control("target_group", "auth"), p.control("listener_rule", "auth"),
            p.failed("registry.x", "registry", p.page(f"{REGISTRY}/health", 504))]  # fmt: skip
    found = ways(HEALTHY, *down)
    assert found["hokusai-auth-lb to auth"].lost == (
        "auth.health", "auth.target-group", "registry.x",
    )  # fmt: skip
    assert found["hokusai-registry-lb to registry"].lost == ("registry.x",)


# --- tasks and what they depend on


def test_a_dependency_is_a_way_where_both_ends_and_its_port_are_known() -> None:
    assert "auth to cache" not in ways(environment=file(cache={"port": 0}))
    assert "auth to cache" not in ways(environment=file(cache={"security_group": "none"}))
    away = faults.service(HEALTHY, "auth", security_groups=("sg-none",))
    assert not [n for n in ways(away) if n.startswith("auth to")]
    assert "registry to cache" in ways(away)
    strange = file(auth={"depends_on": ("nobody", "cache")})
    assert [n for n in ways(environment=strange) if n.startswith("auth to")] == ["auth to cache"]
    # what is no ECS service asks from places that are not known
    other = p.replace(ENVIRONMENT, services={
        "queue": Service(security_group="cache-guard", depends_on=("database",)),
        "database": ENVIRONMENT.services["database"],
    })  # fmt: skip
    assert ways(environment=other) == {}


PUBLIC = "registry to the public name of auth"


def test_a_part_with_two_addresses_is_reached_by_the_one_that_is_asked() -> None:
    def asked(url: str, **auth: Any) -> list[str]:
        state = HEALTHY
        for number in (6, 7):
            known = p.definition(NAMES, "registry", number).containers[0]
            made = p.replace(known, plain={**known.plain, "AUTH_SERVICE_URL": url})
            arn = NAMES.revision("registry", number)
            state = p.change(state, "task_definitions", arn, containers=(made,))
        return [n for n in ways(state, environment=file(auth=auth)) if n.endswith(" auth")
                and n.startswith("registry")]  # fmt: skip

    assert asked(AUTH) == [PUBLIC]
    assert asked("http://auth.hokusai.local:8000") == ["registry to auth"]
    assert asked("http://elsewhere.example") == []
    assert asked("http://elsewhere.example", discovery="") == [PUBLIC]


def test_a_public_name_is_a_way_also_where_its_balancer_is_not_known() -> None:
    assert ways(environment=file(auth={"load_balancer": "none"}))[PUBLIC].target == ((), ALL)
    port = ways(environment=file(auth={"url": f"{AUTH}:8443"}))[PUBLIC].port
    assert port == 8443


def leaving(address: str, *addresses: str) -> PlatformState:
    """Return the platform whose registry's tasks have public addresses or none, behind NAT."""
    network = n.healthy()
    gateways = tuple(n.replace(g, addresses=addresses) for g in network.nat_gateways)
    state = faults.service(HEALTHY, "registry", public_address=address)
    return p.replace(state, network=n.replace(network, nat_gateways=gateways))


def test_a_public_name_sees_tasks_by_the_addresses_of_their_nat_gateways() -> None:
    api = ("sg-registry",)
    by_nat = leaving("DISABLED", "198.51.100.7", "198.51.100.8")
    nat = ("198.51.100.7/32", "198.51.100.8/32")
    assert ways(by_nat)[PUBLIC].source == (api, nat)
    assert ways(leaving("DISABLED"))[PUBLIC].source == (api, ALL)  # not known
    assert ways(leaving("ENABLED", "198.51.100.7"))[PUBLIC].source == (api, ALL)  # its own ones
    assert ways(p.replace(by_nat, network=None))[PUBLIC].source == (api, ALL)
    assert ways(by_nat)["registry to mlflow"].source == (api, INNER)


def test_the_balancer_of_an_inner_name_sees_the_tasks_own_addresses() -> None:
    arn = HEALTHY.load_balancers[0].arn
    inner = p.change(leaving("DISABLED", "198.51.100.7"), "load_balancers", arn, scheme="internal")
    assert ways(inner)[PUBLIC].source == (("sg-registry",), INNER)
    unknown = file(auth={"load_balancer": "none"})  # it may be in front of anything
    seen = ways(leaving("DISABLED", "198.51.100.7"), environment=unknown)[PUBLIC].source
    assert seen == (("sg-registry",), ("198.51.100.7/32",))


def test_tasks_are_where_they_run_else_where_they_may() -> None:
    def subnets(**fields: Any) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        state = faults.service(HEALTHY, "registry", **fields)
        return {c.name: (c.source_subnets, c.target_subnets) for c in connections(case(state))}

    may = {"subnets": ("subnet-private", "subnet-public")}
    told = subnets(**may)
    assert told["hokusai-registry-lb to registry"] == (("subnet-public",), may["subnets"])
    assert told["the internet to hokusai-registry-lb"] == ((), ("subnet-public",))
    assert told["registry to mlflow"] == (may["subnets"], ("subnet-private",))
    assert told["registry to cache"] == (may["subnets"], ())
    assert told[PUBLIC] == (may["subnets"], ())
    running = p.running_task(NAMES, "registry")
    tasks = tuple(p.replace(running, arn=f"t/{s}", subnet=s) for s in ("subnet-b", "subnet-a", ""))
    told = subnets(tasks=tasks, **may)
    assert told["registry to mlflow"] == (("subnet-a", "subnet-b"), ("subnet-private",))
    gone = p.replace(tasks[0], last_status="STOPPED", desired_status="STOPPED", stopped_at="x")
    assert subnets(tasks=(gone, tasks[1]), **may)[PUBLIC] == (("subnet-a",), ())


def test_the_loss_of_a_way_to_a_dependency_explains_what_came_that_way() -> None:
    url = f"http://mlflow.{NAMES.prefix}.local:5000"
    body = f'{{"detail":"Failed to connect to MLflow server at {url}"}}'
    through = p.failed("proxy", "registry", p.answer(faults.PROXY, 502, body))
    direct = p.failed("ui", "registry", p.page(f"{REGISTRY}/mlflow/", 503))
    found = ways(HEALTHY, through, direct)
    assert found["registry to mlflow"].lost == ("proxy",)
    assert found["hokusai-registry-lb to mlflow"].lost == ("proxy", "ui")
    assert found["registry to cache"].lost == ()
