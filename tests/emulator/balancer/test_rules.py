"""Rule matching against AWS's documented cases, and redirects. Plain values, no process.

Source of the cases: "Listener rules for your Application Load Balancer", "Condition types".
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from emulator.balancer.actions import in_turn, location
from emulator.balancer.conditions import Condition
from emulator.balancer.match import Asked, first_match, holds, in_order
from emulator.balancer.model import Action, RedirectConfig, Rule


def asked(**changes: Any) -> Asked:
    """Return a request for the registry, changed as a case needs it."""
    plain: dict[str, Any] = {
        "method": "GET",
        "host": "registry.hokus.ai",
        "path": "/",
        "query": "",
        "headers": [],
        "peer": "127.0.0.1",
    }
    return Asked(**{**plain, **changes})


def condition(field: str, config: str | None = None, **given: Any) -> Condition:
    """Return a condition as DescribeRules writes it, with or without its Config."""
    raw = {"Field": field, **({config: given} if config else given)}
    return msgspec.convert(raw, Condition)


def path(*patterns: str) -> Condition:
    return condition("path-pattern", Values=list(patterns))


def host(*patterns: str) -> Condition:
    return condition("host-header", Values=list(patterns))


PATHS = [
    ("/api/*", "/api/v1/models", True),
    ("/api/*", "/api/", True),
    ("/api/*", "/api", False),  # the slash is literal
    ("/api*", "/api", True),
    ("/api*", "/apix", True),
    ("/mlflow/*", "/api/mlflow/x", False),  # anchored at the beginning
    ("/img/*/pics", "/img/a/b/pics", True),  # `*` crosses slashes
    ("/img/*/pics", "/img/a/pics/x", False),  # anchored at the end
    ("/img/?.png", "/img/a.png", True),
    ("/img/?.png", "/img/.png", False),  # `?` is exactly one
    ("/img/?.png", "/img/ab.png", False),
    ("/API/*", "/api/x", False),  # paths are case-sensitive
    ("/a.c", "/abc", False),  # a dot is a dot
    ("/a+b/$x", "/a+b/$x", True),
    ("/a[bc]", "/ab", False),  # no character classes, unlike a shell's patterns
    ("/a%20b", "/a%20b", True),  # compared as sent
    ("/a b", "/a%20b", False),
    ("/x/y", "/x//y", False),  # not folded
    ("/x", "/x/../x", False),
    ("*", "/anything/at/all", True),
    ("/", "/", True),
]


@pytest.mark.parametrize(("pattern", "sent", "expected"), PATHS)
def test_a_path_pattern_is_anchored_case_sensitive_and_its_star_crosses_slashes(
    pattern: str, sent: str, expected: bool
) -> None:
    assert holds(path(pattern), asked(path=sent)) is expected
    in_config = condition("path-pattern", "PathPatternConfig", Values=[pattern])
    assert holds(in_config, asked(path=sent)) is expected


def test_a_path_pattern_never_looks_at_the_query() -> None:
    assert not holds(path("/x?y=1"), asked(path="/x", query="y=1"))
    assert holds(path("/x"), asked(path="/x", query="y=1"))


HOSTS = [
    ("auth.hokus.ai", "auth.hokus.ai", True),
    ("AUTH.hokus.ai", "auth.HOKUS.ai", True),  # case-insensitive
    ("*.hokus.ai", "auth.hokus.ai", True),
    ("*.hokus.ai", "hokus.ai", False),
    ("*.hokus.ai", "a.b.hokus.ai", True),
    ("a?th.hokus.ai", "auth.hokus.ai", True),
    ("a?th.hokus.ai", "ath.hokus.ai", False),
    ("auth.hokus.ai", "xauth.hokus.ai", False),
    ("auth.hokus.ai", "auth-hokus.ai", False),
]


@pytest.mark.parametrize(("pattern", "sent", "expected"), HOSTS)
def test_a_host_header_is_compared_without_case(pattern: str, sent: str, expected: bool) -> None:
    assert holds(host(pattern), asked(host=sent)) is expected
    in_config = condition("host-header", "HostHeaderConfig", Values=[pattern])
    assert holds(in_config, asked(host=sent)) is expected


HEADERS = [
    ("X-Canary", ["yes"], [("x-canary", "YES")], True),  # neither name nor value minds case
    ("X-Canary", ["y*"], [("X-Canary", "yes")], True),
    ("X-Canary", ["y?"], [("X-Canary", "yes")], False),
    ("X-Canary", ["no", "yes"], [("X-Canary", "yes")], True),
    ("X-Canary", ["b"], [("X-Canary", "a"), ("X-Canary", "b")], True),  # repeated: each in turn
    ("X-Canary", ["*"], [], False),  # absent
    ("X-Can*", ["yes"], [("X-Canary", "yes")], False),  # no wildcard in the name
]


@pytest.mark.parametrize(("name", "patterns", "sent", "expected"), HEADERS)
def test_a_header_condition_minds_neither_the_case_of_name_nor_of_value(
    name: str, patterns: list[str], sent: list[tuple[str, str]], expected: bool
) -> None:
    one = condition("http-header", "HttpHeaderConfig", HttpHeaderName=name, Values=patterns)
    assert holds(one, asked(headers=sent)) is expected


METHODS = [("GET", True), ("POST", True), ("get", False), ("PUT", False)]


@pytest.mark.parametrize(("method", "expected"), METHODS)
def test_a_method_is_compared_exactly(method: str, expected: bool) -> None:
    one = condition("http-request-method", "HttpRequestMethodConfig", Values=["GET", "POST"])
    assert holds(one, asked(method=method)) is expected


def test_a_method_has_no_wildcard() -> None:
    one = condition("http-request-method", "HttpRequestMethodConfig", Values=["*"])
    assert not holds(one, asked(method="GET"))


QUERIES = [
    ([{"Key": "version", "Value": "v1"}], "version=v1", True),
    ([{"Key": "VERSION", "Value": "V1"}], "version=v1", True),  # case-insensitive
    ([{"Key": "version", "Value": "v1"}], "version=v2&version=v1", True),
    ([{"Key": "version", "Value": "v1"}], "v=v1", False),
    ([{"Value": "*example*"}], "any=an+example+here", True),  # value alone
    ([{"Value": "*example*"}], "", False),
    ([{"Key": "v", "Value": "v?"}], "v=v12", False),
    ([{"Key": "q", "Value": "\\*"}], "q=*", True),  # an escaped star is a star
    ([{"Key": "q", "Value": "\\*"}], "q=x", False),
    ([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}], "b=2", True),  # values are OR
]


@pytest.mark.parametrize(("pairs", "query", "expected"), QUERIES)
def test_a_query_string_is_compared_by_key_and_value_or_by_value_alone(
    pairs: list[dict[str, str]], query: str, expected: bool
) -> None:
    one = condition("query-string", "QueryStringConfig", Values=pairs)
    assert holds(one, asked(query=query)) is expected


SOURCES = [
    (["127.0.0.1/32"], "127.0.0.1", True),
    (["10.0.0.0/16", "127.0.0.0/8"], "127.0.0.1", True),
    (["10.0.0.0/16"], "127.0.0.1", False),
    (["::/0"], "127.0.0.1", False),
]


@pytest.mark.parametrize(("cidrs", "peer", "expected"), SOURCES)
def test_a_source_is_the_peer_and_never_a_forwarded_header(
    cidrs: list[str], peer: str, expected: bool
) -> None:
    one = condition("source-ip", "SourceIpConfig", Values=cidrs)
    forged = [("X-Forwarded-For", "10.0.0.1")]
    assert holds(one, asked(peer=peer, headers=forged)) is expected


def test_regular_expressions_stand_beside_wildcards() -> None:
    by_path = condition("path-pattern", "PathPatternConfig", RegexValues=["^/v[12]/x$"])
    by_host = condition("host-header", RegexValues=["^(auth|registry)\\."])
    assert holds(by_path, asked(path="/v2/x"))
    assert not holds(by_path, asked(path="/v3/x"))
    assert holds(by_host, asked())


def test_a_field_that_is_not_known_never_holds() -> None:
    assert not holds(condition("moon-phase", Values=["full"]), asked())


def rule(priority: str, *conditions: Condition) -> Rule:
    return Rule(arn=f"rule-{priority}", priority=priority, conditions=list(conditions))


def met(rules: list[Rule], **changes: Any) -> str | None:
    found = first_match(in_order(rules), asked(**changes))
    return found.priority if found else None


def test_values_are_or_and_conditions_are_and() -> None:
    rules = [rule("10", path("/a", "/b"), host("*.hokus.ai")), rule("default")]
    assert met(rules, path="/b") == "10"
    assert met(rules, path="/c") == "default"
    assert met(rules, path="/b", host="example.com") == "default"


def test_the_lowest_priority_number_wins_whatever_the_order_and_the_length_of_numbers() -> None:
    rules = [rule("default"), rule("110", path("/api/*")), rule("50", path("/api/mlflow/*"))]
    assert met(rules, path="/api/mlflow/x") == "50"
    shadowing = [rule("9", path("/api*")), rule("85", path("/api/mlflow/*")), rule("default")]
    assert met(shadowing, path="/api/mlflow/x") == "9"


def test_the_rules_of_the_registry_lead_where_the_platform_says() -> None:
    rules = [
        rule("50", path("/mlflow/*")),
        rule("105", path("/api/mlflow/*")),
        rule("110", path("/api/*")),
        rule("default"),
    ]
    cases = {
        "/mlflow/": "50",
        "/mlflow": "default",
        "/api/mlflow/api/2.0/mlflow/experiments/search": "105",
        "/api/mlflow": "110",
        "/api/v1/models": "110",
        "/health": "default",
    }
    assert {sent: met(rules, path=sent) for sent in cases} == cases


def test_no_rule_at_all_is_no_match() -> None:
    assert met([]) is None


REDIRECTS: list[tuple[dict[str, str], str]] = [
    (
        {"Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}"},
        "https://registry.hokus.ai:443/a/b?x=1",
    ),
    ({"Protocol": "HTTPS", "Port": "443"}, "https://registry.hokus.ai:443/a/b?x=1"),
    ({"Host": "new.#{host}"}, "http://new.registry.hokus.ai:80/a/b?x=1"),
    (
        {"Path": "/v2/#{path}", "Query": "#{query}&y=2"},
        "http://registry.hokus.ai:80/v2/a/b?x=1&y=2",
    ),
    ({"Path": "/#{host}/#{port}", "Query": ""}, "http://registry.hokus.ai:80/registry.hokus.ai/80"),
]


@pytest.mark.parametrize(("given", "expected"), REDIRECTS)
def test_a_redirect_keeps_what_is_not_given_and_writes_the_port(
    given: dict[str, str], expected: str
) -> None:
    config = msgspec.convert({"StatusCode": "HTTP_301", **given}, RedirectConfig)
    assert location(config, asked(path="/a/b", query="x=1"), "http", 80) == expected


def test_the_actions_are_performed_by_their_order() -> None:
    forward, oidc = Action(type="forward", order=2), Action(type="authenticate-oidc", order=1)
    assert in_turn([forward, oidc]) == in_turn([oidc, forward]) == [oidc, forward]
    assert in_turn([]) == []
