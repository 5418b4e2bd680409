"""Which rule takes a request: tables of plain values, as AWS documents its conditions."""

from __future__ import annotations

import msgspec
import pytest

from canary.control_plane.patterns import matches
from canary.control_plane.routing import (
    UnknownConditionError,
    default_rule,
    free_priority,
    listener_at,
    listener_of,
    order,
    patterns,
    rule_of,
    taken_by,
    takes,
    winner,
)
from canary.control_plane.state import (
    Action,
    Condition,
    Listener,
    LoadBalancer,
    PlatformState,
    Rule,
)

p_replace = msgspec.structs.replace
HOST, PATH = "registry.hokus.ai", "/api/mlflow/x"


def rule(priority: str, *conditions: Condition) -> Rule:
    return Rule(arn=priority, priority=priority, conditions=conditions, action=Action(type="a"))


def on(field: str, *values: str) -> Condition:
    return Condition(field=field, values=values)


def listener(*rules: Rule, port: int = 443, protocol: str = "HTTPS") -> Listener:
    return Listener(arn=f"{port}", port=port, protocol=protocol, rules=rules)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("/api/*", "/api/"),
        ("/api/*", "/api/a/b/c"),
        ("/a?i/*", "/api/x"),
        ("*", ""),
        ("/a.b", "/a.b"),
        ("/a*c*e", "/abcde"),
        ("regex:^/mlflow/.*$", "/mlflow/"),
        ("regex:/v[12]/", "/api/v2/models"),  # not anchored: the expression says it itself
    ],
)
def test_values_that_fit_a_pattern(pattern: str, value: str) -> None:
    assert matches(pattern, value)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("/api/*", "/api"),
        ("/api/*", "/v1/api/x"),
        ("/api", "/api/"),
        ("/API/*", "/api/x"),
        ("/api/?", "/api/"),
        ("/a.b", "/axb"),
        ("/api", "/api\n"),
        ("regex:^/mlflow/$", "/mlflow/x"),
        ("regex:^/API", "/api"),
        ("^/api", "/api"),  # a plain value is no expression
    ],
)
def test_values_that_do_not(pattern: str, value: str) -> None:
    assert matches(pattern, value) is False


@pytest.mark.parametrize(
    "pattern",
    [
        "regex:(",  # not an expression
        "regex:^/api(?=/)",  # looks ahead, which no linear matcher can
        r"regex:^(/a)\1$",
        "\ud800",
    ],
)
def test_values_of_which_nobody_can_tell(pattern: str) -> None:
    assert matches(pattern, "/api/x") is None
    unknown, default = rule("1", on("path-pattern", "/no", pattern)), rule("default")
    assert not takes(unknown, HOST, PATH)
    with pytest.raises(UnknownConditionError, match=r"^path-pattern$"):
        taken_by(listener(unknown, default), HOST, PATH)
    known = rule("1", on("path-pattern", pattern, "/api/*"))
    assert taken_by(listener(known, default), HOST, PATH) is known


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("regex:^(a+)+$", "a" * 40 + "b"),
        ("regex:^(a|a?)+$", "a" * 40 + "b"),
        ("regex:^(.*)*(.*)*(.*)*x$", "a" * 40),
        ("*a*a*a*a*a*b", "a" * 4000),
    ],
)
def test_no_pattern_of_others_keeps_the_matcher_busy(pattern: str, value: str) -> None:
    assert matches(pattern, value) is False


@pytest.mark.parametrize(
    "conditions",
    [
        (),
        (on("path-pattern", "/no", "/api/*"),),
        (on("host-header", "*.HOKUS.ai"),),
        (on("host-header", r"regex:^Registry\."),),
        (on("path-pattern", "/api/*"), on("host-header", HOST)),
        (on("http-request-method", "POST", "GET"),),
        (on("source-ip", "10.0.0.0/8", "0.0.0.0/0"),),
    ],
)
def test_rules_that_take_a_request(conditions: tuple[Condition, ...]) -> None:
    one = rule("1", *conditions)
    assert takes(one, HOST, PATH)
    assert winner(listener(one, rule("default")), HOST, PATH) is one


@pytest.mark.parametrize(
    "conditions",
    [
        (on("path-pattern", "/mlflow/*"),),
        (on("host-header", "*.registry.hokus.ai"),),
        (on("path-pattern", "/api/*"), on("host-header", "api.hokus.ai")),
        (on("http-request-method", "POST"),),
        (on("http-request-method", "get"),),
        (on("http-header", "*"),),
        (on("query-string", "*"),),
        (on("source-ip", "10.0.0.0/8", "::/0"),),
        (on("source-ip", "not an address"),),
    ],
)
def test_rules_that_let_a_request_pass(conditions: tuple[Condition, ...]) -> None:
    last = rule("default")
    assert not takes(rule("1", *conditions), HOST, PATH)
    assert winner(listener(rule("1", *conditions), last), HOST, PATH) is last


def test_the_lowest_number_wins_and_the_default_comes_last() -> None:
    rules = [rule("default"), rule("100"), rule("9")]
    assert winner(listener(*rules), HOST, PATH) is rules[2]
    assert winner(listener(), HOST, PATH) is None


def test_a_condition_of_an_unknown_kind_decides_nothing() -> None:
    odd = rule("2", on("new-kind", "x"))
    with pytest.raises(UnknownConditionError, match="new-kind"):
        taken_by(listener(odd, rule("default")), HOST, PATH)
    assert winner(listener(odd, rule("default")), HOST, PATH) is None
    assert not takes(odd, HOST, PATH)


@pytest.mark.parametrize(
    "rules",
    [
        (rule("1"), rule("2", on("new-kind", "x"))),
        (rule("1", on("new-kind", "x"), on("path-pattern", "/no")), rule("2")),
    ],
    ids=["an earlier rule takes it", "another condition of the rule does not hold"],
)
def test_an_unknown_condition_that_cannot_matter_is_no_hindrance(rules: tuple[Rule, ...]) -> None:
    found = taken_by(listener(*rules), HOST, PATH)
    assert found is not None and not found.conditions


def test_the_listener_at_an_address_has_its_port_and_protocol() -> None:
    good, plain = listener(), listener(port=80, protocol="HTTP")
    other = listener(port=8443)
    wrong = listener(protocol="HTTP")

    def of(*found: Listener, scheme: str = "https", port: int = 443) -> Listener | None:
        balancer = LoadBalancer(arn="b", name="b", dns_name="b", listeners=found)
        return listener_at(balancer, scheme, port)

    assert of(plain, other, good) is good
    assert of(plain, other) is None
    assert of(wrong) is None
    assert of(plain, other, good, port=8443) is other
    assert of(plain, other, good, scheme="http", port=80) is plain
    assert listener_at(None, "https", 443) is None


@pytest.mark.parametrize(
    ("wanted", "before", "taken", "got"),
    [
        (50, None, set(), 50),
        (10, None, set(), 9),
        (10, None, {9}, 11),
        (100, 100, set(), 99),
        (0, 5, set(), 4),
        (500, 200, set(), 100),
        (1, 1, set(), 1),  # nothing is free: AWS refuses the call
        (50_000, None, set(), 50_000),
        (50_001, None, set(), 100),
        (10, None, {9, 11, 8}, 12),
        (10, 12, {9, 11}, 8),
        (10, 10, set(), 9),
        (0, None, set(), 100),
    ],
)
def test_a_free_priority_is_the_nearest_one(
    wanted: int, before: int | None, taken: set[int], got: int
) -> None:
    assert free_priority(listener(rule("10"), rule("default")), wanted, before, taken) == got


def test_listeners_and_rules_are_found_by_their_arn() -> None:
    first = listener(rule("1"), rule("default"))
    second = p_replace(listener(rule("2"), port=80), arn="other")
    balancers = tuple(
        LoadBalancer(arn=n, name=n, dns_name=n, listeners=(x,))
        for n, x in (("a", first), ("b", second))
    )
    state = PlatformState(load_balancers=balancers)
    assert listener_of(state, "other") is second and listener_of(state, "443") is first
    assert listener_of(state, "none") is None and listener_of(None, "443") is None
    assert rule_of(state, "2") is second.rules[0] and rule_of(state, "default") is first.rules[1]
    assert rule_of(state, "none") is None and rule_of(None, "1") is None


def test_the_default_rule_is_the_one_of_that_priority() -> None:
    last = rule("default")
    assert default_rule(listener(rule("1"), last)) is last
    assert default_rule(listener(rule("1"))) is None
    assert default_rule(None) is None
    assert [order(r) for r in (rule("7"), last)] == [7, 1_000_000]


def test_the_path_patterns_of_a_rule_are_those_of_all_its_path_conditions() -> None:
    conditions = (
        on("path-pattern", "/a", "/b"), on("host-header", HOST), on("path-pattern", "/c"),
    )  # fmt: skip
    assert patterns(rule("1", *conditions)) == ("/a", "/b", "/c")
    assert patterns(rule("default")) == ()
