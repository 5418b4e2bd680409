"""Listeners that are missing or do not redirect: what they explain, and how sure that is."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import (
    Action,
    Forward,
    HostAddress,
    PlatformState,
    Rule,
    TargetHealth,
)
from canary.diagnose.routing.listeners import describe, listeners, redirects, unused
from canary.model import Environment, Result
from tests.canary.support import platforms as p
from tests.canary.support.routed import (
    API,
    BALANCER,
    ENVIRONMENT,
    HEALTHY,
    HOST,
    MLFLOW,
    NAMES,
    PLAIN,
    SECURE,
    case,
    platform,
    rule,
    to,
)

AUTH_HOST = f"auth.{NAMES.domain}"


def only(*there: Any, state: PlatformState = HEALTHY) -> PlatformState:
    """Return the platform whose registry has these listeners alone."""
    return p.change(state, "load_balancers", BALANCER.arn, listeners=there)


def lost(check: str, url: str, failure: str = "refused", service: str = "registry") -> Result:
    return p.failed(check, service, p.none(url, failure))


def found(
    state: PlatformState,
    *results: Result,
    before: PlatformState | None = None,
    environment: Environment = ENVIRONMENT,
) -> list[tuple[str, str, str, str]]:
    """Return each missing listener: its service, words, certainty and what it explains."""
    return [
        (f.service, f.summary, f.confidence.name,
         " ".join(sorted({x.check_id for x in f.explained_failures})))
        for f in listeners(case(state, before, *results, environment=environment))
    ]  # fmt: skip


SAID = f"The load balancer hokusai-registry-lb has no listener for {HOST}:"
NO_443 = only(PLAIN)
DEAD = lost("a", f"https://{HOST}/a")


def test_a_listener_is_missed_at_the_address_of_the_service() -> None:
    assert found(NO_443, DEAD) == [("registry", f"{SAID}443.", "CERTAIN", "a")]
    assert found(HEALTHY, DEAD) == []
    assert found(NO_443) == []
    assert found(p.replace(NO_443, load_balancers=NO_443.load_balancers[:1]), DEAD) == []


def test_the_wrong_protocol_at_the_port_is_no_listener() -> None:
    tls = only(PLAIN, p.replace(SECURE, protocol="TLS"))
    (shown,) = listeners(case(tls, None, DEAD))
    assert [(e.resource, e.seen, e.expected) for e in shown.evidence] == [
        ("hokusai-registry-lb", "listeners: 80 HTTP, 443 TLS", "a listener on port 443")
    ]
    (none,) = listeners(case(only(), None, DEAD))
    assert none.evidence[0].seen == "listeners: none"


def test_only_what_went_there_and_got_no_answer_of_a_service_is_explained() -> None:
    other = HEALTHY.load_balancers[0].name
    assert found(
        NO_443, DEAD,
        lost("b", f"https://{HOST}/b", "connect-timeout"),
        p.failed("c", "registry", p.answer(f"https://{HOST}/c", 500, "no")),
        p.failed("d", "registry", p.page(f"https://{HOST}/d", 503)),
        lost("e", f"https://{AUTH_HOST}/e"),
        lost("f", "https://other.example/f"),
        lost("g", f"https://{HOST}:8443/g"),
    )[0] == ("registry", f"{SAID}443.", "CERTAIN", "a b"), other  # fmt: skip


def test_checks_of_the_services_behind_it_follow() -> None:
    results = [
        DEAD,
        p.control("certificate", "registry"), p.control("certificate", "auth"),
        p.control("certificate", "mlflow"),
        p.control("listener_rule", "registry"), p.control("listener_rule", "auth"),
        p.control("listener_rule", "mlflow"),
        p.control("ecs_service", "registry"),
    ]  # fmt: skip
    explained = "a registry.certificate registry.listener-rule"
    assert found(NO_443, *results) == [("registry", f"{SAID}443.", "CERTAIN", explained)]
    assert found(NO_443, *results, p.control("listener_rule", "registry", "listener 80 redirects"))[
        0
    ] == ("registry", f"{SAID}443.", "CERTAIN", explained)


def test_who_cannot_ask_a_service_behind_it_follows() -> None:
    words = '{"detail":"Authentication service unavailable"}'
    told = p.failed("api", "registry", p.answer(f"https://{HOST}/api/v1/models", 503, words))
    auth = HEALTHY.load_balancers[0]
    without = p.change(HEALTHY, "load_balancers", auth.arn, listeners=auth.listeners[:1])
    dead = lost("a", f"https://{AUTH_HOST}/a", service="auth")
    assert [f[3] for f in found(without, dead, told)] == ["a api"]
    assert [f[3] for f in found(NO_443, DEAD, told)] == ["a"]


def unused_targets(state: PlatformState, group: str, *states: str) -> PlatformState:
    targets = tuple(TargetHealth(id=f"10.0.0.{n}", port=1, state=s) for n, s in enumerate(states))
    return p.change(state, "target_groups", group, targets=targets)


def test_targets_that_nothing_leads_to_follow() -> None:
    def explained(state: PlatformState, service: str) -> str:
        return found(state, DEAD, p.control("target_group", service))[0][3]

    assert explained(unused_targets(NO_443, API, "unused"), "registry") == "a registry.target-group"
    assert explained(unused_targets(NO_443, MLFLOW, "healthy", "unused"), "mlflow") == (
        "a mlflow.target-group"
    )
    assert explained(unused_targets(NO_443, API, "unhealthy"), "registry") == "a"
    assert explained(unused_targets(NO_443, NAMES.group("auth"), "unused"), "auth") == "a"


def test_targets_of_another_balancer_are_not_used_by_this_one() -> None:
    state = unused_targets(HEALTHY, API, "unused")
    assert unused(case(state), "registry", BALANCER.name)
    assert not unused(case(state), "registry", "another")
    assert not unused(case(state), "nobody", BALANCER.name)
    assert not unused(case(state), "cache", "")


# --- other ports


def test_a_port_that_only_redirects_is_missed_with_what_judges_it() -> None:
    redirect = p.control("listener_rule", "registry", "listener 80 redirects")
    seen = lost("b", f"http://{HOST}/b")
    plain = [("registry", f"{SAID}80.", "CERTAIN", "b registry.listener-rule")]
    was = HEALTHY
    assert found(only(SECURE), seen, redirect, before=was) == plain
    assert found(only(SECURE), redirect, before=was) == [(*plain[0][:3], "registry.listener-rule")]
    others = [p.control("listener_rule", "registry"), p.control("certificate", "registry"),
              p.control("listener_rule", "registry", "listener 8080 redirects"),
              p.control("listener_rule", "auth", "listener 80 redirects")]  # fmt: skip
    rows = found(only(SECURE), seen, redirect, *others, before=was)
    assert rows[0] == plain[0]
    assert rows[1:] == [("registry", f"{SAID}8080.", "LIKELY", "registry.listener-rule")]


def test_a_step_that_only_speaks_of_a_redirect_is_none() -> None:
    for step in ("listener 80 redirects twice", "the listener 80 redirects"):
        told = p.control("listener_rule", "registry", step)
        assert found(only(SECURE), told, before=HEALTHY) == []
    other = p.control("target_group", "registry", "listener 80 redirects")
    assert found(only(SECURE), other, before=HEALTHY) == []


def test_ports_are_named_in_order_the_one_of_the_url_first() -> None:
    results = [lost(str(n), f"{s}://{HOST}:{n}/x") for s, n in (
        ("http", 8081), ("https", 8080), ("https", 443))]  # fmt: skip
    rows = found(only(), *results, lost("away", f"http://{AUTH_HOST}:8082/x"))
    assert [(r[1].removeprefix(SAID), r[3]) for r in rows if r[0] == "registry"] == [
        ("443.", "443"), ("8080.", "8080"), ("8081.", "8081")
    ]  # fmt: skip


# --- how sure it is


def sure(*hosts: HostAddress, before: PlatformState | None = None, ports: str = "") -> str:
    services = dict(ENVIRONMENT.services)
    connect = {ports: "127.0.0.1:1"} if ports else {}
    services["registry"] = p.replace(services["registry"], connect_to=connect)
    known = p.replace(ENVIRONMENT, services=services)
    return found(p.replace(NO_443, hosts=hosts), DEAD, before=before, environment=known)[0][2]


def host(addresses: tuple[str, ...], balancer: tuple[str, ...], name: str = HOST) -> HostAddress:
    return HostAddress(host=name, addresses=addresses, balancer_addresses=balancer)


def test_it_is_certain_where_the_listener_was_there_or_its_clients_arrive_here() -> None:
    both = ("1.1.1.1", "2.2.2.2")
    assert sure() == "LIKELY"
    assert sure(before=HEALTHY) == "CERTAIN"
    assert sure(before=NO_443) == "LIKELY"
    assert sure(before=only(p.replace(SECURE, protocol="TLS"))) == "LIKELY"
    assert sure(ports="443") == "CERTAIN"
    assert sure(ports="80") == "LIKELY"
    assert sure(host(both, both[1:])) == "CERTAIN"
    assert sure(host(both, ("3.3.3.3",))) == "POSSIBLE"
    assert sure(host((), both)) == sure(host(both, ())) == "LIKELY"
    assert sure(host(both, ("3.3.3.3",), AUTH_HOST)) == "LIKELY"


# --- redirects


def turned(
    *rules: Rule, results: list[Result], environment: Environment = ENVIRONMENT, **plain: Any
) -> list[tuple[str, str, str, str]]:
    state = platform(plain=p.replace(PLAIN, rules=rules, **plain), secure=SECURE)
    return [
        (
            f.cause,
            f.resource,
            f.summary,
            " ".join(sorted({x.check_id for x in f.explained_failures})),
        )
        for f in redirects(case(state, None, *results, environment=environment))
    ]


def seen(check: str, url: str = f"http://{HOST}/health") -> Result:
    return p.failed(check, "registry", p.answer(url, 200))


DEFAULT = rule("default", arn="arn:80")
TOLD = "Port 80 of hokusai-registry-lb does not redirect to HTTPS"


def test_a_default_rule_that_serves_is_wrong_and_a_rule_before_it_is_in_the_way() -> None:
    assert turned(DEFAULT, results=[seen("a")]) == [
        ("rule-wrong-target", PLAIN.arn, f"{TOLD}.", "a")
    ]
    way = rule(3, "/health")
    assert turned(way, *PLAIN.rules, results=[seen("a"), seen("b", f"http://{HOST}/x")]) == [
        ("rule-shadowed", "arn:3", f"{TOLD}: rule 3 answers first.", "a")
    ]
    both = turned(way, DEFAULT, results=[seen("a"), seen("b", f"http://{HOST}/x")])
    assert [t[3] for t in both] == ["a", "b"]
    assert turned(*PLAIN.rules, results=[seen("a")]) == []


@pytest.mark.parametrize(
    ("redirect", "good"),
    [
        ("HTTPS://#{host}:443/#{path}?#{query}", True),
        ("https://#{host}:443/other", True),
        ("HTTPS://#{host}:8443/#{path}", False),
        ("HTTP://#{host}:443/#{path}", False),
        ("HTTPS://other.example:443/", False),
        ("", False),
    ],
)
def test_a_redirect_leads_to_the_same_host_at_the_port_of_the_url(
    redirect: str, good: bool
) -> None:
    action = Action(type="redirect", redirect=redirect)
    assert (turned(p.replace(DEFAULT, action=action), results=[seen("a")]) == []) is good


def test_requests_of_the_plain_port_and_the_check_of_its_redirect_are_explained() -> None:
    results = [
        seen("a"), seen("https", f"https://{HOST}/x"), seen("port", f"http://{HOST}:8080/x"),
        seen("host", f"http://{AUTH_HOST}/x"),
        p.control("listener_rule", "registry", "listener 80 redirects"),
        p.control("listener_rule", "registry", "listener 81 redirects"),
        p.control("listener_rule", "auth", "listener 80 redirects"),
    ]  # fmt: skip
    assert [t[3] for t in turned(DEFAULT, results=results)] == ["a registry.listener-rule"]
    judged = p.control("listener_rule", "registry", "listener 80 redirects")
    root = rule(3, "/")
    assert [t[1] for t in turned(root, DEFAULT, results=[judged])] == ["arn:3"]


def test_no_redirect_is_wanted_of_another_protocol_or_of_a_plain_service() -> None:
    assert turned(DEFAULT, results=[seen("a")], protocol="TCP") == []
    services = dict(ENVIRONMENT.services)
    services["registry"] = p.replace(services["registry"], url=f"http://{HOST}")
    plain = p.replace(ENVIRONMENT, services=services)
    assert turned(DEFAULT, results=[seen("a")], environment=plain) == []


def test_the_rule_and_the_redirect_that_is_wanted_are_shown() -> None:
    away = Action(type="redirect", status_code="HTTP_301", redirect="HTTP://#{host}:8080/")
    state = platform(
        plain=p.replace(PLAIN, rules=(p.replace(DEFAULT, action=away),)), secure=SECURE
    )
    (shown,) = redirects(case(state, None, seen("a")))
    assert [(e.resource, e.seen, e.expected) for e in shown.evidence] == [
        ("hokusai-registry-lb:80",
         "default rule answers with redirect HTTP_301 HTTP://#{host}:8080/",
         "redirect to HTTPS on port 443")
    ]  # fmt: skip
    assert shown.shown_failures == 1


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (rule(3, "/a", "/b"), "rule 3 (/a, /b) forwards to hokusai-registry-development-tg"),
        (rule("default", action=to(API, MLFLOW)),
         "default rule forwards to hokusai-registry-development-tg, hokusai-mlflow-development-tg"),
        (rule(3, "/a", action=to()), "rule 3 (/a) forwards to nothing"),
        (rule(3, action=to("arn:aws:x:targetgroup/gone/0f")), "rule 3 forwards to gone"),
        (rule(3, action=Action(type="fixed-response", status_code="404")),
         "rule 3 answers with fixed-response 404"),
        (rule(3, action=Action(type="redirect", forwards=(Forward(target_group=API),))),
         "rule 3 answers with redirect"),
    ],
)  # fmt: skip
def test_a_rule_is_described_with_the_names_of_its_groups(found: Rule, words: str) -> None:
    assert describe(case(), found) == words
