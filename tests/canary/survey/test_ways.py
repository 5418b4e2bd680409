"""Which service an address is of, which routes lead to it, and which checks follow."""

from __future__ import annotations

import pytest

from canary.control_plane.state import (
    Action,
    Certificate,
    Condition,
    Container,
    EcsService,
    Forward,
    Listener,
    LoadBalancer,
    Rule,
    TargetGroup,
    TaskDefinition,
)
from canary.model import Environment, Role, RouteRule, Service
from canary.survey import checks, entries, names, ways
from canary.survey.values import Asked, AskedUrl, Entry, Part

BALANCER = "arn:balancer/front"


def group(name: str, *, attached: bool = True, path: str = "/health") -> TargetGroup:
    return TargetGroup(
        arn=f"arn:{name}", name=name, protocol="HTTP", port=80, health_path=path,
        load_balancers=(BALANCER,) if attached else (),
    )  # fmt: skip


def part(name: str, *groups: TargetGroup) -> Part:
    service = EcsService(
        name=f"shop-{name}", arn="", status="ACTIVE", desired=1, running=1, pending=0,
        task_definition="d",
    )  # fmt: skip
    return Part(name=name, service=service, definition=None, groups=groups)


def rule(priority: str, to: str, *paths: str, host: str = "") -> Rule:
    conditions = [Condition(field="path-pattern", values=paths)] if paths else []
    conditions += [Condition(field="host-header", values=(host,))] if host else []
    action = Action(type="forward", forwards=(Forward(target_group=f"arn:{to}"),))
    return Rule(arn=f"r{priority}", priority=priority, conditions=tuple(conditions), action=action)


NOBODY = Rule(arn="rd", priority="default", action=Action(type="fixed-response", status_code="404"))


def balancer(*listeners: Listener) -> LoadBalancer:
    return LoadBalancer(
        arn=BALANCER, name="front", dns_name="front.elb.example", listeners=listeners
    )


def secure(*rules: Rule, port: int = 443) -> Listener:
    return Listener(arn="l", port=port, protocol="HTTPS", rules=rules)


def entry(*rules: Rule, host: str = "shop.example") -> Entry:
    listener = secure(*rules)
    return Entry(
        scheme="https", host=host, port=443, balancer=balancer(listener), listener=listener
    )


def url(path: str = "", service: str = "") -> AskedUrl:
    return AskedUrl(
        base="https://shop.example", host="shop.example", port=443, path=path, service=service
    )


WEB, CART = part("web", group("web")), part("cart", group("cart"))
ASKED = Asked(region="eu-west-1", urls=(url(),))


def test_who_answers_at_the_root_has_the_address_and_the_others_have_routes() -> None:
    way_in = entry(rule("10", "cart", "/cart/*", "/cart"), rule("default", "web"))
    found = ways.found((way_in,), (WEB, CART), ASKED)
    assert found.urls == {"web": "https://shop.example"}
    assert found.balancers == {"web": "front", "cart": "front"}
    assert found.routes == (
        RouteRule(
            path="/cart/", service="cart", host="shop.example", pattern="/cart/*", priority=10
        ),
        RouteRule(path="/cart", service="cart", host="shop.example", pattern="/cart", priority=10),
        RouteRule(path="/health", service="web", host="shop.example"),
    )


def test_one_service_below_a_prefix_has_it_in_its_address() -> None:
    way_in = entry(rule("7", "web", "/lab", "/lab/*"), NOBODY)
    assert ways.found((way_in,), (WEB,), ASKED).urls == {"web": "https://shop.example/lab"}


def test_several_services_without_a_root_share_the_host() -> None:
    way_in = entry(rule("1", "web", "/web/*"), rule("2", "cart", "/cart/*"), NOBODY)
    host = "https://shop.example"
    assert ways.found((way_in,), (WEB, CART), ASKED).urls == {"web": host, "cart": host}


def test_a_service_that_a_person_names_has_the_address() -> None:
    asked = Asked(region="eu-west-1", urls=(url(service="shop-cart"),))
    way_in = entry(rule("default", "web"))
    assert ways.found((way_in,), (WEB, CART), asked).urls == {"cart": "https://shop.example"}


def test_a_rule_of_another_host_or_of_a_header_makes_no_route() -> None:
    header = Rule(
        arn="h", priority="3", action=rule("3", "cart").action,
        conditions=(Condition(field="http-header", name="x-beta", values=("1",)),),
    )  # fmt: skip
    way_in = entry(header, rule("4", "cart", "/x/*", host="other.example"), rule("default", "web"))
    assert [r.path for r in ways.found((way_in,), (WEB, CART), ASKED).routes] == ["/health"]


def test_a_named_path_is_of_the_lost_service_that_has_its_word() -> None:
    lost = part("cart", group("cart", attached=False))
    asked = Asked(region="eu-west-1", urls=(url("/cart/items?page=2"),))
    found = ways.found((entry(rule("default", "web")),), (WEB, lost), asked)
    assert found.asked == (("web", "/cart/items?page=2"),)
    assert found.routes[0] == RouteRule(path="/cart/items", service="cart", host="shop.example")


def test_a_named_path_that_leads_to_somebody_else_is_no_route_of_ours() -> None:
    """Without a past nobody knows that it should lead to us: it may never have."""
    way_in = entry(rule("5", "lab", "/lab/*"), rule("default", "web"))
    asked = Asked(region="eu-west-1", urls=(url("/lab/x?y=1"), url("/web/x")))
    found = ways.found((way_in,), (WEB,), asked)
    assert [(r.path, r.service) for r in found.routes] == [("/web/x", "web"), ("/health", "web")]
    assert found.asked == (("web", "/lab/x?y=1"), ("web", "/web/x"))
    assert [(n.key, n.text) for n in found.notes] == [
        (
            "url shop.example/lab/x?y=1",
            "a rule leads it to none of these services; SERVICE=URL says whose it is",
        )
    ]
    told = Asked(region="eu-west-1", urls=(url("/lab/x", service="shop-web"),))
    found = ways.found((way_in,), (WEB,), told)
    assert [(r.path, r.service) for r in found.routes] == [("/lab/x", "web"), ("/health", "web")]
    assert found.notes == ()


def test_a_named_path_that_nobody_takes_is_a_route_of_the_address() -> None:
    way_in = entry(rule("5", "web", "/web/*"), NOBODY)
    asked = Asked(region="eu-west-1", urls=(url("/gone"),))
    found = ways.found((way_in,), (WEB,), asked)
    assert found.routes[0] == RouteRule(path="/gone", service="web", host="shop.example")


def test_a_port_on_which_nobody_listens_is_a_door_without_a_listener() -> None:
    asked = Asked(region="eu-west-1", urls=(url(),))
    plain = Listener(arn="p", port=80, protocol="HTTP", default_actions=(Action(type="redirect"),))
    (found,) = entries.found(asked, {"shop.example": ("front", "")}, (balancer(plain),), ())
    assert (found.port, found.listener) == (443, None)
    assert ways.found((found,), (WEB,), asked).urls == {"web": "https://shop.example"}


def test_hosts_nobody_named_are_those_of_rules_else_the_balancers_own_over_http() -> None:
    named = secure(rule("1", "web", host="a.example"), rule("2", "web", host="*.b.example"))
    asked = Asked(region="eu-west-1")
    assert [d.base for d in entries.found(asked, {}, (balancer(named),), ())] == [
        "https://a.example"
    ]
    plain = Listener(arn="p", port=8080, protocol="HTTP", rules=(rule("default", "web"),))
    assert [d.base for d in entries.found(asked, {}, (balancer(plain),), ())] == [
        "http://front.elb.example:8080"
    ]
    assert entries.found(asked, {}, (balancer(secure(rule("default", "web"))),), ()) == ()


def certificate(*names_of: str) -> Certificate:
    return Certificate(arn="cert", domain=names_of[0], names=names_of)


def test_the_first_name_of_a_certificate_is_a_host_unless_it_has_a_wildcard() -> None:
    listener = Listener(
        arn="l", port=443, protocol="HTTPS", rules=(rule("default", "web"),),
        certificates=("cert",), default_certificate="cert",
    )  # fmt: skip
    asked = Asked(region="eu-west-1")
    for names_of, bases in (
        (("shop.example", "www.shop.example"), ["https://shop.example"]),
        (("*.shop.example", "shop.example"), []),
    ):
        own = (certificate(*names_of),)
        found = entries.found(asked, {}, (balancer(listener),), own)
        assert [e.base for e in found] == bases


def test_the_balancer_of_a_service_is_known_without_a_host() -> None:
    listener = secure(rule("default", "web"))
    found = ways.found((), (WEB,), Asked(region="eu-west-1"), (balancer(listener),))
    assert (found.urls, found.balancers) == ({}, {"web": "front"})


def environment(*routes: RouteRule, **service: object) -> Environment:
    own = Service(
        url="https://shop.example", ecs_service="shop-web", load_balancer="front",
        target_groups=("web",), health_path="/health", **service,
    )  # type: ignore[arg-type]  # fmt: skip  # keys of one test
    return Environment(
        name="x", account="0" * 12, region="eu-west-1", cluster="c", services={"web": own},
        routes=routes,
    )  # fmt: skip


def test_the_checks_of_a_service_ask_what_the_balancer_asks() -> None:
    way_in = entry(rule("default", "web"))
    route = RouteRule(path="/cart/", service="web", host="shop.example", pattern="/cart/*")
    made = checks.made(environment(route), (WEB,), (way_in.balancer,), (("web", "/items?x=1"),))
    by_id = {c.id: c for c in made}
    assert [*by_id] == [
        *("web.tasks", "web.targets", "web.routing", "web.certificate"),
        *("web.certificate-expiry", "web.certificate-renewal", "web.health"),
        *("web.answers-items", "web.answers-cart"),
    ]
    assert by_id["web.health"].spec.status == (200,)
    assert by_id["web.answers-items"].spec.path == "/items?x=1"
    assert 404 not in by_id["web.answers-items"].spec.status  # a person says that it serves
    assert 404 in by_id["web.answers-cart"].spec.status
    assert all(s < 500 for c in made for s in getattr(c.spec, "status", ()))


def test_nobody_asks_for_a_redirect_that_no_listener_gives() -> None:
    plain = Listener(arn="p", port=80, protocol="HTTP", default_actions=(Action(type="redirect"),))
    https = secure(rule("default", "web"))
    for listeners, has in (((https,), False), ((plain, https), True)):
        made = {c.id: c for c in checks.made(environment(), (WEB,), (balancer(*listeners),), ())}
        assert ("web.https-redirect" in made) is has
        assert made["web.routing"].spec.redirect_port == (None if has else 0)


def test_a_rule_that_asks_for_a_sign_in_refuses_first() -> None:
    guarded = Rule(
        arn="g", priority="default", action=rule("1", "web").action,
        earlier=(Action(type="authenticate-oidc"),),
    )  # fmt: skip
    made = {c.id: c for c in checks.made(environment(), (WEB,), (balancer(secure(guarded)),), ())}
    assert made["web.health"].spec.status == (302, 401, 403)


@pytest.mark.parametrize(
    ("matcher", "statuses"),
    [
        ("200", (200,)),
        ("200,301-302", (200, 301, 302)),
        ("200-499", checks.ANSWERS),
        ("0-99", (200,)),
        ("x", (200,)),
    ],
)
def test_a_matcher_is_a_list_of_statuses(matcher: str, statuses: tuple[int, ...]) -> None:
    assert checks.codes(matcher) == statuses


@pytest.mark.parametrize(
    ("every", "cluster", "short"),
    [
        (["shop-api-prod", "shop-web-prod"], "prod", ["api", "web"]),
        (["checkout-prod"], "prod", ["checkout"]),
        (["prod"], "prod", ["prod"]),
        (["api", "api-worker"], "c", ["api", "worker"]),
        (["A_b", "a-B"], "c", ["a_b", "a-b"]),
    ],
)
def test_names_are_short_and_their_own(every: list[str], cluster: str, short: list[str]) -> None:
    assert [names.short(every, cluster)[n] for n in every] == short


def definition(image: str, *variables: str) -> TaskDefinition:
    return TaskDefinition(
        arn="d", family="f", revision=1,
        containers=(Container(name="c", image=image, variables=variables),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "image", "variables", "calls", "role"),
    [
        ("tracker", "123.dkr/ml/mlflow:2.1", (), (), Role.MLFLOW),
        ("tracker", "x", ("MLFLOW_BACKEND_STORE_URI",), (), Role.MLFLOW),
        ("user-auth", "x", (), ("db",), Role.IDENTITY),
        ("authors", "x", (), (), Role.OTHER),
        ("checkout", "x", (), ("cart",), Role.API),
        ("checkout", "x@sha256:authority", ("MLFLOW_TRACKING_URI",), (), Role.OTHER),
    ],
)
def test_a_role_is_guessed_by_what_a_service_is_called_or_does(
    name: str, image: str, variables: tuple[str, ...], calls: tuple[str, ...], role: Role
) -> None:
    assert names.role(name, definition(image, *variables), calls)[0] is role
