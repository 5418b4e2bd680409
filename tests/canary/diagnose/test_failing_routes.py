"""A route that fails each time is named; a fault of the whole service, or now and then, is not."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.diagnose.failing_routes import owner_of
from canary.model import Confidence, Exchange, Explanation, Result, Status, Step
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import case

DETAILED, STATUS = faults.REGISTRY + "/health?detailed=true", faults.REGISTRY + "/health/status"
ERROR = "Internal Server Error"
VALIDATION = '{"detail":"1 validation error for HealthDocument: services.mlflow_details"}'


def judge(*results: Result, state: PlatformState | None = None) -> Explanation:
    platform = p.healthy() if state is None else state
    return diagnose(list(results), platform, p.environment(faults.NAMES), p.healthy(), p.NOW)


def passed(url: str, status: int = 200, **more: str) -> Result:
    step = Step(name="step", status=Status.PASS, evidence=(p.answer(url, status, "{}", **more),))
    return p.result(f"passed.{url}", "registry", step, status=Status.PASS)


def well() -> list[Result]:
    """Return the other routes, which are answered as they must be."""
    paths = ("/health", "/live", "/version", "/api/health/mlflow")
    return [passed(faults.REGISTRY + path) for path in paths] + [passed(faults.PROXY)]


def broken(url: str, body: str = ERROR, status: int = 500) -> Result:
    return p.failed(f"registry.{url[-8:]}", "registry", p.answer(url, status, body))


@pytest.mark.parametrize("state", [None, PlatformState()], ids=["read", "from outside"])
def test_documents_that_fail_each_time_are_named_in_one_finding(
    state: PlatformState | None,
) -> None:
    verdict = judge(broken(DETAILED), broken(STATUS, VALIDATION), *well(), state=state)
    (found,) = verdict.diagnoses
    assert (found.cause, found.service) == ("route-failing", "registry")
    assert found.confidence is Confidence.LIKELY
    assert "GET /health/status and GET /health?detailed=true" in found.summary
    assert [(e.resource, ERROR in e.seen, "1 validation error" in e.seen)
            for e in found.evidence] == [
        (f"GET {faults.REGISTRY}/health/status", False, True),
        (f"GET {faults.REGISTRY}/health", True, False),
    ]  # fmt: skip
    assert "Decide which image" not in found.remedy.decision and found.remedy.decision
    assert (found.remedy.fix, verdict.unexplained) == ((), ())


def test_a_route_that_was_asked_once_may_also_fail_now_and_then() -> None:
    (found,) = judge(broken(STATUS), *well()).diagnoses
    assert (found.cause, found.confidence) == ("route-failing", Confidence.POSSIBLE)


def test_one_answer_that_several_steps_judge_was_asked_once() -> None:
    seen = p.answer(DETAILED, 500, ERROR)
    steps = [Step(name=n, status=Status.FAIL, evidence=(seen,)) for n in ("mlflow", "redis")]
    result = p.result("registry.dependencies", "registry", *steps)
    (found,) = judge(result, *well()).diagnoses
    assert (found.cause, found.confidence) == ("route-failing", Confidence.POSSIBLE)


def test_the_revision_before_comes_back_if_the_route_fails_since_a_deployment() -> None:
    state = faults.revised(p.healthy(), "registry", "FEATURE", "1")
    (found,) = judge(broken(DETAILED), broken(STATUS), *well(), state=state).diagnoses
    assert found.cause == "route-failing"
    assert f"{faults.NAMES.of('registry')}:7" in found.remedy.fix[0]


@pytest.mark.parametrize(
    "results",
    [
        [broken(STATUS), passed(STATUS), *well()],  # now and then
        [broken(faults.PROXY + "?n=1"), broken(STATUS), passed(faults.PROXY + "?n=1"), *well()],
        [broken(STATUS), broken(DETAILED), broken(faults.PROXY)],  # nothing is well
        [broken(STATUS), broken(DETAILED), passed(faults.REGISTRY + "/live")],  # nearly nothing
        [broken(STATUS, status=503), *well()],
        [p.failed("registry.status", "registry", p.page(STATUS, 502)), *well()],
        [broken(STATUS), p.failed("registry.live", "registry", p.page(DETAILED, 502)), *well()],
        [broken(STATUS), p.control("target_group", "registry"), *well()],
    ],
    ids=["now-and-then", "one-of-two-now-and-then", "all", "most", "503", "balancer",
         "balancer-too", "targets"],
)  # fmt: skip
def test_other_faults_of_the_service_are_no_failing_route(results: list[Result]) -> None:
    causes = [d.cause for d in judge(*results).diagnoses]
    assert causes and "route-failing" not in causes


def test_an_answer_that_names_a_dependency_is_no_fault_of_the_route() -> None:
    body = '{"detail":"connection to server at \\"10.0.3.9\\", port 5432 failed: timed out"}'
    verdict = judge(broken(STATUS, body), broken(DETAILED, body), *well())
    assert [(d.cause, d.service) for d in verdict.diagnoses] == [
        ("database-unreachable", "database")
    ]


def test_a_route_of_mlflow_that_the_proxy_hands_on_is_mlflows() -> None:
    seen = '{"error_code":"INTERNAL_ERROR","message":"KeyError: tags"}'
    url = faults.PROXY.replace("experiments", "registered-models")
    results = [broken(url, seen), broken(url, seen), *well()]
    (found,) = judge(*results).diagnoses
    assert (found.cause, found.service) == ("route-failing", "mlflow")
    assert found.summary.startswith("mlflow answers GET")


def test_many_routes_are_listed_up_to_a_bound() -> None:
    urls = [f"{faults.REGISTRY}/r/{n}" for n in range(8)]
    good = [passed(f"{faults.REGISTRY}/g/{n}") for n in range(9)]
    (found,) = judge(*(broken(u) for u in urls), *good).diagnoses
    assert found.cause == "route-failing"
    assert "and 2 more" in found.summary and "GET /r/5" in found.summary
    assert len(found.evidence) == 6


def test_braces_in_a_path_are_no_placeholders() -> None:
    url = faults.REGISTRY + "/m/{service}"
    (found,) = judge(broken(url), *well()).diagnoses
    assert "GET /m/{service} " in found.summary


def hanging(url: str) -> Exchange:
    return Exchange(method="GET", url=url, failure="read-timeout")


def test_a_document_that_hangs_is_no_failing_route() -> None:
    result = p.failed("registry.status", "registry", hanging(STATUS))
    assert [d.cause for d in judge(result, *well()).diagnoses] == ["latency-degraded"]


def test_mlflow_owns_the_errors_that_all_lead_to_it_and_have_its_form() -> None:
    error = '{"error_code": "INTERNAL_ERROR"}'
    api, other = p.answer(faults.PROXY, 500, error), p.answer(STATUS, 500, error)
    early, plain = p.answer(faults.PROXY, 403, error), p.answer(faults.PROXY, 500, ERROR)
    cut = p.none(faults.PROXY, "reset")

    def owner(*seen: Exchange) -> str:
        results = [p.failed(str(n), "registry", e) for n, e in enumerate(seen)]
        of = case(p.healthy(), None, *results)
        return owner_of(of, "registry", frozenset(of.failures))

    assert owner(api) == "mlflow"
    assert owner(api, cut) == owner(api, early) == "mlflow"  # no errors of an application
    for seen in ((), (cut,), (early,), (plain,), (api, plain), (api, other)):
        assert owner(*seen) == "registry"
