"""Which rule misroutes a path, and which fault of a rule that is: plain rules."""

from __future__ import annotations

import pytest

from canary.control_plane.state import Action, Forward, Listener, PlatformState, Rule
from canary.diagnose.core.case import Case
from canary.diagnose.routing.misroutes import (
    Misroute,
    Need,
    kind_of,
    leads_right,
    misrouted,
    needs,
    reached,
)
from canary.model import RouteRule
from tests.canary.support import platforms as p
from tests.canary.support.routed import (
    API,
    AUTH,
    BALANCER,
    ENVIRONMENT,
    HEALTHY,
    HOST,
    MLFLOW,
    case,
    listener,
    need,
    platform,
    rule,
    to,
)

DEFAULT = rule("default")
FIXED = Action(type="fixed-response", status_code="404")
NOBODY = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/nobody/1"
MLFLOW_RULE = rule(50, "/mlflow/*", action=to(MLFLOW))


def weighted(*forwards: tuple[str, int]) -> Action:
    return Action(
        type="forward", forwards=tuple(Forward(target_group=g, weight=w) for g, w in forwards)
    )


# --- what must be led right


def test_the_routes_come_first_then_each_path_that_failed_once() -> None:
    url = f"https://{HOST}/api/v1/x"
    results = [
        p.failed("a", "registry", p.answer(url, 404, method="POST")),
        p.failed("b", "registry", p.answer(url, 404, method="POST")),
        p.failed("c", "registry", p.answer(f"https://{HOST}/mlflow/x", 404)),
        p.failed("d", "registry", p.answer(f"https://{HOST}/docs", 404)),
        p.failed("e", "registry", p.answer(f"http://{HOST}/plain", 404)),
        p.failed("f", "registry", p.answer(f"https://{HOST}:8443/port", 404)),
        p.failed("g", "x", p.answer("https://other.example/a", 404)),
        p.failed("h", "auth", p.answer(f"https://auth.{p.Names().domain}/docs", 404)),
    ]
    routes = ENVIRONMENT.routes
    found = needs(case(HEALTHY, None, *results))
    assert found[: len(routes)] == tuple(
        Need(host=r.host, path=r.path, method="GET", service=r.service, pattern=r.pattern,
             priority=r.priority) for r in routes
    )  # fmt: skip
    assert found[len(routes) :] == (
        need("/api/v1/x", pattern="/api/*", priority=110, method="POST"),
        need("/mlflow/x", "mlflow", "/mlflow/*", priority=50),
        need("/docs"),
        need("/docs", "auth", host=f"auth.{p.Names().domain}"),
    )


def test_the_longest_pattern_of_the_service_and_the_host_counts() -> None:
    def of(path: str, *more: RouteRule) -> Need:
        known = p.replace(ENVIRONMENT, routes=(*ENVIRONMENT.routes, *more))
        bad = p.failed("a", "registry", p.answer(f"https://{HOST}{path}", 404))
        return needs(case(HEALTHY, None, bad, environment=known))[-1]

    assert of("/api/mlflow/x").pattern == "/api/mlflow/*"
    other = RouteRule(host=HOST, path="/api/v", service="mlflow", pattern="/api/v*", priority=3)
    away = RouteRule(host="b.example", path="/x", service="registry", pattern="/*", priority=4)
    assert of("/docs", away) == need("/docs")
    assert of("/api/x", other) == need("/api/x", pattern="/api/*", priority=110)


def test_a_route_of_a_service_that_the_file_does_not_have_is_not_needed() -> None:
    stray = RouteRule(host=HOST, path="/x", service="nobody", pattern="/x", priority=3)
    known = p.replace(ENVIRONMENT, routes=(stray,))
    assert needs(case(environment=known)) == ()


def test_the_first_path_with_a_pattern_stands_for_all() -> None:
    def shown(*paths: Need) -> Need:
        return Misroute(kind="rule-missing", balancer=BALANCER, listener=listener(),
                        rules=(DEFAULT,), paths=[*paths]).shown  # fmt: skip

    plain, one, two = need("/a"), need("/b", pattern="/b*"), need("/c", pattern="/c*")
    assert shown(plain, one, two) is one
    assert shown(plain, need("/z")) is plain


# --- the rule that takes a path


def taken(*rules: Rule, of: Need, state: PlatformState | None = None) -> str:
    found = misrouted(case(state or platform(*rules, DEFAULT)), of)
    return found[2].arn if found else ""


def test_a_path_that_comes_to_its_service_is_right() -> None:
    assert taken(rule(1, "/a"), of=need("/a", pattern="/a")) == ""
    assert taken(rule(1, "/a", action=weighted((API, 1), (MLFLOW, 0))), of=need("/a")) == ""
    assert taken(of=need("/a")) == ""


def test_a_path_that_comes_elsewhere_is_misrouted() -> None:
    known = need("/a", pattern="/a")
    for action in (to(MLFLOW), weighted((API, 1), (MLFLOW, 1)), weighted((API, 0)), to(), FIXED):
        assert taken(rule(1, "/a", action=action), of=known) == "arn:1"
    assert taken(rule(1, "/a", action=to(MLFLOW)), of=need("/a")) == "arn:1"
    assert taken(of=need("/a", "mlflow")) == "arn:default"
    assert taken(rule(1, "/a", action=FIXED), of=need("/a")) == "arn:1"


def test_without_a_rule_or_a_group_nothing_is_known() -> None:
    lost = need("/a", "mlflow")
    assert taken(of=lost, state=platform()) == ""
    assert taken(of=lost, state=platform(rule(1, "/b"))) == ""
    assert taken(of=lost, state=p.replace(platform(DEFAULT), load_balancers=())) == ""
    assert taken(of=lost, state=p.replace(platform(DEFAULT), target_groups=())) == ""
    assert taken(of=need("/a", "cache"), state=platform(DEFAULT)) == ""


def test_a_path_that_the_file_gives_to_another_service_is_led_by_design() -> None:
    assert taken(MLFLOW_RULE, of=need("/mlflow/x")) == ""
    assert taken(MLFLOW_RULE, of=need("/mlflow/x", pattern="/mlflow/x")) == "arn:50"
    assert taken(rule(50, "/mlflow/*", action=to(AUTH)), of=need("/mlflow/x")) == "arn:50"
    assert taken(rule(50, "/ml*", action=to(MLFLOW)), of=need("/mlflow/x")) == "arn:50"
    own = rule(3, "/health", "/mlflow/*", action=to(MLFLOW))
    assert taken(own, of=need("/health")) == "arn:3"  # the file gives it to the API


# --- which fault it is


def kind(
    of: Need,
    rule_: Rule,
    *others: Rule,
    before: PlatformState | None = None,
    state: PlatformState | None = None,
) -> str:
    now: Listener = listener(*sorted([rule_, *others], key=lambda r: r.priority.zfill(9)))
    known: Case = case(p.replace(platform(secure=now), **_groups(state)), before)
    return kind_of(known, of, now, rule_)


def _groups(state: PlatformState | None) -> dict[str, object]:
    return {"target_groups": state.target_groups} if state else {}


A = need("/a", pattern="/a")
EMPTY = p.replace(HEALTHY, target_groups=(*HEALTHY.target_groups, p.replace(
    HEALTHY.target_groups[0], arn=NOBODY, name="nobody", targets=())))  # fmt: skip
FULL = p.replace(HEALTHY, target_groups=(*HEALTHY.target_groups, p.replace(
    HEALTHY.target_groups[0], arn=NOBODY, name="nobody")))  # fmt: skip
TWO = weighted((API, 1), (NOBODY, 1))


@pytest.mark.parametrize(
    ("action", "state", "found"),
    [
        (TWO, EMPTY, "target-group-empty"),
        (TWO, FULL, "rule-wrong-target"),
        (TWO, HEALTHY, "rule-wrong-target"),
        (weighted((API, 0), (NOBODY, 1)), EMPTY, "target-group-empty"),
        (to(NOBODY), EMPTY, "target-group-detached"),
        (weighted((AUTH, 1), (NOBODY, 1)), EMPTY, "rule-wrong-target"),
        (weighted((AUTH, 1), (NOBODY, 0)), EMPTY, "rule-wrong-target"),
        (weighted((MLFLOW, 0), (NOBODY, 1)), EMPTY, "target-group-detached"),
    ],
)
def test_a_rule_to_a_group_of_nobody(action: Action, state: PlatformState, found: str) -> None:
    assert kind(A, rule(1, "/a", action=action), state=state) == found


def test_a_group_is_not_detached_while_another_rule_reaches_the_service() -> None:
    wrong = rule(1, "/a", action=to(NOBODY))
    assert kind(A, wrong, DEFAULT) == "rule-wrong-target"
    assert kind(A, wrong, rule("default", action=to(MLFLOW))) == "target-group-detached"


def test_the_default_rule_takes_a_path_because_its_rule_is_missing() -> None:
    other = rule("default", action=to(AUTH))
    assert kind(A, other) == "rule-missing"
    assert kind(need("/a"), other) == "rule-wrong-target"
    assert kind(need("/a"), p.replace(other, action=FIXED)) == "rule-missing"
    before = platform(DEFAULT)
    assert kind(need("/a"), p.replace(other, action=FIXED), before=before) == "rule-wrong-target"
    assert kind(A, p.replace(other, action=FIXED), before=before) == "rule-missing"


def test_the_right_rule_stands_on_another_listener() -> None:
    def found(*plain: Rule, of: Need = A) -> str:
        now = listener(p.replace(DEFAULT, action=to(AUTH)))
        port_80 = p.replace(BALANCER.listeners[0], rules=plain)
        return kind_of(case(platform(plain=port_80, secure=now)), of, now, now.rules[0])

    assert found(rule(1, "/a")) == "rule-on-wrong-listener"
    assert found(rule(1, "/b")) == found(rule(1, "/a", action=to(AUTH))) == "rule-missing"
    assert found(DEFAULT) == "rule-missing"


def test_a_rule_of_the_path_itself_is_wrong_or_before_the_right_one() -> None:
    wrong = rule(1, "/a", action=to(AUTH))
    assert kind(A, wrong) == "rule-wrong-target"
    assert kind(A, wrong, rule(2, "/a")) == "rule-shadowed"
    assert kind(A, wrong, rule(2, "/*")) == "rule-wrong-target"
    assert kind(A, wrong, rule(2, "/a", action=to(AUTH), arn="arn:x")) == "rule-wrong-target"


def test_a_wider_rule_before_the_right_one() -> None:
    wide = rule(1, "/*", action=to(AUTH))
    there = platform(wide, DEFAULT)
    assert kind(A, wide, rule(2, "/a"), before=there) == "rule-shadowed"
    assert kind(A, wide, rule(2, "/a*"), before=platform(DEFAULT)) == "rule-shadowed"
    assert kind(A, wide, rule(2, "/a*"), before=there) == "rule-missing"
    assert kind(A, wide, rule(2, "/a*")) == "rule-missing"
    assert kind(A, p.replace(wide, action=FIXED), rule(2, "/a*"), before=there) == "rule-shadowed"
    assert kind(need("/a"), wide, rule(2, "/a*"), before=there) == "rule-shadowed"
    assert kind(A, wide, before=platform(DEFAULT)) == "rule-missing"


def test_a_wider_rule_that_led_right_before_is_wrong() -> None:
    wide = rule(1, "/*", action=to(AUTH))
    right = platform(p.replace(wide, action=to(API)), DEFAULT)
    assert kind(A, wide, before=right) == "rule-wrong-target"
    assert kind(A, p.replace(wide, arn="arn:x"), before=right) == "rule-missing"


# --- what leads right


def test_a_rule_leads_right_where_all_of_its_traffic_comes_to_the_service() -> None:
    known = case(platform(DEFAULT))
    for action, right in (
        (to(API), True), (weighted((API, 1), (MLFLOW, 0)), True),
        (weighted((API, 1), (MLFLOW, 1)), False), (to(MLFLOW), False), (to(), False),
        (FIXED, False), (Action(type="redirect", forwards=to(API).forwards), False),
    ):  # fmt: skip
        assert leads_right(known, A, rule(1, "/a", action=action)) is right
    assert not leads_right(known, A, rule(1, "/b"))
    post = need("/a", method="POST")
    assert leads_right(known, post, rule(1, "/a"))


def test_a_listener_reaches_a_service_by_any_rule_with_weight() -> None:
    known = case(platform(DEFAULT))
    assert reached(listener(MLFLOW_RULE, DEFAULT), known, "registry")
    assert reached(listener(MLFLOW_RULE, DEFAULT), known, "mlflow")
    assert not reached(listener(MLFLOW_RULE, DEFAULT), known, "auth")
    assert not reached(listener(rule(1, action=weighted((API, 0)))), known, "registry")
    assert not reached(listener(), known, "registry")
