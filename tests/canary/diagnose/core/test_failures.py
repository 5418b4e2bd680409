"""Failed steps as records: what was asked, of whom, and what the answer shows."""

from __future__ import annotations

from typing import Any

import pytest

from canary.diagnose.core.failures import (
    Failure,
    collect,
    entry_service_at,
    entry_service_of,
    route_of,
)
from canary.diagnose.core.finding import Finding, top_evidence
from canary.diagnose.core.mlflow_paths import asks_mlflow, url_asks_mlflow
from canary.diagnose.core.symptoms import Symptom
from canary.model import (
    Assertion,
    Confidence,
    Evidence,
    Exchange,
    Load,
    Principal,
    Remedy,
    Role,
    RouteRule,
    Service,
    Severity,
    Status,
    Step,
)
from canary.model.results import Timing
from tests.canary.support import platforms as p
from tests.canary.support.servers.toolbox import environment

SHOP, ADMIN = "shop.example.com", "admin.example.com"
PLATFORM = environment(
    services={
        "web": Service(url=f"https://{SHOP}"),
        "api": Service(url=f"https://{SHOP}:8443"),
        "admin": Service(url=f"https://{ADMIN}"),
        "models": Service(role=Role.MLFLOW),
    },
    routes=(
        RouteRule(host=SHOP, path="/api/v1/x", service="admin", pattern="/api/*"),
        RouteRule(host=SHOP, path="/api/v1/y", service="models", pattern="/api/v1/*"),
        RouteRule(host=SHOP, path="/", service="web"),
        RouteRule(host="bare.example.com", path="/x", service="models", pattern="/x/*"),
        RouteRule(host="bare.example.com", path="/", service="web"),
        RouteRule(host=ADMIN, path="/proxy/api/2.0/mlflow/runs", service="admin"),
    ),
    principals={"good": Principal(secret="s"), "bad": Principal(secret="s", reason="revoked")},
)


@pytest.mark.parametrize(
    ("host", "path", "port", "service"),
    [
        (SHOP, "/", 443, "web"),
        (SHOP, "/other", 443, "web"),
        (SHOP, "/other", 8443, "api"),
        (SHOP, "/other", 9999, "web"),  # at no service's port: the first of the host
        (SHOP, "/api/v2/z", 9999, "admin"),
        (SHOP, "/api/v1/z", 9999, "models"),  # the longer pattern
        (SHOP, "/api/v1/x", 9999, "admin"),  # just this path
        (ADMIN, "/any", 443, "admin"),
        ("bare.example.com", "/x/1", 0, "models"),
        ("bare.example.com", "/y", 0, "web"),
        ("none.example.com", "/", 443, ""),
        ("", "/", 443, ""),
    ],
)
def test_who_has_to_answer_a_path(host: str, path: str, port: int, service: str) -> None:
    assert entry_service_of(PLATFORM, host, path, port) == service


def test_who_has_to_answer_a_url() -> None:
    urls = (f"https://{SHOP}/a", f"https://{SHOP}:8443/a", f"https://{ADMIN}", "no url")
    assert [entry_service_at(PLATFORM, u) for u in urls] == ["web", "api", "admin", ""]


def test_what_leads_to_mlflow() -> None:
    def leads(host: str, path: str) -> bool:
        return asks_mlflow(PLATFORM, host, path)

    assert leads(ADMIN, "/MLflow/x")
    assert leads("bare.example.com", "/x/1")
    assert leads(ADMIN, "/proxy/anything")
    assert not leads(ADMIN, "/proxyother")
    assert not leads(ADMIN, "/other")
    assert not leads(SHOP, "/proxy/anything")
    assert url_asks_mlflow(PLATFORM, f"https://{ADMIN}/proxy/x")
    assert not url_asks_mlflow(PLATFORM, f"https://{ADMIN}/x")


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("https://a/b?c=d", "GET /b?c=d"),
        ("https://a/b", "GET /b"),
        ("https://a", "GET /"),
        ("https://a?c", "GET /?c"),
    ],
)
def test_a_route_is_method_path_and_query(url: str, route: str) -> None:
    assert route_of(p.answer(url, 200)) == route


def step(*exchanges: Exchange, name: str = "ask", **fields: Any) -> Step:
    known = {"status": Status.FAIL, "reason": "not as wanted"}
    return Step(name=name, evidence=exchanges, **known | fields)


def only(*steps: Step, **fields: Any) -> Failure:
    made = p.result("web.it", "web", *steps, **fields)
    (found,) = collect((made,), PLATFORM)
    return found


def unmet(subject: str, expected: str = "x", actual: str = "y") -> Assertion:
    return Assertion(subject=subject, expected=expected, actual=actual, holds=False)


def test_a_failure_holds_all_that_its_exchange_tells() -> None:
    exchange = Exchange(
        method="POST", url=f"http://{SHOP}:8443/a?b=c", status=503, content_type="text/plain",
        answered_by="target", excerpt="down", principal="good", header_form="bearer",
        challenge="Basic", failure_code=0, certificate_chain=("old",), timing=Timing(total_ms=12.5),
    )  # fmt: skip
    assertion = unmet("status", "200", "503")
    found = only(step(exchange, assertions=(assertion,), facts={"k": "v"}))
    assert found == Failure(
        check_id="web.it", step="ask", kind="endpoint", service="web", entry_service="api",
        symptom=Symptom.APP_5XX, implicated=frozenset({"api"}), blamed=frozenset(),
        severity=Severity.HIGH, error=False, reason="not as wanted",
        text="ask | not as wanted | status: 200 / 503 | k=v", scheme="http", host=SHOP, port=8443,
        path="/a", route="POST /a?b=c", method="POST", status=503, principal="good",
        header_form="bearer", challenge="Basic", certificate_chain=("old",),
        seen="503 text/plain from the target: down", body="down", milliseconds=12.5,
    )  # fmt: skip
    assert found.evidence("200") == Evidence(
        resource=f"POST http://{SHOP}/a", seen="503 text/plain from the target: down",
        expected="200",
    )  # fmt: skip
    tls = only(step(p.none(f"https://{SHOP}", "tls", failure_code=10)))
    assert (tls.failure_code, tls.port, tls.path, tls.symptom) == (10, 443, "/", Symptom.TLS)


def test_a_failure_without_an_exchange_has_its_step_and_reason() -> None:
    found = only(step(name="look", status=Status.ERROR, reason="too late: the time was over"))
    assert (found.symptom, found.error, found.out_of_time) == (Symptom.UNKNOWN, True, True)
    assert (found.host, found.path, found.route, found.method) == ("", "", "", "GET")
    assert (found.port, found.status, found.milliseconds, found.body) == (0, 0, 0.0, "")
    assert (found.principal, found.header_form, found.challenge, found.failure_code) == (
        "", "", "", 0,
    )  # fmt: skip
    assert found.evidence() == Evidence(resource="look", seen="too late: the time was over")
    assert found.entry_service == "web"


def test_a_result_without_failed_steps_is_one_failure_of_its_title() -> None:
    plain = p.result("web.it", "web", status=Status.ERROR)
    whole = p.replace(plain, title="It holds", reason="broke")
    (found,) = collect((whole,), PLATFORM)
    assert (found.step, found.reason, found.error) == ("It holds", "broke", True)
    passed = p.replace(whole, steps=(step(status=Status.PASS),))
    (found,) = collect((passed,), PLATFORM)
    assert found.step == "It holds"


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({}, 1),
        ({"status": Status.ERROR}, 1),
        ({"status": Status.PASS}, 0),
        ({"status": Status.SKIP}, 0),
        ({"reused": True}, 0),
        ({"reused": True, "load": Load.BLOCKING}, 1),
        ({"load": Load.BLOCKING}, 1),
    ],
)
def test_failures_are_those_of_this_run(fields: dict[str, Any], counts: int) -> None:
    made = p.replace(p.result("web.it", "web", step()), **fields)
    assert len(collect((made,), PLATFORM)) == counts
    assert len(collect((made, made), PLATFORM)) == counts  # one failure is counted once


OK, BAD, NO = (p.answer(f"https://{SHOP}/{n}", n) for n in (200, 500, 404))


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (step(BAD, OK), 500),
        (step(BAD, NO), 500),
        (step(p.answer(f"https://{SHOP}/a", 502), BAD, OK), 500),
        (step(NO, OK), 404),
        (step(p.answer(f"https://{SHOP}/a", 400), OK), 400),
        (step(p.answer(f"https://{SHOP}/a", 499), OK), 499),
        (step(p.answer(f"https://{SHOP}/a", 399), OK), 200),
        (step(OK, p.answer(f"https://{SHOP}/a", 201)), 201),
        (step(NO, OK, assertions=(unmet("status", "404"),)), 200),
        (step(NO, OK, assertions=(unmet("status", "200", "404"),)), 404),
        (step(NO, OK, assertions=(
            Assertion(subject="s", expected="4xx", actual="404", holds=True),)), 200),
        (step(NO, OK, assertions=(unmet("status", "4040"),)), 404),
    ],
)  # fmt: skip
def test_the_exchange_that_shows_most_decides(found: Step, shown: int) -> None:
    assert only(found).status == shown


GOOD = p.answer(f"https://{SHOP}/", 200, principal="good")


@pytest.mark.parametrize(
    ("found", "symptom"),
    [
        (step(GOOD), Symptom.WRONG_ANSWER),
        (step(p.replace(GOOD, status=299)), Symptom.WRONG_ANSWER),
        (step(p.replace(GOOD, status=300)), Symptom.WRONG_REDIRECT),
        (step(p.replace(GOOD, status=199)), Symptom.WRONG_ANSWER),
        (step(GOOD, assertions=(unmet("status", "401"),)), Symptom.ACCEPTED),
        (step(GOOD, assertions=(unmet("status", "403"),)), Symptom.ACCEPTED),
        (step(GOOD, assertions=(unmet("status", "402"),)), Symptom.WRONG_ANSWER),
        (step(GOOD, assertions=(unmet("status", "200 or 401"),)), Symptom.WRONG_ANSWER),
        (step(p.replace(GOOD, principal="bad"), assertions=(unmet("status", "200 or 401"),)),
         Symptom.ACCEPTED),
        (step(p.replace(GOOD, principal=""), assertions=(unmet("status", "200 or 401"),)),
         Symptom.ACCEPTED),
        (step(GOOD, assertions=(
            Assertion(subject="status", expected="401", actual="401", holds=True),)),
         Symptom.WRONG_ANSWER),
        (step(GOOD, assertions=(unmet("X-RateLimit-Limit"),)), Symptom.NO_RATE_HEADERS),
        (step(GOOD, name="the rate limit is told"), Symptom.NO_RATE_HEADERS),
        (step(GOOD, assertions=(unmet("total ms"),)), Symptom.SLOW),
        (step(GOOD, assertions=(unmet("max_ms"),)), Symptom.SLOW),
        (step(GOOD, assertions=(unmet("total_ms"),)), Symptom.SLOW),
        (step(GOOD, assertions=(unmet("Latency"),)), Symptom.SLOW),
        (step(GOOD, assertions=(unmet("duration"),)), Symptom.SLOW),
        (step(GOOD, assertions=(unmet("forms"),)), Symptom.WRONG_ANSWER),
        (step(p.replace(GOOD, excerpt='"cache": "down"'), name="health"), Symptom.NOT_READY),
        (step(p.replace(GOOD, excerpt='"cache": "down"'), name="ask"), Symptom.WRONG_ANSWER),
        (step(p.replace(GOOD, excerpt='"cache": "ok"'), name="health"), Symptom.WRONG_ANSWER),
        (step(GOOD, assertions=(unmet("services.cache", "true", "false"),)), Symptom.NOT_READY),
        (step(GOOD, assertions=(unmet("checks", "ok", "degraded"),)), Symptom.NOT_READY),
        (step(GOOD, assertions=(unmet("dependency", "ok", "unhealthy"),)), Symptom.NOT_READY),
        (step(GOOD, assertions=(unmet("ready", "ok", "down"),)), Symptom.NOT_READY),
        (step(GOOD, assertions=(unmet("ready", "ok", "downs"),)), Symptom.WRONG_ANSWER),
        (step(p.replace(GOOD, excerpt='"mlflow": "down", "error": "Invalid API key"'),
              name="health"), Symptom.OWN_KEY_REFUSED),
    ],
)  # fmt: skip
def test_the_symptom_of_a_good_status(found: Step, symptom: Symptom) -> None:
    assert only(found).symptom is symptom


@pytest.mark.parametrize(
    ("kind", "symptom"),
    [
        ("ecs_service", Symptom.CONTROL_ECS),
        ("target_group", Symptom.CONTROL_TARGETS),
        ("listener_rule", Symptom.CONTROL_RULE),
        ("certificate", Symptom.CONTROL_CERTIFICATE),
        ("endpoint", Symptom.UNKNOWN),
    ],
)
def test_the_symptom_of_a_check_of_the_control_plane(kind: str, symptom: Symptom) -> None:
    assert only(step(), kind=kind).symptom is symptom
    assert only(step(status=Status.ERROR), kind=kind).symptom is Symptom.UNKNOWN
    refused = step(p.none(f"https://{SHOP}", "refused"))
    assert only(refused, kind=kind).symptom is Symptom.REFUSED


def test_a_failure_weighs_what_its_severity_says() -> None:
    weights = {s: only(step(), severity=s).weight for s in Severity}
    assert weights == {
        Severity.CRITICAL: 8, Severity.HIGH: 4, Severity.MEDIUM: 2, Severity.LOW: 1,
    }  # fmt: skip


def test_the_top_evidence_is_that_of_the_heaviest_failures_in_a_stable_order() -> None:
    results = [
        p.result(f"web.{n}", "web", step(name=n), severity=s)
        for n, s in (("b", Severity.LOW), ("d", Severity.HIGH), ("c", Severity.HIGH),
                     ("a", Severity.LOW))
    ]  # fmt: skip
    failures = frozenset(collect(tuple(results), PLATFORM))
    assert [e.resource for e in top_evidence(failures)] == ["c", "d"]
    assert [e.resource for e in top_evidence(failures, 9)] == ["c", "d", "a", "b"]


def test_a_finding_is_told_as_possible_where_it_is_one_of_two() -> None:
    plain = Finding(
        cause="c", service="s", resource="r", summary="s",
        remedy=Remedy(summary="s", decision="d"), explained_failures=frozenset(),
    )  # fmt: skip
    assert (plain.confidence, plain.told_confidence) == (Confidence.LIKELY, Confidence.LIKELY)
    assert (plain.shown_failures, plain.rank, plain.evidence) == (2, -1, ())
    assert (plain.held, plain.one_of_two, plain.always_report) == (False, False, False)
