"""Closed ports and lost rules as the answers alone show them, where AWS was not read."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import PlatformState, Unavailable
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import NETWORK, TLS_EDGE, Finding
from canary.diagnose.routing.by_answers import closed_ports, misroutes
from canary.model import Result, Service, Status, Step
from tests.canary.support import platforms as p
from tests.canary.support.routed import ENVIRONMENT, HEALTHY, HOST, NAMES, case

REGISTRY, AUTH = f"https://{HOST}", f"https://auth.{NAMES.domain}"
ELB = "elasticloadbalancing:Describe"
LISTENERS = [f"{ELB}LoadBalancers", f"{ELB}Listeners"]
RULES = [*LISTENERS, f"{ELB}Rules", f"{ELB}TargetGroups"]


def unread(*actions: str) -> PlatformState:
    gaps = tuple(Unavailable(action=a, resource="*", code="Denied", reason="no") for a in actions)
    return p.replace(HEALTHY, unavailable=gaps)


def ask(results: list[Result], actions: list[str], **more: Any) -> Case:
    return case(unread(*actions), None, *results, **more)


def lost(url: str, check: str = "registry.a", failure: str = "refused") -> Result:
    return p.failed(check, "registry", p.none(url, failure))


def passed(url: str) -> Result:
    step = Step(name="step", status=Status.PASS, evidence=(p.answer(url, 200, "{}"),))
    return p.result(f"passed.{url}", "auth", step, status=Status.PASS)


def told(found: list[Finding]) -> list[tuple[str, str, list[str]]]:
    return [(f.cause, f.summary, sorted({x.check_id for x in f.explained_failures})) for f in found]


HERE = passed(f"{AUTH}/health")


@pytest.mark.parametrize("action", LISTENERS)
def test_a_port_is_guessed_where_one_reading_of_listeners_failed(action: str) -> None:
    (found,) = closed_ports(ask([lost(f"{REGISTRY}/a"), HERE], [action]))
    assert (found.cause, found.resource, found.rank) == (
        "listener-missing", "hokusai-registry-lb", TLS_EDGE)  # fmt: skip
    assert found.remedy.inspect == (
        "aws elbv2 describe-load-balancers --region us-east-1 --names hokusai-registry-lb",
        "aws elbv2 describe-listeners --region us-east-1 --load-balancer-arn"
        f" {HEALTHY.load_balancers[1].arn}",
    )


@pytest.mark.parametrize("actions", [[], RULES[2:]])
def test_a_port_whose_listeners_were_read_is_not_guessed(actions: list[str]) -> None:
    assert list(closed_ports(ask([lost(f"{REGISTRY}/a"), HERE], actions))) == []


def test_nothing_is_said_of_a_port_where_nothing_answers_anywhere() -> None:
    assert list(closed_ports(ask([lost(f"{REGISTRY}/a")], LISTENERS))) == []
    silent = lost(f"{AUTH}/health", "auth.x", "connect-timeout")
    assert list(closed_ports(ask([lost(f"{REGISTRY}/a"), silent], LISTENERS))) == []


def test_a_port_that_is_dropped_belongs_to_the_network() -> None:
    (found,) = closed_ports(ask([lost(f"{REGISTRY}/a", failure="connect-timeout"), HERE], RULES))
    assert (found.cause, found.rank, found.service) == (
        "security-group-blocked",
        NETWORK,
        "registry",
    )
    assert found.summary == f"Connections to {REGISTRY} are dropped on the way."


def test_one_refusal_among_lost_connections_means_that_nothing_listens() -> None:
    results = [lost(f"{REGISTRY}/a", "a", "connect-timeout"), lost(f"{REGISTRY}/b", "b"), HERE]
    assert told([*closed_ports(ask(results, RULES))]) == [
        ("listener-missing", f"Connections to {REGISTRY} are refused: nothing listens there.",
         ["a", "b"])]  # fmt: skip


def test_ports_of_one_host_are_several_findings_in_order() -> None:
    results = [lost(f"http://{HOST}:8080/x", "c"), lost(f"http://{HOST}/y", "b"),
               lost(f"{REGISTRY}/z", "a"), HERE]  # fmt: skip
    assert told([*closed_ports(ask(results, RULES))]) == [
        ("listener-missing", f"Connections to {at} are refused: nothing listens there.", checks)
        for at, checks in (
            (f"http://{HOST}", ["b"]), (f"http://{HOST}:8080", ["c"]), (REGISTRY, ["a", "b", "c"])
        )
    ]  # fmt: skip


def test_a_port_that_answered_any_request_is_open() -> None:
    results = [lost(f"{REGISTRY}:8443/x"), passed(f"{REGISTRY}:8443/y"), HERE]
    assert list(closed_ports(ask(results, RULES))) == []
    assert len(list(closed_ports(ask([*results[:1], passed(f"{REGISTRY}/y")], RULES)))) == 1


def test_what_depends_on_the_service_follows_only_from_the_port_of_its_url() -> None:
    words = '{"detail":"Authentication service unavailable"}'
    api = p.failed("api", "registry", p.answer(f"{REGISTRY}/api/v1/models", 503, words))
    for url, explained in ((f"{AUTH}/health", ["api", "auth"]), (f"{AUTH}:9443/x", ["auth"])):
        results = [p.failed("auth", "auth", p.none(url, "refused")), api]
        assert [t[2] for t in told([*closed_ports(ask(results, RULES))])] == [explained]


def test_a_service_without_a_load_balancer_is_named_by_its_host() -> None:
    bare = p.replace(ENVIRONMENT, services={
        **ENVIRONMENT.services, "registry": Service(url=REGISTRY, container="x")})  # fmt: skip
    (found,) = closed_ports(ask([lost(f"{REGISTRY}/a"), HERE], RULES, environment=bare))
    assert (found.resource, found.remedy.inspect) == (HOST, ())


# --- rules


def page(path: str, check: str = "registry.page", host: str = REGISTRY) -> Result:
    return p.failed(check, "registry", p.fixed_404(f"{host}{path}"))


@pytest.mark.parametrize("action", RULES)
def test_a_rule_is_guessed_where_one_reading_of_rules_failed(action: str) -> None:
    (found,) = misroutes(ask([page("/api/v1/x")], [action]))
    assert (found.cause, found.service, found.resource, found.summary) == (
        "rule-missing", "registry", "hokusai-registry-lb",
        "The load balancer has no rule for /api/v1/x. The rules could not be read.",
    )  # fmt: skip


def test_rules_that_were_read_are_not_guessed() -> None:
    assert list(misroutes(ask([page("/api/v1/x")], []))) == []
    assert list(misroutes(ask([page("/api/v1/x")], ["ecs:DescribeServices"]))) == []


def test_a_page_of_mlflow_means_a_path_past_the_api() -> None:
    answer = p.answer(f"{REGISTRY}/api/v1/x", 404, p.WERKZEUG, content_type="text/html")
    assert told([*misroutes(ask([p.failed("a", "registry", answer)], RULES))]) == [
        ("rule-wrong-target",
         "/api/v1/x reaches MLflow past the API. The rules could not be read.", ["a"])
    ]  # fmt: skip


def test_the_first_path_stands_for_all_and_each_service_is_told_apart() -> None:
    results = [page("/api/b", "b"), page("/api/a", "z"), page("/api/a", "c"),
               page("/api/v1/k", "auth", AUTH)]  # fmt: skip
    said = "The load balancer has no rule for {}. The rules could not be read."
    assert told([*misroutes(ask(results, RULES))]) == [
        ("rule-missing", said.format("/api/v1/k"), ["auth"]),
        ("rule-missing", said.format("/api/a"), ["b", "c", "z"]),
    ]


def test_an_odd_answer_below_the_same_first_part_follows() -> None:
    def odd(check: str, path: str, status: int = 401, host: str = REGISTRY) -> Result:
        words = '{"detail":"no"}'
        return p.failed(check, "registry", p.answer(f"{host}{path}", status, words))

    results = [
        page("/api/b", "page"), odd("same", "/api/c"), odd("other", "/docs/c"),
        odd("other-host", "/api/c", host=AUTH), odd("down", "/api/d", 503),
        p.control("listener_rule", "registry"), lost(f"{REGISTRY}/api/e", "silent"),
        odd("root", "/"), lost(f"{REGISTRY}/api/u", "unknown", failure="odd"),
    ]  # fmt: skip
    assert [t[2] for t in told([*misroutes(ask(results, RULES))])] == [["page", "same"]]


def test_a_host_of_nobody_is_named_itself() -> None:
    results = [p.failed("x.page", "x", p.fixed_404("https://other.example/a"))]
    (found,) = misroutes(ask(results, RULES))
    assert (found.service, found.resource) == ("x", "other.example")
