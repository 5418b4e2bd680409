"""Which failures a wrong rule explains, and what each finding names: plain rules and answers."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import Action, Forward, PlatformState, Rule, TargetHealth
from canary.diagnose.routing.rules import rules
from canary.model import Environment, Result, RouteRule
from tests.canary.support import platforms as p
from tests.canary.support.routed import (
    API,
    AUTH,
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

DEFAULT = rule("default")
MLFLOW_RULE = rule(50, "/mlflow/*", action=to(MLFLOW))
PROXY, API_RULE = rule(105, "/api/mlflow/*"), rule(110, "/api/*")
NOBODY = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/nobody/1"
AUTH_DOWN = '{"detail":"Authentication service unavailable"}'


def bad(check: str, path: str, status: int = 404, body: str = "", **more: Any) -> Result:
    url = path if "://" in path else f"https://{HOST}{path}"
    return p.failed(check, more.pop("service", "registry"), p.answer(url, status, body, **more))


def found(
    state: PlatformState,
    *results: Result,
    before: PlatformState | None = None,
    environment: Environment = ENVIRONMENT,
) -> list[tuple[str, str, str, str]]:
    """Return each finding: its cause, resource, certainty and the checks that it explains."""
    return [
        (f.cause, f.resource, f.confidence.value.lower(),
         " ".join(sorted({x.check_id for x in f.explained_failures})))
        for f in rules(case(state, before, *results, environment=environment))
    ]  # fmt: skip


HEALTHY_RULES = platform(MLFLOW_RULE, PROXY, API_RULE, DEFAULT)
NO_API = platform(MLFLOW_RULE, PROXY, rule("default", action=to(AUTH)))
WRONG_API = platform(MLFLOW_RULE, PROXY, rule(110, "/api/*", action=to(MLFLOW)), DEFAULT)


def test_a_healthy_listener_explains_nothing_and_a_wrong_rule_needs_a_failure() -> None:
    assert found(HEALTHY_RULES, bad("a", "/api/v1/models")) == []
    assert found(WRONG_API) == []


def test_a_rule_is_missed_for_certain_where_it_was_there() -> None:
    lost = bad("a", "/api/v1/models")
    assert found(NO_API, lost) == [("rule-missing", SECURE.arn, "likely", "a")]
    assert found(NO_API, lost, before=HEALTHY_RULES) == [
        ("rule-missing", SECURE.arn, "certain", "a")
    ]
    assert found(WRONG_API, lost) == [("rule-wrong-target", "arn:110", "certain", "a")]


def test_only_requests_that_the_wrong_rule_takes_are_explained() -> None:
    assert found(
        WRONG_API, bad("a", "/api/v1/models"), bad("b", "/api/x"), bad("c", "/api/mlflow/x"),
        bad("d", "/docs"), bad("e", f"http://{HOST}/api/x"), bad("f", f"https://{HOST}:8443/api/x"),
        bad("g", f"https://auth.{NAMES.domain}/api/x"),
        bad("h", "/mlflow/x"),
    ) == [("rule-wrong-target", "arn:110", "certain", "a b")]  # fmt: skip


def test_a_check_of_the_rules_is_explained_where_it_names_the_path_or_no_route() -> None:
    def explained(reason: str, service: str = "registry", step: str = "") -> str:
        check = p.control("listener_rule", service, step, reason)
        rows = found(WRONG_API, bad("x", "/api/v1/models"), check)
        return " ".join(r[3] for r in rows)

    both = {s: f"{s}.listener-rule x" for s in ("auth", "registry")}
    assert explained("/api/v1/models leads elsewhere") == both["registry"]
    assert explained("/api/* leads elsewhere", "auth") == both["auth"]
    assert explained("a rule is not as wanted") == both["registry"]
    assert explained("a rule is not as wanted", "auth") == "x"
    assert explained("/mlflow/ leads elsewhere") == "x"
    assert explained("/api/v1/models", step="listener 80 redirects") == "x"


def test_a_route_of_the_root_alone_is_named_by_every_text() -> None:
    root = RouteRule(host=HOST, path="/", service="registry")
    known = p.replace(ENVIRONMENT, routes=(*ENVIRONMENT.routes, root))
    check = p.control("listener_rule", "registry", "", "rule 1/2 is not as wanted")
    lost = bad("x", "/api/v1/models")
    assert found(WRONG_API, lost, check, environment=known)[0][3] == "registry.listener-rule x"


def unused(state: PlatformState, group: str = API) -> PlatformState:
    targets = (TargetHealth(id="10.0.1.11", port=8001, state="unused"),)
    return p.change(state, "target_groups", group, targets=targets)


def test_unused_targets_follow_where_no_rule_reaches_the_service() -> None:
    nowhere = platform(MLFLOW_RULE, rule("default", action=to(MLFLOW)))
    check = p.control("target_group", "registry")
    lost = bad("x", "/api/v1/models")
    both = "registry.target-group x"
    assert [r[3] for r in found(unused(nowhere), lost, check)] == [both]
    assert [r[3] for r in found(nowhere, lost, check)] == ["x"]
    assert [r[3] for r in found(unused(WRONG_API), lost, check)] == ["x"]
    other = p.control("target_group", "mlflow")
    assert [r[3] for r in found(unused(nowhere, MLFLOW), lost, other)] == ["x"]


def test_who_cannot_ask_the_auth_service_follows_from_its_own_lost_rule() -> None:
    def rows(service: str) -> list[str]:
        wrong = rule(100, "/api/v1/*", action=to(MLFLOW), arn="arn:a")
        balancer = HEALTHY.load_balancers[0]
        plain, secure = balancer.listeners
        auth = p.replace(secure, rules=(wrong, rule("default", action=to(AUTH), arn="arn:ad")))
        state = p.change(HEALTHY, "load_balancers", balancer.arn, listeners=(plain, auth))
        lost = bad("a", f"https://auth.{NAMES.domain}/api/v1/keys/validate")
        told = bad("api", "/api/v1/models", 503, AUTH_DOWN)
        if service == "auth":
            other = bad("other", "/docs", 500, "no")
            return [r[3] for r in found(state, lost, told, other)]
        return [r[3] for r in found(WRONG_API, bad("a", "/api/v1/x"), told)]

    assert rows("auth") == ["a api"]
    assert rows("registry") == ["a api"]  # the rule takes this request itself
    apart = bad("api", "/docs", 503, AUTH_DOWN)
    assert [r[3] for r in found(WRONG_API, bad("a", "/api/v1/x"), apart)] == ["a"]


# --- what is one finding, and what it names


def test_a_detached_group_is_one_finding_of_its_service() -> None:
    wrong = [rule(n, f"/{n}/*", action=to(f"{NOBODY}{n}")) for n in (1, 2)]
    state = platform(*wrong, rule("default", action=to(AUTH)))
    routes = tuple(RouteRule(host=HOST, path=f"/{n}/x", service="registry", pattern=f"/{n}/*",
                             priority=n) for n in (1, 2))  # fmt: skip
    known = p.replace(ENVIRONMENT, routes=routes)
    assert found(state, bad("a", "/1/x"), bad("b", "/2/x"), environment=known) == [
        ("target-group-detached", API, "certain", "a b")
    ]


def test_rules_to_one_group_of_nobody_are_one_finding_for_each_service() -> None:
    wrong = to(NOBODY)
    state = platform(rule(50, "/mlflow/*", action=wrong), rule(110, "/api/*", action=wrong),
                     rule(105, "/api/mlflow/*", action=wrong), rule(120, "/x", action=to(MLFLOW)),
                     DEFAULT)  # fmt: skip
    assert found(state, bad("a", "/api/v1/models"), bad("b", "/mlflow/"), bad("c", p.API_PATH)) == [
        ("rule-wrong-target", "arn:105", "certain", "a c"),
        ("rule-wrong-target", "arn:50", "certain", "b"),
    ]


def test_a_rule_in_the_way_of_two_services_is_one_finding() -> None:
    wide = rule(1, "/*", action=Action(type="fixed-response", status_code="404"))
    state = platform(wide, MLFLOW_RULE, PROXY, API_RULE, DEFAULT)
    assert found(state, bad("a", "/api/v1/models"), bad("b", "/mlflow/")) == [
        ("rule-shadowed", "arn:1", "certain", "a b")
    ]


def test_two_wrong_rules_are_two_findings() -> None:
    state = platform(rule(50, "/mlflow/*", action=to(AUTH)), PROXY,
                     rule(110, "/api/*", action=to(AUTH)), DEFAULT)  # fmt: skip
    assert found(state, bad("a", "/api/v1/models"), bad("b", "/mlflow/")) == [
        ("rule-wrong-target", "arn:110", "certain", "a"),
        ("rule-wrong-target", "arn:50", "certain", "b"),
    ]


def test_one_wrong_rule_of_two_services_is_a_finding_for_each() -> None:
    wrong = rule(50, "/mlflow/*", "/api/*", action=to(AUTH))
    state = platform(p.replace(PROXY, priority="40"), wrong, DEFAULT)
    assert found(state, bad("a", "/api/v1/models"), bad("b", "/mlflow/")) == [
        ("rule-wrong-target", "arn:50", "certain", "a"),
        ("rule-wrong-target", "arn:50", "certain", "b"),
    ]


def test_of_several_groups_of_a_service_the_first_is_the_right_one() -> None:
    second = p.replace(HEALTHY.target_groups[1], arn="arn:second", name="second-tg")
    state = p.replace(WRONG_API, target_groups=(*HEALTHY.target_groups, second))
    services = dict(ENVIRONMENT.services)
    names = ("hokusai-registry-development-tg", "second-tg")
    services["registry"] = p.replace(services["registry"], target_groups=names)
    known = case(state, None, bad("a", "/api/v1/models"), environment=p.replace(
        ENVIRONMENT, services=services))  # fmt: skip
    assert [f.summary.rpartition(" is ")[2] for f in rules(known)] == [f"{names[0]}."]


def test_a_path_without_a_pattern_joins_the_one_that_has_one() -> None:
    state = platform(MLFLOW_RULE, PROXY, rule("default", action=to(MLFLOW)))
    assert found(state, bad("a", "/api/v1/models"), bad("b", "/docs")) == [
        ("rule-missing", SECURE.arn, "likely", "a b")
    ]
    alone = platform(MLFLOW_RULE, PROXY, API_RULE, rule("default", action=to(MLFLOW)))
    assert found(alone, bad("b", "/docs")) == [("rule-wrong-target", "arn:default", "certain", "b")]


def test_a_rule_on_another_listener_is_missed_on_this_one() -> None:
    plain = p.replace(PLAIN, rules=(API_RULE, *PLAIN.rules))
    state = p.change(NO_API, "load_balancers", HEALTHY.load_balancers[1].arn,
                     listeners=(plain, NO_API.load_balancers[1].listeners[1]))  # fmt: skip
    assert found(state, bad("a", "/api/v1/models")) == [
        ("rule-on-wrong-listener", SECURE.arn, "certain", "a")
    ]


# --- its words


def one(state: PlatformState, *results: Result, before: PlatformState | None = None) -> Any:
    (only,) = rules(case(state, before, *results))
    return only


REDIRECT = Action(type="redirect", status_code="HTTP_301")


@pytest.mark.parametrize(
    ("state", "summary"),
    [
        (NO_API, "No rule of hokusai-registry-lb:443 leads /api/* to registry."),
        (WRONG_API, "The rule for /api/* forwards to MLflow instead of the API."),
        (platform(rule(1, "/*", action=to(AUTH)), MLFLOW_RULE, PROXY, API_RULE, DEFAULT),
         "A rule of higher priority takes /api/mlflow/* to the auth service instead of the API."),
        (platform(PROXY, rule(110, "/api/*", action=to(NOBODY)), DEFAULT),
         "The rule for /api/* forwards to the wrong target group."),
        (platform(rule(1, "/*", action=REDIRECT), MLFLOW_RULE, PROXY, API_RULE, DEFAULT),
         "A rule of higher priority takes /api/mlflow/* away from registry."),
        (platform(PROXY, rule(110, "/api/*", action=Action(type="forward", forwards=(
            Forward(target_group=API), Forward(target_group=NOBODY)))), DEFAULT),
         "The rule for /api/* forwards to the wrong target group."),
        (platform(rule(110, "/api/*", action=to(NOBODY)), rule("default", action=to(AUTH))),
         "The rules for registry forward to a group that is not its own."),
    ],
)  # fmt: skip
def test_each_fault_is_told_in_a_sentence(state: PlatformState, summary: str) -> None:
    told = {f.summary for f in rules(case(state, None, bad("a", "/api/v1/models")))}
    assert f"{summary} The right target group is hokusai-registry-development-tg." in told


def evidence(now: Rule, was: tuple[Rule, ...] | None) -> list[tuple[str, str, str]]:
    state = platform(MLFLOW_RULE, PROXY, now, DEFAULT)
    before = None if was is None else platform(*was)
    found = one(state, bad("a", "/api/v1/models"), before=before)
    return [(e.resource, e.seen, e.expected) for e in found.evidence]


def test_the_rule_is_shown_beside_the_one_that_served_the_path() -> None:
    now = rule(110, "/api/*", action=to(MLFLOW))
    shown = (f"hokusai-registry-lb:443 {HOST}/api/v1/models",
             "rule 110 (/api/*) forwards to hokusai-mlflow-development-tg",
             "forward to hokusai-registry-development-tg")  # fmt: skip
    assert evidence(now, None) == [shown]
    assert evidence(now, (now, DEFAULT)) == [shown]
    assert evidence(now, ()) == [shown]
    api = "forwards to hokusai-registry-development-tg"
    for was, words in (
        ((API_RULE, DEFAULT), f"rule 110 (/api/*) {api}"),
        ((DEFAULT,), f"default rule {api}"),
        ((p.replace(now, arn="arn:x"), DEFAULT), shown[1]),
    ):
        assert evidence(now, was) == [
            shown, (f"{HOST}/api/v1/models", "changed since the previous run", f"before: {words}")
        ]  # fmt: skip
