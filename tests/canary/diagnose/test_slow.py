"""A dependency is called slow only if its own health reports alone are slow."""

from __future__ import annotations

import pytest

from canary.diagnose import diagnose
from canary.model import Assertion, Confidence, Exchange, Explanation, Result, Status, Step, Timing
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

DETAILED, HEALTH = faults.REGISTRY + "/health?detailed=true", faults.REGISTRY + "/health"
READY = faults.AUTH + "/ready"


def judge(*results: Result) -> Explanation:
    state = p.healthy()
    return diagnose(list(results), state, p.environment(faults.NAMES), p.healthy(), p.NOW)


def passed(url: str, ms: float, *steps: str) -> Result:
    """Return a passed check with its time and a step for each dependency in its document."""
    seen = p.answer(url, 200, "{}", timing=Timing(total_ms=ms))
    made = [Step(name=s, status=Status.PASS, evidence=(seen,)) for s in ("answer", *steps)]
    return p.result(f"passed{url[-8:]}{ms}", "registry", *made, status=Status.PASS)


def late() -> list[Result]:
    hung = Exchange(method="GET", url=faults.PROXY, failure="read-timeout")
    busy = '{"detail":"Authentication service timeout"}'
    return [
        p.failed("registry.proxy", "registry", hung),
        p.failed("registry.key", "registry", p.answer(faults.PROXY, 503, busy, principal="valid")),
    ]


def test_a_cache_that_all_askers_wait_for_is_the_one_cause() -> None:
    verdict = judge(*late(), passed(HEALTH, 3), passed(DETAILED, 2400, "redis", "database"),
                    passed(READY, 5, "database"))  # fmt: skip
    (found,) = verdict.diagnoses
    assert (found.cause, found.service) == ("latency-degraded", "cache")
    assert found.confidence is Confidence.LIKELY
    assert found.remedy.decision and not found.remedy.fix
    assert [e.seen for e in found.evidence[:2]] == ["200 in 2400 ms", "200 in 3 ms"]
    assert verdict.unexplained == ()


@pytest.mark.parametrize(
    "reports",
    [
        (passed(HEALTH, 3), passed(DETAILED, 40, "redis")),
        (passed(HEALTH, 2500), passed(DETAILED, 2600, "redis")),
        (passed(HEALTH, 3), passed(DETAILED, 2400, "redis"), passed(DETAILED, 30, "redis")),
        (passed(HEALTH, 3), passed(DETAILED, 2400, "redis", "database")),
        (passed(HEALTH, 3),),
    ],
    ids=["reported-fast", "all-is-slow", "one-report-is-fast", "two-in-one-breath", "no-report"],
)
def test_else_no_dependency_is_blamed(reports: tuple[Result, ...]) -> None:
    services = {d.service for d in judge(*late(), *reports).diagnoses}
    assert services and not services & {"cache", "database"}


def test_what_does_not_depend_on_it_is_not_put_down_to_it() -> None:
    down = p.failed("other", "registry", Exchange(method="GET", url="https://x.y/", failure="dns"))
    verdict = judge(*late(), down, passed(HEALTH, 3), passed(DETAILED, 2400, "redis"))
    assert "latency-degraded" in {d.cause for d in verdict.diagnoses if d.service == "cache"}
    assert len(verdict.diagnoses) > 1 or verdict.unexplained


def slow_mlflow(busy: float) -> list[Result]:
    """Return a run in which MLflow takes three seconds for each request, all others `busy` ms."""
    timing = Timing(total_ms=3000 + busy)
    slow = p.answer(faults.PROXY, 200, "{}", timing=timing, principal="valid")
    unmet = Assertion(subject="milliseconds", expected="at most 3000", actual="3010", holds=False)
    return [
        p.failed("registry.latency", "registry", slow, assertions=(unmet,)),
        passed(HEALTH, 3 + busy),
        passed(DETAILED, 3020 + busy, "mlflow", "redis", "database"),
        passed(faults.REGISTRY + "/api/health/mlflow", 3005 + busy),
        passed(READY, 5 + busy, "database"),
    ]


@pytest.mark.parametrize("busy", [0, 900], ids=["idle", "busy"])
def test_a_slow_mlflow_in_one_breath_with_the_cache_is_not_the_cache(busy: float) -> None:
    seen = p.answer(faults.PROXY, 200, "OK", method="OPTIONS", timing=Timing(total_ms=5))
    step = Step(name="preflight", status=Status.PASS, evidence=(seen,))
    asks_nobody = p.result("registry.preflight", "registry", step, status=Status.PASS)
    (found,) = judge(*slow_mlflow(busy), asks_nobody).diagnoses
    assert (found.cause, found.service) == ("latency-degraded", "mlflow")


@pytest.mark.parametrize("busy", [0, 500], ids=["idle", "busy"])
def test_a_slow_cache_is_told_from_mlflow_by_what_asks_mlflow_past_it(busy: float) -> None:
    quick = passed(faults.REGISTRY + "/api/health/mlflow", 20 + busy)
    verdict = judge(*late(), passed(HEALTH, 3 + busy), quick, passed(READY, 5 + busy, "database"),
                    passed(DETAILED, 2400 + busy, "mlflow", "redis", "database"))  # fmt: skip
    assert [(d.cause, d.service) for d in verdict.diagnoses] == [("latency-degraded", "cache")]


def test_what_is_a_little_late_on_a_busy_machine_does_not_hide_a_slow_mlflow() -> None:
    unmet = Assertion(subject="milliseconds", expected="at most 1000", actual="1200", holds=False)
    late_too = p.answer(HEALTH, 200, "{}", timing=Timing(total_ms=1200))
    little = p.failed("registry.latency-2", "registry", late_too, assertions=(unmet,))
    (found,) = judge(little, *slow_mlflow(1000)).diagnoses
    assert (found.cause, found.service) == ("latency-degraded", "mlflow")


def test_an_api_that_is_slow_by_itself_is_not_its_mlflow() -> None:
    slow, *rest = slow_mlflow(0)
    quick = [
        passed(faults.REGISTRY + "/api/health/mlflow", 3030),  # one of its own routes too
        passed(faults.REGISTRY + "/health/mlflow", 30),
        passed(HEALTH, 4),
    ]
    (found,) = judge(slow, rest[-1], *quick).diagnoses
    assert (found.cause, found.service) == ("latency-degraded", "registry")


def hung_mlflow() -> list[Result]:
    """Return the first run in which MLflow accepts connections and never answers."""
    body = '{"error":"TimeoutError: Connection to mlflow.x.local timed out (timeout=5)"}'
    timing = Timing(total_ms=5008)
    unreached = p.answer(faults.REGISTRY + "/api/health/mlflow", 503, body, timing=timing)
    hung = Exchange(
        method="GET", url=faults.PROXY, failure="read-timeout", timing=Timing(total_ms=11780)
    )
    sick = p.answer(DETAILED, 200, '{"services":{"mlflow":"unhealthy","redis":"healthy"}}',
                    timing=Timing(total_ms=5043))  # fmt: skip
    unmet = Assertion(
        subject="services.mlflow", expected="healthy", actual="unhealthy", holds=False
    )
    steps = (
        Step(name="mlflow", status=Status.FAIL, assertions=(unmet,), evidence=(sick,)),
        Step(name="redis", status=Status.PASS, evidence=(sick,)),
    )
    return [
        p.failed("registry.mlflow-connection", "registry", unreached),
        p.failed("registry.proxy", "registry", hung),
        p.result("registry.dependencies", "registry", *steps, status=Status.FAIL),
        passed(HEALTH, 3),
        passed(READY, 5, "database"),
    ]


def test_an_mlflow_that_never_answers_is_not_the_cache_that_is_told_of_beside_it() -> None:
    verdict = judge(*hung_mlflow())
    (found,) = verdict.diagnoses
    assert (found.cause, found.service) == ("targets-unhealthy", "mlflow")
    assert "does not answer in time" in found.summary and verdict.unexplained == ()
    [fix] = found.remedy.fix
    assert "--force-new-deployment" in fix and "mlflow" in fix


def judged(ms: float) -> Result:
    """Return the auth service's own answer about a key; above its limit the check fails."""
    url = faults.AUTH + "/api/v1/keys/validate"
    seen = p.answer(url, 200, "{}", principal="valid", method="POST", timing=Timing(total_ms=ms))
    unmet = Assertion(subject="duration", expected="within 3000 ms", actual="", holds=ms <= 3000)
    status = Status.PASS if unmet.holds else Status.FAIL
    step = Step(name="valid", status=status, assertions=(unmet,), evidence=(seen,))
    return p.result("auth.validates", "auth", step, status=status, kind="access")


@pytest.mark.parametrize("ms", [1500, 4000, 7000])
def test_an_auth_service_that_judges_keys_slowly_is_slow_and_not_down(ms: float) -> None:
    """The API waits five seconds for auth; until then every call with a key is slow."""
    timing = Timing(total_ms=3500)
    unmet = Assertion(subject="duration", expected="within 3000 ms", actual="", holds=False)
    waited = p.answer(faults.PROXY, 200, "{}", principal="valid", timing=timing)
    results = [
        judged(ms),
        p.failed("registry.latency", "registry", waited, assertions=(unmet,)),
        *(late()[1:] if ms > 5000 else ()),
        passed(faults.AUTH + "/health", 4),
        passed(HEALTH, 4),
        passed(faults.REGISTRY + "/api/health/mlflow", 20),
    ]
    verdict = judge(*results)
    assert [(d.cause, d.service) for d in verdict.diagnoses] == [("latency-degraded", "auth")]
    assert verdict.unexplained == ()


def test_an_auth_service_that_never_answers_is_down() -> None:
    url = faults.AUTH + "/api/v1/keys/validate"
    hung = Exchange(method="POST", url=url, failure="read-timeout", principal="valid")
    verdict = judge(p.failed("auth.validates", "auth", hung), late()[1], passed(HEALTH, 3))
    (found,) = verdict.diagnoses
    assert (found.cause, found.service) == ("auth-service-down", "auth")
    assert verdict.unexplained == ()


def test_a_step_for_which_no_time_was_left_follows_what_took_the_time() -> None:
    """Otherwise it would be named as slow beside the security group that blocks the cache."""
    state = faults.by_id("mlflow-blocked-from-api").change(p.healthy())
    hung = Exchange(method="POST", url=faults.PROXY, failure="read-timeout")
    steps = (
        Step(name="artifact put", status=Status.FAIL, evidence=(hung,)),
        Step(name="run finished", status=Status.ERROR, reason="the run's time was over before"),
    )
    flow = p.result("registration.model", "registry", *steps)
    verdict = diagnose([flow], state, p.environment(faults.NAMES), p.healthy(), p.NOW)
    assert [d.cause for d in verdict.diagnoses] == ["security-group-blocked"]
    assert verdict.unexplained == ()
