"""Which findings become diagnoses, in which order, and what stays unexplained."""

from __future__ import annotations

from typing import Any

import pytest

from canary.diagnose.core.case import Case
from canary.diagnose.core.choose import as_diagnosis, choose
from canary.diagnose.core.decisions import about, joined, needs
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import ROUTE, SERVE, Finding
from canary.model import Confidence, Evidence, Remedy, Result, Severity
from tests.canary.support import platforms as p

NAMES = p.Names()
CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE


def result(check: str, service: str = "registry", **fields: Any) -> Result:
    return p.failed(check, service, **fields)


def case(*results: Result) -> Case:
    return Case(
        results=results, state=p.healthy(), environment=p.environment(NAMES),
        previous=p.healthy(), now=p.NOW,
    )  # fmt: skip


def finding(cause: str, *failures: Failure, **fields: Any) -> Finding:
    known = {
        "service": "registry", "resource": cause, "summary": cause, "rank": SERVE,
        "remedy": Remedy(summary="s", decision="d"),
    }  # fmt: skip
    return Finding(cause=cause, explained_failures=frozenset(failures), **known | fields)


def named(chosen: list[Finding]) -> list[str]:
    return [f.resource for f in chosen]


ABC = case(result("a"), result("b"), result("c"))
A, B, C = ABC.failures


def test_what_explains_no_failure_is_not_told() -> None:
    assert choose(ABC, [finding("rule-missing", confidence=CERTAIN)]) == ([], {A, B, C})


def test_all_that_is_certain_is_told_and_the_rest_only_where_it_is_needed() -> None:
    one = finding("rule-missing", A, confidence=CERTAIN)
    two = finding("listener-missing", A, confidence=CERTAIN)
    more = finding("path-prefix-wrong", A, B)
    less = finding("credential-rejected", A)
    chosen, left = choose(ABC, [less, one, more, two])
    assert set(named(chosen)) == {"rule-missing", "listener-missing", "path-prefix-wrong"}
    assert left == {C}
    assert choose(ABC, [less, one])[0] == [one]
    told_by_database = finding("database-schema-missing", A)
    assert set(named(choose(ABC, [told_by_database, one])[0])) == {
        "rule-missing", "database-schema-missing",
    }  # fmt: skip
    assert choose(ABC, []) == ([], frozenset({A, B, C}))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"confidence": LIKELY}, {"confidence": POSSIBLE, "failures": (A, B, C)}),
        ({"confidence": POSSIBLE}, {"confidence": POSSIBLE, "held": True, "failures": (A, B, C)}),
        ({"failures": (A, B)}, {"failures": (A,)}),
        ({"rank": ROUTE}, {"rank": SERVE}),
    ],
    ids=["likely", "not held", "more", "nearer to the edge"],
)
def test_the_better_of_two_explains_a_failure_first(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    def made(cause: str, fields: dict[str, Any]) -> Finding:
        failures = fields.pop("failures", (A,))
        return finding(cause, *failures, **fields)

    good = made("a-good", dict(first))
    other = made("z-other", dict(second))
    chosen, left = choose(ABC, [other, good])
    assert "a-good" in named(chosen)
    if not other.explained_failures - good.explained_failures:
        assert named(chosen) == ["a-good"]
    assert A not in left


def test_of_two_that_are_equal_the_later_name_is_taken_each_time() -> None:
    one, two = finding("a-cause", A), finding("b-cause", A)
    assert named(choose(ABC, [one, two])[0]) == named(choose(ABC, [two, one])[0]) == ["b-cause"]


def test_heavy_failures_count_more_than_many() -> None:
    many = case(
        result("a", severity=Severity.LOW), result("b", severity=Severity.LOW),
        result("c", severity=Severity.CRITICAL),
    )  # fmt: skip
    one, two, heavy = many.failures
    chosen, _ = choose(many, [finding("a-light", one, two), finding("b-heavy", heavy)])
    assert named(chosen) == ["b-heavy", "a-light"]


LATE = case(result("a"), result("a", step="later", reason="the time was over"))


def test_a_step_without_time_follows_from_its_check() -> None:
    first, late = LATE.failures
    assert choose(LATE, [finding("x", first)])[1] == frozenset()
    assert choose(LATE, [finding("x", late)])[1] == {first}


def test_what_is_always_reported_stands_last_and_explains_too() -> None:
    lacking = finding("permission-missing", A, always_report=True, confidence=CERTAIN)
    other = finding("rule-missing", B)
    chosen, left = choose(ABC, [lacking, other])
    assert (named(chosen), left) == (["rule-missing", "permission-missing"], {C})
    likely = finding("path-prefix-wrong", A)  # it explains what the other one is told beside
    assert named(choose(ABC, [lacking, likely])[0]) == ["path-prefix-wrong", "permission-missing"]
    bare = finding("permission-missing", always_report=True)
    assert named(choose(case(), [bare])[0]) == ["permission-missing"]
    assert choose(case(), [finding("rule-missing")])[0] == []


@pytest.mark.parametrize(
    ("root", "follower", "alone"),
    [
        ({}, {}, True),
        ({"failures": (B,)}, {}, False),  # no failure in common
        ({"confidence": POSSIBLE}, {}, False),  # less sure than its consequence
        ({"service": "mlflow"}, {}, False),
        ({"cause": "rule-missing"}, {}, False),
    ],
    ids=["follows", "other failures", "less sure", "other service", "other cause"],
)
def test_a_consequence_is_left_out(
    root: dict[str, Any], follower: dict[str, Any], alone: bool
) -> None:
    fields = {"cause": "image-pull-failed", "confidence": CERTAIN, "failures": (A,), **root}
    cause, failures = str(fields.pop("cause")), fields.pop("failures")
    assert isinstance(failures, tuple)
    one = finding(cause, *failures, **fields)
    two = finding("task-crash-loop", A, confidence=CERTAIN, **follower)
    found = named(choose(ABC, [two, one])[0])
    assert ("task-crash-loop" not in found) is alone


def follows(follower: Finding, root: Finding, of: Case = ABC) -> bool:
    return follower.resource not in named(choose(of, [follower, root])[0])


def sure(cause: str, service: str, *failures: Failure, resource: str = "") -> Finding:
    return finding(
        cause, *failures, service=service, confidence=CERTAIN, resource=resource or cause
    )


def test_a_root_lies_where_a_cause_may_come_from() -> None:
    crash = sure("task-crash-loop", "registry", A)
    database = sure("database-unreachable", "database", A)
    assert follows(crash, database)  # a store that it needs
    assert not follows(crash, sure("database-unreachable", "mlflow", A))
    assert not follows(sure("task-crash-loop", "cache", A), database)  # it needs none
    assert follows(sure("task-crash-loop", "registry", A, B),
                   sure("image-pull-failed", "registry", A))  # fmt: skip
    targets = sure("targets-unhealthy", "registry", A)
    assert follows(targets, sure("image-pull-failed", "mlflow", A))  # anything that it needs
    assert not follows(sure("targets-unhealthy", "mlflow", A), sure("image-pull-failed", "auth", A))
    blocked = sure("security-group-blocked", "mlflow", A)
    assert follows(database, blocked)  # a dependant of the database
    assert not follows(database, sure("security-group-blocked", "cache", A))
    assert not follows(sure("health-check-mismatch", "auth", A), sure("port-mismatch", "mlflow", A))
    assert follows(sure("health-check-mismatch", "auth", A), sure("port-mismatch", "auth", A))
    strange = sure("health-check-mismatch", "elsewhere", A)
    assert follows(strange, sure("port-mismatch", "elsewhere", A))
    assert not follows(strange, sure("port-mismatch", "auth", A))


def test_some_causes_follow_only_as_a_whole() -> None:
    slow = sure("latency-degraded", "registry", A, B)
    assert follows(sure("auth-service-down", "registry", A), slow)
    assert follows(sure("auth-service-down", "registry", A, B), slow)
    assert not follows(sure("auth-service-down", "registry", A, B, C), slow)


def test_of_a_shared_cause_the_wider_one_is_told() -> None:
    def unreachable(service: str, *failures: Failure) -> Finding:
        return finding(
            "database-unreachable", *failures, service=service, resource=service,
            confidence=CERTAIN,
        )  # fmt: skip

    assert follows(unreachable("mlflow", A), unreachable("database", A, B))
    assert not follows(unreachable("database", A, B), unreachable("mlflow", A))
    # one service alone does not reach it: the fault lies there
    assert follows(unreachable("database", A), unreachable("mlflow", A))
    assert not follows(unreachable("mlflow", A), unreachable("database", A))
    assert not follows(unreachable("mlflow", A, C), unreachable("database", A, B))
    narrow = finding("rule-missing", A, resource="r1", confidence=CERTAIN, service="auth")
    wide = finding("rule-missing", A, B, resource="r2", confidence=CERTAIN)
    assert not follows(narrow, wide)  # no cause that services share
    same = finding("database-unreachable", A, resource="r1", confidence=CERTAIN)
    other = finding("database-unreachable", A, B, resource="r2", confidence=CERTAIN)
    assert not follows(same, other)  # of one service


def test_a_cause_at_a_service_that_the_file_does_not_name_stays_there() -> None:
    for cause in ("database-unreachable", "targets-unhealthy", "task-crash-loop"):
        strange = sure(cause, "elsewhere", A)
        assert not follows(strange, sure("security-group-blocked", "mlflow", A))
        assert not follows(strange, sure("image-pull-failed", "registry", A))


def test_a_finding_that_is_not_proven_is_taken_for_what_is_left_alone() -> None:
    proven = finding("rule-missing", A, confidence=CERTAIN)
    wide = finding("path-prefix-wrong", A, B, confidence=LIKELY)
    narrow = finding("path-mismatch", A, confidence=LIKELY)
    chosen, left = choose(ABC, [proven, narrow, wide])
    assert (set(named(chosen)), left) == ({"rule-missing", "path-prefix-wrong"}, {C})
    (only,), rest = choose(ABC, [wide, narrow])
    assert (only, rest) == (wide, {C})


def test_a_finding_without_failures_is_told_only_where_it_always_is() -> None:
    empty = finding("rule-missing", confidence=CERTAIN)
    full = finding("listener-missing", A, confidence=CERTAIN)
    assert named(choose(ABC, [empty, full])[0]) == ["listener-missing"]


def test_findings_of_one_cause_and_resource_are_one() -> None:
    one = finding("rule-missing", A, confidence=CERTAIN)
    two = finding("rule-missing", B, confidence=CERTAIN)
    (merged,), left = choose(ABC, [one, two])
    assert (merged.explained_failures, left) == ({A, B}, {C})


ECS = case(
    result("a"), p.control("ecs_service", "registry"), result("b"),
)  # fmt: skip
ASKED, SHOWN, OTHER = ECS.failures


@pytest.mark.parametrize(
    ("mismatch", "left"),
    [
        ({}, {SHOWN, OTHER}),
        ({"confidence": LIKELY}, {ASKED, SHOWN, OTHER}),
        ({"service": "auth"}, {ASKED, SHOWN, OTHER}),
        ({"cause": "health-check-mismatch"}, {ASKED, SHOWN, OTHER}),
    ],
)
@pytest.mark.parametrize("cause", ["deployment-stuck", "deployment-rolled-back"])
def test_a_deployment_beside_a_port_mismatch_keeps_what_ecs_shows(
    cause: str, mismatch: dict[str, Any], left: set[Failure]
) -> None:
    fields = {"confidence": CERTAIN, "cause": "port-mismatch", **mismatch}
    deployment = finding(cause, ASKED, SHOWN, OTHER, confidence=CERTAIN, rank=ROUTE)
    ports = finding(str(fields.pop("cause")), ASKED, SHOWN, **fields)
    chosen, _ = choose(ECS, [deployment, ports])
    (kept,) = [f for f in chosen if f.cause == cause]
    assert kept.explained_failures == left
    assert kept.rank == (SERVE if len(left) == 2 else ROUTE)


def test_the_order_of_diagnoses() -> None:
    of = case(*(result(f"check.{n}") for n in range(8)))
    n = of.failures
    lacking = finding("z", n[7], always_report=True, confidence=CERTAIN)
    possible = finding("possible", n[0], confidence=POSSIBLE, rank=0)
    edge = finding("edge", n[1], rank=15)
    likely = finding("likely", n[2], rank=41)
    heavy = finding("heavy", n[3], n[4], rank=48, confidence=CERTAIN)
    light = finding("light", n[5], rank=40, confidence=CERTAIN)
    other = finding("light", n[6], rank=40, confidence=CERTAIN, resource="later")
    chosen, left = choose(of, [lacking, possible, likely, other, light, heavy, edge])
    assert named(chosen) == ["edge", "heavy", "later", "light", "likely", "possible", "z"]
    assert left == frozenset()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"always_report": True, "rank": 0, "confidence": CERTAIN}),
        ({"rank": 49}, {"only_words": True, "rank": 10}),
        ({"rank": 49}, {"confidence": POSSIBLE, "rank": 10}),
        ({"rank": 19}, {"rank": 20, "confidence": CERTAIN}),
        ({"rank": 49, "confidence": CERTAIN}, {"rank": 40}),
        ({"rank": 109}, {"rank": 110, "confidence": CERTAIN}),
    ],
    ids=["always told", "words", "possible", "stage", "sure", "stage of two digits"],
)
def test_of_two_diagnoses_the_weightier_stands_first(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    one = finding("z-first", A, **{"confidence": LIKELY, **first})
    two = finding("a-second", B, **{"confidence": LIKELY, **second})
    assert named(choose(ABC, [two, one])[0]) == named(choose(ABC, [one, two])[0])
    assert named(choose(ABC, [two, one])[0]) == ["z-first", "a-second"]


def test_a_diagnosis_says_what_its_finding_says() -> None:
    of = case(
        result("b", severity=Severity.LOW), result("c"), result("a", severity=Severity.LOW),
        result("c", step="second"),
    )  # fmt: skip
    line = Evidence(resource="r", seen="s", expected="e")
    found = as_diagnosis(
        finding("rule-missing", *of.failures, evidence=(line,), one_of_two=True, resource="arn")
    )
    assert found.explains == ("c", "a", "b")
    assert (found.cause, found.service, found.resource) == ("rule-missing", "registry", "arn")
    assert (found.confidence, found.summary, found.evidence) == (POSSIBLE, "rule-missing", (line,))
    assert found.remedy == Remedy(summary="s", decision="d")


# --- decisions


def failures(url: str, *statuses: int | str) -> frozenset[Failure]:
    results = [
        result(f"c{n}", exchange=p.none(url, s) if isinstance(s, str) else p.page(url, s))
        for n, s in enumerate(statuses)
    ]
    return frozenset(case(*results).failures)


URL = f"https://registry.{NAMES.domain}/x"
NOWHERE = (
    "Nothing answers at the address of registry: see the listener and the security group of its"
    " load balancer."
)
INSTEAD = (
    "The load balancer answers in place of registry: see whether its tasks run, whether they are"
    " healthy targets, and whether the balancer may reach them."
)
OWNER = (
    "Whoever owns registry must mend it: its log at the time of this run shows more, and what was"
    " changed last in it."
)
NEEDS = " registry needs auth, mlflow, cache and database: look there, too."


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (("refused",), NOWHERE),
        (("refused", "dns", "connect-timeout", "tls", "reset"), NOWHERE),
        ((503,), INSTEAD + NEEDS),
        ((503, "refused"), INSTEAD + NEEDS),
        ((503, "read-timeout"), OWNER + NEEDS),
        (("too-large",), OWNER),
        ((), OWNER),
    ],
)  # fmt: skip
def test_what_a_person_decides(seen: tuple[int | str, ...], text: str) -> None:
    assert about(ABC, "registry", failures(URL, *seen)) == text


def test_an_answer_that_names_others_leads_there() -> None:
    body = '{"mlflow": "down", "redis": "down"}'
    both = case(result("a", exchange=p.answer(URL, 503, body)))
    text = "The answers of registry name cache and mlflow: look there first."
    assert about(both, "registry", frozenset(both.failures)) == text


def test_names_in_a_sentence() -> None:
    assert [joined(n) for n in (["a"], ["a", "b"], ["a", "b", "c"])] == [
        "a", "a and b", "a, b and c",
    ]  # fmt: skip
    assert needs(ABC, "mlflow") == " mlflow needs database: look there, too."
    assert needs(ABC, "database") == needs(ABC, "elsewhere") == ""
