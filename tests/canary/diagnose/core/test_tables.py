"""What follows from what, and which failures a cause can make: the tables, entry by entry."""

from __future__ import annotations

from typing import Any

import pytest

from canary.diagnose.causes import ALL
from canary.diagnose.core.case import Case
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.follows import (
    CRASHES,
    FOLLOWS,
    ONLY_AS_A_WHOLE,
    SHARED,
    SHOWN_BY_THE_DATABASE,
    roots_of,
)
from canary.diagnose.core.mechanisms import (
    DROPS,
    ELSEWHERE,
    GONE,
    LATE,
    MAKES,
    SHOWN_BY_STATE,
    answered,
    possible,
)
from canary.diagnose.core.symptoms import Symptom
from canary.model import Exchange, Remedy, Severity, Status
from tests.canary.support import platforms as p

S = Symptom

STARTS = {
    "service-missing", "service-scaled-to-zero", "execution-role-denied", "secret-unavailable",
    "image-pull-failed", "log-group-missing", "image-wrong-architecture", "task-out-of-memory",
    "environment-variable-missing", "environment-variable-wrong", "secret-not-injected",
    "capacity-unavailable", "quota-reached", "subnet-full", "volume-unavailable",
}  # fmt: skip
SETTINGS = {"environment-variable-wrong", "environment-variable-missing", "secret-not-injected"}
STORE = {
    "database-full", "database-stopped", "database-failing-over", "database-read-only",
    "database-connections-exhausted", "database-locked",
}  # fmt: skip
CACHE = {"cache-full", "cache-stopped", "cache-failing-over"}
DATABASE = STORE | {
    "database-auth-failed", "database-unreachable", "database-schema-missing",
    "database-schema-outdated",
}  # fmt: skip
STUCK = {"task-crash-loop", "deployment-stuck", "deployment-rolled-back"}
CHECKS = {"port-mismatch", "health-check-mismatch", "target-protocol-mismatch"}
WAYS = {"network-acl-blocked", "vpc-route-missing", "nat-gone", "endpoint-missing"}
ZONES = {"zone-not-shared", "zone-without-target"}
DROPPED, INEFFECTIVE = {"security-group-blocked"} | WAYS, {"deployment-not-effective"}
BLOCKED = DROPPED | ZONES

ROOTS: dict[str, set[str]] = {
    "target-group-empty": STARTS | STUCK | DATABASE | BLOCKED | CHECKS | {"target-group-detached"},
    "target-group-detached": {
        "listener-missing", "rule-missing", "rule-wrong-target", "rule-shadowed",
        "rule-on-wrong-listener",
    },
    "targets-unhealthy": STARTS | STUCK | DATABASE | BLOCKED | CHECKS | INEFFECTIVE
    | {"upstream-url-wrong", "service-discovery-missing", "service-discovery-stale"}
    | {"worker-killed"},
    "health-check-mismatch": {"port-mismatch", "target-protocol-mismatch"},
    "target-protocol-mismatch": {"port-mismatch"},
    "task-crash-loop": STARTS | DATABASE | BLOCKED,
    "deployment-stuck": STARTS | DATABASE | BLOCKED,
    "deployment-rolled-back": STARTS | DATABASE | WAYS,
    "service-discovery-missing": STARTS | STUCK | DATABASE,
    "service-discovery-stale": STARTS | STUCK,
    "database-unreachable": BLOCKED | SETTINGS | STORE | {"database-auth-failed"},
    "database-read-only": {"database-failing-over", "database-full"},
    "database-connections-exhausted": {"database-failing-over", "database-locked"},
    "database-auth-failed": SETTINGS,
    "cache-unreachable": BLOCKED | SETTINGS | CACHE,
    "environment-variable-wrong": {"port-mismatch"} | INEFFECTIVE,
    "auth-service-down": {"latency-degraded"} | INEFFECTIVE,
    "environment-variable-missing": INEFFECTIVE,
    "secret-not-injected": INEFFECTIVE,
    "upstream-url-wrong": INEFFECTIVE,
    "service-id-wrong": INEFFECTIVE,
    "port-mismatch": INEFFECTIVE,
    "artifact-store-failing": INEFFECTIVE,
    "protection-missing": INEFFECTIVE,
    "credential-header-lost": INEFFECTIVE,
    "rate-limit-missing": INEFFECTIVE,
    "auth-error-misreported": INEFFECTIVE,
    "revoked-key-accepted": INEFFECTIVE,
    "expired-key-accepted": INEFFECTIVE,
    "route-not-mounted": INEFFECTIVE,
    "host-header-rejected": INEFFECTIVE,
    "path-prefix-wrong": INEFFECTIVE,
    "health-endpoint-misleading": INEFFECTIVE,
    "latency-degraded": INEFFECTIVE | {"worker-killed"},
}  # fmt: skip


@pytest.mark.parametrize("cause", sorted(ALL))
def test_a_cause_follows_from_these_and_from_no_others(cause: str) -> None:
    assert roots_of(cause) == ROOTS.get(cause, set())


def test_the_small_tables() -> None:
    assert set(FOLLOWS) <= set(ROOTS) and set(ROOTS) <= set(ALL)
    assert CRASHES == STUCK
    assert DATABASE | CACHE | {"cache-unreachable"} == SHARED
    assert {"database-auth-failed", "database-schema-missing"} == SHOWN_BY_THE_DATABASE
    assert {"auth-service-down"} == ONLY_AS_A_WHOLE
    assert DROPS == DROPPED
    assert {"dns-wrong-load-balancer"} == ELSEWHERE
    assert {"service-missing", "service-scaled-to-zero"} == GONE
    assert {
        "security-group-blocked", "vpc-route-missing", "nat-gone", "endpoint-missing",
        "dns-name-missing", "dns-wrong-load-balancer", "service-discovery-missing",
        "service-discovery-stale",
    } == LATE  # fmt: skip


def test_the_control_plane_shows_these_causes() -> None:
    assert {
        "listener-missing", "rule-missing", "rule-wrong-target", "rule-shadowed",
        "rule-on-wrong-listener", "target-group-detached", "target-group-empty",
        "balancer-attribute-wrong", "dns-wrong-load-balancer", "dns-name-missing",
        "health-check-mismatch", "port-mismatch", "security-group-blocked", "targets-unhealthy",
        "target-protocol-mismatch", "service-missing", "service-scaled-to-zero", "task-crash-loop",
        "task-out-of-memory", "image-pull-failed", "image-wrong-architecture", "log-group-missing",
        "secret-unavailable", "execution-role-denied", "deployment-stuck",
        "deployment-rolled-back", "environment-variable-missing", "environment-variable-wrong",
        "secret-not-injected", "upstream-url-wrong", "service-id-wrong",
        "service-discovery-missing", "service-discovery-stale", "container-ended",
        "request-blocked", "sign-in-failing",
        "database-full", "database-stopped", "database-failing-over", "cache-stopped",
        "cache-failing-over",
        "capacity-unavailable", "quota-reached", "subnet-full", "volume-unavailable",
        *WAYS, *ZONES,
    } == SHOWN_BY_STATE  # fmt: skip


CONTROL = {S.CONTROL_ECS, S.CONTROL_TARGETS, S.CONTROL_RULE, S.CONTROL_CERTIFICATE}
OWN = {
    S.DATABASE_AUTH, S.DATABASE_SCHEMA, S.UPSTREAM_UNREACHABLE, S.UPSTREAM_SLOW, S.BREAKER_OPEN,
    S.NOT_READY, S.AUTH_UNAVAILABLE, S.ARTIFACTS, S.SLOW,
}  # fmt: skip
NO_START = set(S) - {S.NO_NAME, S.REFUSED, S.TLS, S.OVERSIZED, S.FRONT_LOST}


def test_a_cause_makes_these_symptoms_alone() -> None:
    everything = set(S)
    assert {
        "service-missing": everything - OWN,
        "service-scaled-to-zero": everything - OWN,
        "target-group-empty": everything - OWN - {S.APP_5XX},
        "listener-missing": CONTROL
        | {S.REFUSED, S.NO_CONNECTION, S.TLS, S.RESET, S.NO_ANSWER, S.UNKNOWN}
        | {S.FRONT_LATE, S.FRONT_LOST},
        "dns-name-missing": CONTROL | {S.NO_NAME, S.UNKNOWN},
        **dict.fromkeys(
            DROPPED,
            everything - {S.NO_NAME, S.REFUSED, S.TLS, S.RESET, S.OVERSIZED, S.FRONT_LOST},
        ),
        **dict.fromkeys(ZONES, everything - OWN - {S.NO_NAME, S.REFUSED, S.TLS}),
        "capacity-unavailable": NO_START,
        "quota-reached": NO_START,
        "subnet-full": NO_START,
        "volume-unavailable": NO_START,
    } == MAKES


def failure(symptom: S = S.REFUSED, **fields: Any) -> Failure:
    known = {
        "check_id": "api.health", "step": "ask", "kind": "endpoint", "service": "api",
        "entry_service": "api", "implicated": frozenset({"api"}), "blamed": frozenset(),
        "severity": Severity.HIGH, "error": False, "reason": "", "text": "",
    }  # fmt: skip
    return Failure(symptom=symptom, **known | fields)


def finding(cause: str, *failures: Failure, service: str = "api", resource: str = "r") -> Finding:
    return Finding(
        cause=cause, service=service, resource=resource, summary="s",
        remedy=Remedy(summary="s", decision="d"), explained_failures=frozenset(failures),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "symptom", "fields", "can"),
    [
        ("listener-missing", S.REFUSED, {}, True),
        ("listener-missing", S.BALANCER_404, {}, False),
        ("listener-missing", S.BALANCER_404, {"entry_service": "web"}, True),
        ("listener-missing", S.BALANCER_404, {"reason": "the time was over"}, True),
        ("rule-missing", S.BALANCER_404, {}, True),  # in no table: all that its rule finds
        ("security-group-blocked", S.REFUSED, {}, False),
        ("security-group-blocked", S.NO_CONNECTION, {}, True),
        ("security-group-blocked", S.UPSTREAM_UNREACHABLE,
         {"entry_service": "web", "blamed": frozenset({"api"}), "body": "Connection refused"},
         False),
        ("security-group-blocked", S.UPSTREAM_UNREACHABLE,
         {"entry_service": "web", "blamed": frozenset({"api"}), "body": "ECONNREFUSED"}, False),
        ("security-group-blocked", S.UPSTREAM_UNREACHABLE,
         {"entry_service": "web", "blamed": frozenset({"api"}), "body": "connect call failed"},
         False),
        ("security-group-blocked", S.UPSTREAM_UNREACHABLE,
         {"entry_service": "web", "blamed": frozenset({"api"}),
          "body": "connection refused; cache: timed out"}, True),
        ("security-group-blocked", S.UPSTREAM_UNREACHABLE,
         {"entry_service": "web", "blamed": frozenset({"api"}),
          "body": "connection refused; no route to host"}, True),
        ("security-group-blocked", S.UPSTREAM_UNREACHABLE,
         {"entry_service": "web", "blamed": frozenset({"api"}), "body": "failed"}, True),
        ("security-group-blocked", S.UPSTREAM_UNREACHABLE,
         {"entry_service": "web", "blamed": frozenset({"other"}), "body": "Connection refused"},
         True),
        ("port-mismatch", S.UPSTREAM_UNREACHABLE,
         {"entry_service": "web", "blamed": frozenset({"api"}), "body": "Connection refused"},
         True),
    ],
)  # fmt: skip
def test_a_cause_explains_what_it_can_make(
    cause: str, symptom: S, fields: dict[str, Any], can: bool
) -> None:
    one = failure(symptom, **fields)
    assert possible(finding(cause, one)) == (frozenset({one}) if can else frozenset())


HOST = "registry.hokus.ai"


@pytest.mark.parametrize(
    ("cause", "resource", "status", "by", "url", "contradicted"),
    [
        ("service-missing", "r", 200, "target", f"https://{HOST}/health", True),
        ("service-scaled-to-zero", "r", 299, "target", f"https://{HOST}/health", True),
        ("service-missing", "r", 200, "balancer", f"https://{HOST}/health", False),
        ("service-missing", "r", 300, "target", f"https://{HOST}/health", False),
        ("service-missing", "r", 199, "target", f"https://{HOST}/health", False),
        ("service-missing", "r", 200, "target", "https://auth.hokus.ai/health", False),
        ("dns-wrong-load-balancer", HOST, 200, "target", f"https://{HOST}/health", True),
        ("dns-wrong-load-balancer", "auth.hokus.ai", 200, "target", f"https://{HOST}/health",
         False),
        ("rule-missing", "r", 200, "target", f"https://{HOST}/health", False),
    ],
)  # fmt: skip
def test_a_good_answer_contradicts_what_could_not_have_answered(
    cause: str, resource: str, status: int, by: str, url: str, contradicted: bool
) -> None:
    good = p.failed(
        "registry.health", "registry", p.answer(url, status, answered_by=by), status=Status.PASS
    )
    case = Case(
        results=(good,), state=p.healthy(), environment=p.environment(p.Names()), previous=None,
        now=p.NOW,
    )  # fmt: skip
    found = answered(case, finding(cause, service="registry", resource=resource))
    assert (found is not None) is contradicted
    assert not contradicted or isinstance(found, Exchange)
