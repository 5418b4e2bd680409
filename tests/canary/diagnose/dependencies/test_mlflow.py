"""MLflow hangs, its breaker is open, its artifacts fail: which answers show that, and which not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.dependencies import mlflow, named_in_answers
from canary.model import Environment, Result, Status, Step, Timing
from tests.canary.support import platforms as p
from tests.canary.support.routed import ENVIRONMENT, HEALTHY, NAMES, case
from tests.canary.support.scenes.ecs import definition, on_revision

REGISTRY, AUTH = f"https://registry.{NAMES.domain}", f"https://auth.{NAMES.domain}"
PROXY = f"{REGISTRY}{p.API_PATH}"
NOTHING = PlatformState()
Find = Callable[[Case], Iterator[Finding]]


def bad(check: str, url: str, status: int = 503, body: str = "", **more: Any) -> Result:
    return p.failed(check, "registry", p.answer(url, status, body, **more))


def good(url: str, milliseconds: float = 10.0, status: int = 200, **more: Any) -> Result:
    seen = p.answer(url, status, "{}", timing=Timing(total_ms=milliseconds), **more)
    step = Step(name="step", status=Status.PASS, evidence=(seen,))
    return p.result(f"good.{url}", "registry", step, status=Status.PASS)


def rows(
    find: Find, *results: Result, state: PlatformState = HEALTHY, before: Any = None,
    environment: Environment = ENVIRONMENT,
) -> list[tuple[str, str, str]]:  # fmt: skip
    """Return each finding: its service, certainty and what it explains."""
    found = find(case(state, before, *results, environment=environment))
    return [
        (f.service, f.confidence.name, " ".join(sorted({x.check_id for x in f.explained_failures})))
        for f in found
    ]


# --- it hangs

LATE = "MLflow request timed out"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (LATE, True), ("timeout while asking mlflow", True), ("MLFLOW time out", True),
        ("mlflow " + "x" * 112 + " timeout", True), ("mlflow " + "x" * 130 + " timeout", False),
        ("timed out", False), ("mlflow unreachable", False),
    ],
)  # fmt: skip
def test_a_caller_reports_that_mlflow_does_not_answer_in_time(words: str, found: bool) -> None:
    assert rows(mlflow.hanging, bad("a", PROXY, 503, words)) == [
        ("mlflow", "LIKELY", "a")
    ] * found  # fmt: skip


def test_only_errors_of_other_services_are_reports() -> None:
    assert rows(mlflow.hanging, bad("a", f"{REGISTRY}/mlflow/x", 503, LATE)) == []
    assert rows(mlflow.hanging, bad("a", PROXY, 499, LATE)) == []
    assert rows(mlflow.hanging, bad("a", PROXY, 500, LATE)) == [("mlflow", "LIKELY", "a")]


def test_a_mlflow_that_is_down_or_slow_does_not_hang() -> None:
    one = bad("a", PROXY, 503, LATE)
    name = NAMES.of("mlflow")
    assert rows(mlflow.hanging, one, state=p.replace(HEALTHY, ecs_services=())) == []
    idle = p.change(HEALTHY, "ecs_services", name, running=0)
    assert rows(mlflow.hanging, one, state=idle) == []
    assert rows(mlflow.hanging, one, good(f"{REGISTRY}/mlflow/", 1999)) != []
    assert rows(mlflow.hanging, one, good(f"{REGISTRY}/mlflow/", 2000)) == []
    assert rows(mlflow.hanging, one, good(f"{REGISTRY}/mlflow/", 2000, 201)) != []
    assert rows(mlflow.hanging, one, good(f"{REGISTRY}/health", 2000)) != []


def test_a_new_task_is_started_where_somebody_waited_in_vain() -> None:
    def fix(*more: Result) -> list[str]:
        (found,) = mlflow.hanging(case(HEALTHY, None, bad("a", PROXY, 503, LATE), *more))
        assert found.resource == NAMES.revision("mlflow") and found.shown_failures == 0
        first = found.evidence[0]
        assert (first.resource, first.seen, first.expected) == (
            NAMES.of("mlflow"), "1 of 1 tasks run, the targets are healthy", "they answer"
        )  # fmt: skip
        return [c.split()[2] for c in found.remedy.fix]

    assert fix() == []
    waited = p.failed("w", "registry", p.none(f"{REGISTRY}/mlflow/x", "read-timeout"))
    assert fix(waited) == ["update-service"]
    assert fix(p.failed("w", "registry", p.page(f"{REGISTRY}/mlflow/x", 504))) == ["update-service"]
    assert fix(p.failed("w", "registry", p.page(f"{REGISTRY}/mlflow/x", 503))) == []


def test_three_reports_are_shown_at_most() -> None:
    many = [bad(str(n), PROXY, 503, f"{LATE} {n}") for n in range(5)]
    (found,) = mlflow.hanging(case(HEALTHY, None, *many))
    assert len(found.evidence) == 4


# --- its breaker

OPEN = '{"circuit_breaker_state":"OPEN"}'
DOWN = '{"detail":"Failed to connect to MLflow"}'
KEY = {"principal": "valid", "header_form": "bearer"}


def test_an_open_breaker_is_a_cause_where_no_call_with_a_key_fails_for_the_same() -> None:
    told = bad("open", f"{REGISTRY}/api/health/mlflow", 503, OPEN)
    found = rows(mlflow.breaker, told)
    assert [(r[0], r[2]) for r in found] == [("registry", "open")]
    assert rows(mlflow.breaker, told, bad("call", PROXY, 502, DOWN, **KEY)) == []
    assert rows(mlflow.breaker, told, bad("open-call", PROXY, 502, DOWN)) != []
    assert rows(mlflow.breaker, told, bad("key", PROXY, 404, "{}", **KEY)) != []
    assert rows(mlflow.breaker, told, bad("auth", PROXY, 503, AUTH_DOWN, **KEY)) != []
    elsewhere = p.failed("x", "auth", p.answer(f"{AUTH}/x", 502, DOWN, **KEY))
    assert rows(mlflow.breaker, told, elsewhere) != []
    assert rows(mlflow.breaker, bad("call", PROXY, 502, DOWN, **KEY)) == []


def test_a_breaker_is_named_by_its_ecs_service_or_by_its_name() -> None:
    told = bad("open", f"{REGISTRY}/api/health/mlflow", 503, OPEN)
    services = dict(ENVIRONMENT.services)
    services["registry"] = p.replace(services["registry"], ecs_service="")
    bare = p.replace(ENVIRONMENT, services=services)
    for file, resource in ((ENVIRONMENT, NAMES.of("registry")), (bare, "registry")):
        (found,) = mlflow.breaker(case(HEALTHY, None, told, environment=file))
        assert found.resource == resource


AUTH_DOWN = "Authentication service unavailable"
UNKNOWN = '{"circuit_breaker": "unknown"}'
DOCUMENT = bad("document", f"{REGISTRY}/api/health/mlflow", 500, UNKNOWN)


def test_what_a_service_says_of_mlflow_follows_from_its_breaker_where_calls_pass() -> None:
    said = bad("said", f"{REGISTRY}/ready", 502, DOWN)
    call = bad("call", PROXY, 502, DOWN, **KEY)
    reaches = good(PROXY, **KEY)
    assert rows(mlflow.breaker_document, DOCUMENT, said) == [("registry", "LIKELY", "document")]
    assert rows(mlflow.breaker_document, DOCUMENT, said, call, reaches) == [
        ("registry", "LIKELY", "document said")
    ]
    for other in (good(PROXY), good(f"{REGISTRY}/health", **KEY), good(PROXY, status=201, **KEY)):
        assert rows(mlflow.breaker_document, DOCUMENT, said, other)[0][2] == "document"
    other = bad("auth", f"{REGISTRY}/x", 503, AUTH_DOWN)
    assert rows(mlflow.breaker_document, DOCUMENT, other, reaches)[0][2] == "document"
    assert rows(mlflow.breaker_document, said, reaches) == []


# --- artifacts

ARTIFACT = f"{REGISTRY}/api/mlflow/api/2.0/mlflow-artifacts/artifacts/x"


def test_artifacts_that_fail_alone() -> None:
    failing = bad("a", ARTIFACT, 500, "no")
    assert rows(mlflow.artifacts, failing) == [("mlflow", "LIKELY", "a")]
    assert rows(mlflow.artifacts, bad("b", PROXY, 500, "artifact store")) == [
        ("mlflow", "POSSIBLE", "b")
    ]
    assert rows(mlflow.artifacts, bad("c", PROXY, 500, "no")) == []
    refused = bad("k", ARTIFACT, 401, "Invalid or expired API key", **KEY)
    down = bad("d", ARTIFACT, 503, AUTH_DOWN, **KEY)
    assert rows(mlflow.artifacts, refused) == rows(mlflow.artifacts, down) == []
    assert rows(mlflow.artifacts, failing, refused, down) == [("mlflow", "LIKELY", "a")]
    control = p.control("ecs_service", "mlflow")
    assert rows(mlflow.artifacts, failing, control) == [("mlflow", "LIKELY", "a")]


def test_where_nothing_reaches_mlflow_its_artifacts_are_not_the_fault() -> None:
    failing = bad("a", ARTIFACT, 500, "no")
    assert rows(mlflow.artifacts, failing, bad("b", PROXY, 502, DOWN)) == []
    assert rows(mlflow.artifacts, failing, bad("b", PROXY, 500, "no")) != []
    assert rows(mlflow.artifacts, failing, bad("b", f"{REGISTRY}/ready", 502, DOWN)) != []
    assert rows(mlflow.artifacts, bad("a", ARTIFACT, 502, DOWN)) == [("mlflow", "LIKELY", "a")]


def store(
    state: PlatformState, before: Any = None, **more: Any
) -> tuple[str, str, tuple[str, ...]]:
    (found,) = mlflow.artifacts(case(state, before, bad("a", ARTIFACT, 500, "no"), **more))
    return found.resource, found.confidence.name, found.remedy.inspect[:1]


def test_the_bucket_is_named_where_the_revision_did_not_change() -> None:
    plain = {"A": "x", "B": "s3://runs/deep/er", "C": "s3://other"}
    state = definition(HEALTHY, "mlflow", 7, container={"plain": plain})
    policy = ("aws s3api get-bucket-policy --region us-east-1 --bucket runs",)
    assert store(state) == ("s3://runs/deep/er", "LIKELY", policy)
    assert store(state, on_revision("mlflow", 6, state)) == (
        NAMES.revision("mlflow"), "LIKELY", policy
    )  # fmt: skip
    assert store(HEALTHY)[:2] == (NAMES.revision("mlflow"), "LIKELY")
    assert "get-bucket-policy" not in store(HEALTHY)[2][0]
    assert store(p.replace(HEALTHY, ecs_services=())) == ("mlflow", "LIKELY", ())


# --- a dependency that answers blame


def blamed(*results: Result, **more: Any) -> list[tuple[str, str, str]]:
    return rows(named_in_answers.unreachable, *results, **more)


def test_a_dependency_that_an_answer_blames() -> None:
    call = bad("call", PROXY, 502, DOWN, **KEY)
    assert blamed(call) == [("mlflow", "LIKELY", "call")]
    assert blamed(call, good(f"{REGISTRY}/mlflow/x")) == [("registry", "POSSIBLE", "call")]
    assert blamed(call, good(f"{REGISTRY}/mlflow/x", status=299)) == [
        ("registry", "POSSIBLE", "call")
    ]
    for status in (199, 300, 404):
        found = blamed(call, good(f"{REGISTRY}/mlflow/x", status=status))
        assert found == [("mlflow", "LIKELY", "call")]
    assert blamed(bad("ok", PROXY, 404, DOWN, **KEY)) == []


def test_what_the_breaker_says_is_no_report() -> None:
    said = bad("said", f"{REGISTRY}/ready", 502, DOWN)
    assert blamed(DOCUMENT, said, good(PROXY, **KEY)) == []
    assert blamed(DOCUMENT, said) == [("mlflow", "LIKELY", "said")]


def test_the_words_name_the_fronts_and_what_is_looked_at() -> None:
    def told(*results: Result) -> tuple[str, str, int]:
        (found,) = named_in_answers.unreachable(case(HEALTHY, None, *results))
        assert found.shown_failures == 0 and found.resource.endswith(NAMES.of("mlflow"))
        return found.summary, found.remedy.summary, len(found.evidence)

    many = [bad(str(n), f"{PROXY}/{n}", 502, f"{DOWN} {n}") for n in range(5)]
    assert told(*many) == (
        "registry cannot reach mlflow, or gets no good answer from it: the answers of registry name"
        " mlflow.", "Look at mlflow first.", 3)  # fmt: skip
    assert told(*many[:1], good(f"{REGISTRY}/mlflow/x")) == (
        "registry cannot reach mlflow, or gets no good answer from it, while mlflow answers when it"
        " is asked directly: see registry's address and key for mlflow, and the way between them.",
        "Look at the way to mlflow.", 1)  # fmt: skip
    (found,) = named_in_answers.unreachable(case(HEALTHY, None, many[0]))
    (answers,) = named_in_answers.unreachable(
        case(HEALTHY, None, many[0], good(f"{REGISTRY}/mlflow/x"))
    )
    both, one = (" ".join(f.remedy.inspect) for f in (found, answers))
    assert NAMES.of("mlflow") in both and NAMES.of("registry") in both
    assert NAMES.of("mlflow") not in one and NAMES.of("registry") in one


def test_a_dependency_goes_back_to_its_revision_before_unless_it_answers() -> None:
    state = definition(HEALTHY, "mlflow", 7, container={"image": "repo/mlflow:new"})
    before = on_revision("mlflow", 6, state)
    call = bad("call", PROXY, 502, DOWN, **KEY)
    (found,) = named_in_answers.unreachable(case(state, before, call))
    family = NAMES.of("mlflow")
    assert found.remedy.summary == f"Go back to {family}:6."
    (fix,) = found.remedy.fix
    assert fix.startswith("aws ecs update-service ") and NAMES.revision("mlflow", 6) in fix
    assert found.remedy.decision == ""
    assert len(found.remedy.verify) == 2 and "services-stable" in found.remedy.verify[0]
    assert len({*found.remedy.inspect}) == len(found.remedy.inspect) > 2
    assert found.evidence[-1].resource == f"{family}:7"
    assert "repo/mlflow:new" in found.evidence[-1].seen
    # it answers: its revision is not at fault
    (answers,) = named_in_answers.unreachable(
        case(state, before, call, good(f"{REGISTRY}/mlflow/x"))
    )
    assert (answers.remedy.fix, answers.remedy.summary) == ((), "Look at the way to mlflow.")
    assert [e.resource for e in answers.evidence] == [f"GET {PROXY}"]
    # no other revision is known
    (alone,) = named_in_answers.unreachable(case(state, None, call))
    assert (alone.remedy.fix, alone.remedy.summary) == ((), "Look at mlflow first.")
    assert alone.remedy.decision.startswith("See whether mlflow runs and answers, then the way")


def strange(body: str, state: PlatformState = NOTHING, **more: Any) -> list[tuple[str, ...]]:
    found = named_in_answers.unreachable(case(state, None, bad("call", PROXY, 502, body), **more))
    return [(f.cause, f.service, f.resource, f.summary) for f in found]


def test_an_address_that_the_file_does_not_have_is_told_where_the_settings_are_not_read() -> None:
    at = DOWN.replace("MLflow", "MLflow at http://old.local:5000/x")
    summary = (
        "registry looks for mlflow at http://old.local:5000/x; the environment file says"
        " mlflow.hokusai.local:5000. The address of registry is wrong, or mlflow does not answer"
        " there."
    )
    assert strange(at) == [("upstream-url-wrong", "registry", NAMES.of("registry"), summary)]
    assert [s[0] for s in strange(at, HEALTHY)] == ["dependency-unreachable"]
    right = at.replace("old.local", "mlflow.hokusai.local")
    assert [s[0] for s in strange(right)] == ["dependency-unreachable"]
    assert [s[0] for s in strange(DOWN)] == ["dependency-unreachable"]
    services = dict(ENVIRONMENT.services)
    services["mlflow"] = p.replace(services["mlflow"], discovery="", url="")
    hidden = p.replace(ENVIRONMENT, services=services)
    assert [s[0] for s in strange(at, environment=hidden)] == ["dependency-unreachable"]
    services = dict(ENVIRONMENT.services)
    services["registry"] = p.replace(services["registry"], ecs_service="")
    assert strange(at, environment=p.replace(ENVIRONMENT, services=services))[0][2] == "registry"
