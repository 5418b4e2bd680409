"""An answer that names a dependency is that dependency's failure, with a control plane or not."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.diagnose.core import blame
from canary.model import (
    Assertion,
    Confidence,
    Diagnosis,
    Exchange,
    Explanation,
    Result,
    Status,
    Step,
    Timing,
)
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

URL = f"http://mlflow.{faults.NAMES.prefix}.local:5000"
LIGHT, READY = faults.REGISTRY + "/api/health/mlflow", faults.REGISTRY + "/ready"
DETAILED = faults.REGISTRY + "/health?detailed=true"
VALIDATE = faults.AUTH + "/api/v1/keys/validate"
OUTSIDE = PlatformState()
STATES = pytest.mark.parametrize("state", [p.healthy(), OUTSIDE], ids=["read", "from outside"])


def judge(*results: Result, state: PlatformState = OUTSIDE) -> Explanation:
    return diagnose(list(results), state, p.environment(faults.NAMES), None, p.NOW)


def only(verdict: Explanation) -> Diagnosis:
    (found,) = verdict.diagnoses
    assert verdict.unexplained == ()
    assert "Decide which image" not in found.remedy.decision
    assert found.remedy.decision or found.remedy.fix
    return found


def proxied(status: int, body: str, check: str = "registry.proxy") -> Result:
    seen = p.answer(faults.PROXY, status, body, principal="valid", header_form="bearer")
    return p.failed(check, "registry", seen)


def light(error: str, kind: str, url: str = URL) -> Result:
    body = (
        f'{{"status":"error","tracking_uri":"{url}","latency_ms":5003.1,"error_type":"{kind}",'
        f'"error":"{error}"}}'
    )
    return p.failed("registry.mlflow-connection", "registry", p.answer(LIGHT, 503, body))


def passed(url: str, service: str = "registry", **more: str) -> Result:
    step = Step(name="step", status=Status.PASS, evidence=(p.answer(url, 200, "{}", **more),))
    return p.result(f"passed.{url}", service, step, status=Status.PASS)


def unreachable(url: str = URL) -> list[Result]:
    host = url.removeprefix("http://").partition(":")[0]
    pool = (
        f"HTTPConnectionPool(host='{host}', port=5000): Max retries exceeded with url:"
        " /api/2.0/mlflow/registered-models/search (Caused by NewConnectionError: [Errno 111]"
        " Connection refused)"
    )
    return [
        proxied(502, f'{{"detail":"Failed to connect to MLflow server at {url}"}}'),
        light(pool, "MlflowException", url),
        passed(faults.REGISTRY + "/health"),
        passed(faults.REGISTRY + "/live"),
    ]


@STATES
def test_a_front_that_cannot_connect_names_whom(state: PlatformState) -> None:
    found = only(judge(*unreachable(), state=state))
    assert (found.cause, found.service) == ("dependency-unreachable", "mlflow")
    assert found.confidence is Confidence.LIKELY
    assert found.summary == (
        "registry cannot reach mlflow, or gets no good answer from it: the answers of registry"
        " name mlflow."
    )
    assert "only passes the failure on" in found.remedy.decision


def test_an_mlflow_that_answers_directly_is_possible_and_both_are_named() -> None:
    found = only(judge(*unreachable(), passed(faults.REGISTRY + "/mlflow/", "mlflow")))
    assert (found.cause, found.service) == ("dependency-unreachable", "registry")
    assert found.confidence is Confidence.POSSIBLE
    assert "registry" in found.summary and "mlflow answers when it is asked" in found.summary


@pytest.mark.parametrize("url", ["http://localhost:5001", "http://mlflow.other.local:5000"])
def test_a_front_that_asks_elsewhere_is_possible_and_both_are_named(url: str) -> None:
    found = only(judge(*unreachable(url)))
    assert (found.cause, found.service) == ("upstream-url-wrong", "registry")
    assert found.confidence is Confidence.POSSIBLE
    assert f"registry looks for mlflow at {url}" in found.summary
    assert f"mlflow.{faults.NAMES.prefix}.local:5000" in found.summary


def hung(url: str = faults.PROXY) -> Result:
    seen = Exchange(method="GET", url=url, failure="read-timeout", principal="valid",
                    timing=Timing(total_ms=12_000))  # fmt: skip
    return p.failed(f"registry.hung-{url[-6:]}", "registry", seen)


@pytest.mark.parametrize(
    "told",
    [
        [light("MLflow registry SDK probe timed out after 5.0s", "TimeoutError"), hung()],
        [proxied(504, '{"detail":"MLflow server request timeout after 30.0s"}'), hung()],
        [light("TimeoutError: Connection to mlflow.hokusai.local timed out", "x"), hung()],
    ],
    ids=["document", "proxy", "document-by-address"],
)
def test_what_hangs_in_a_front_is_whom_it_names(told: list[Result]) -> None:
    found = only(judge(*told, passed(faults.REGISTRY + "/health")))
    assert (found.cause, found.service) == ("dependency-unreachable", "mlflow")


@STATES
@pytest.mark.parametrize("word", ["unavailable", "timeout", "error"])
def test_the_auth_service_is_named_by_whom_it_fails(state: PlatformState, word: str) -> None:
    words = f'{{"detail":"Authentication service {word}"}}'
    down = p.failed("auth.health", "auth", p.page(faults.AUTH + "/health", 503))
    found = only(judge(proxied(503, words), down, state=state))
    assert (found.cause, found.service) == ("auth-service-down", "auth")
    assert found.confidence is Confidence.LIKELY


def test_an_auth_service_that_validates_keys_itself_is_possible_and_both_are_named() -> None:
    valid = passed(VALIDATE, "auth", principal="valid", method="POST")
    found = only(judge(proxied(503, '{"detail":"Authentication service unavailable"}'), valid))
    assert (found.cause, found.service) == ("dependency-unreachable", "registry")
    assert found.confidence is Confidence.POSSIBLE
    assert "auth answers when it is asked directly" in found.summary


def ready(name: str, status: int = 503) -> Result:
    body = (
        f'{{"ready":false,"can_serve_traffic":false,"checks":[{{"name":"{name}","passed":false,'
        '"error":null}]}'
    )
    unmet = Assertion(subject="ready", expected="true", actual="false", holds=False)
    seen = p.answer(READY, status, body)
    return p.failed("registry.ready", "registry", seen, assertions=(unmet,))


def detailed(**states: str) -> Result:
    body = ",".join(f'"{name}":"{state}"' for name, state in states.items())
    seen = p.answer(DETAILED, 200, f'{{"status":"degraded","services":{{{body}}}}}')
    steps = [
        Step(name=name, status=Status.PASS if state == "healthy" else Status.FAIL,
             evidence=(seen,),
             assertions=(Assertion(subject=f"services.{name}", expected="healthy", actual=state,
                                   holds=state == "healthy"),))
        for name, state in states.items()
    ]  # fmt: skip
    return p.result("registry.dependencies", "registry", *steps)


@STATES
@pytest.mark.parametrize(
    ("result", "cause", "service"),
    [
        (ready("database"), "database-unreachable", "database"),
        (ready("mlflow", 200), "dependency-unreachable", "mlflow"),
        (detailed(mlflow="healthy", postgres="unhealthy"), "database-unreachable", "database"),
        (detailed(mlflow="unhealthy", redis="healthy"), "dependency-unreachable", "mlflow"),
        (detailed(mlflow="healthy", redis="unhealthy"), "cache-unreachable", "cache"),
    ],
    ids=["ready-database", "ready-mlflow", "postgres", "mlflow", "redis"],
)
def test_the_broken_part_of_a_health_document_is_the_culprit(
    state: PlatformState, result: Result, cause: str, service: str
) -> None:
    found = only(judge(result, passed(faults.REGISTRY + "/health"), state=state))
    assert (found.cause, found.service) == (cause, service)


def test_a_document_that_names_a_part_and_what_that_needs_blames_the_deeper() -> None:
    found = only(judge(detailed(mlflow="unhealthy", postgres="unhealthy")))
    assert (found.cause, found.service) == ("database-unreachable", "database")


def test_a_document_about_one_dependency_names_it_by_its_path() -> None:
    body = '{"status":"error","error_type":"ConnectionError","error":"Connection refused"}'
    found = only(judge(p.failed("registry.mlflow", "registry", p.answer(LIGHT, 503, body))))
    assert (found.cause, found.service) == ("dependency-unreachable", "mlflow")


def test_a_breaker_that_is_open_while_calls_fail_is_no_cause_of_its_own() -> None:
    body = '{"circuit_breaker_state":"OPEN","error":"Circuit breaker is OPEN"}'
    opened = p.failed("registry.breaker", "registry",
                      p.answer(faults.REGISTRY + "/health/mlflow", 503, body))  # fmt: skip
    elsewhere = only(judge(opened, *unreachable("http://localhost:5001")))
    assert elsewhere.cause == "upstream-url-wrong"
    (alone,) = judge(opened).diagnoses
    assert (alone.cause, alone.service) == ("circuit-breaker-open", "registry")
    assert alone.remedy.decision and not alone.remedy.fix


def test_a_key_that_auth_accepts_and_a_front_refuses_is_not_made_anew() -> None:
    refused = proxied(401, '{"detail":"Invalid or expired API key"}')
    valid = passed(VALIDATE, "auth", principal="valid", method="POST")
    found = only(judge(refused, valid))
    assert (found.cause, found.service) == ("credential-rejected", "registry")
    assert found.confidence is Confidence.POSSIBLE
    assert "auth accepts it when it is asked directly" in found.summary
    assert "compare the service id and the address" in found.remedy.decision


def test_a_key_that_auth_refuses_too_is_the_key() -> None:
    refused = proxied(401, '{"detail":"Invalid or expired API key"}')
    itself = p.failed("auth.valid", "auth", p.answer(
        VALIDATE, 401, '{"detail":"API key not found or invalid"}', principal="valid",
        method="POST", header_form="bearer"))  # fmt: skip
    found = only(judge(refused, itself))
    assert (found.cause, found.service, found.resource) == (
        "credential-rejected", "auth", "canary/valid"
    )  # fmt: skip


# --- what an answer blames, as a function of its text


def blames(status: int, body: str, entry: str = "registry") -> set[str]:
    seen = p.answer(faults.PROXY, status, body)
    return set(blame.blamed(p.environment(faults.NAMES), entry, seen))


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('{"detail":"Failed to connect to MLflow server at http://x"}', {"mlflow"}),
        ('{"detail":"MLflow server request timeout after 30s"}', {"mlflow"}),
        ('{"detail":"Authentication service error"}', {"auth"}),
        ('{"detail":"upstream mlflow.hokusai.local:5000 unreachable"}', {"mlflow"}),
        ('{"detail":"could not reach hokusai-mlflow"}', {"mlflow"}),
        ('{"detail":"connection to server at \\"10.0.3.9\\", port 5432 failed"}', {"database"}),
        ('{"detail":"password authentication failed for user \\"x\\" on the database"}',
         {"database"}),
        ('{"error":"Error 111 connecting to 10.0.4.4:6379. Connection refused."}', {"cache"}),
        ('{"detail":"Internal Server Error"}', set()),
        ('{"detail":"KeyError: mlflow_details"}', set()),
        ('{"mlflow":"healthy","redis":"healthy","error":"validation failed"}', set()),
        ('{"detail":"1 validation error for Health","services":["mlflow","redis"]}', set()),
    ],
)  # fmt: skip
def test_a_name_beside_a_failure_is_blame_and_a_name_alone_is_none(
    body: str, names: set[str]
) -> None:
    assert blames(500, body) == names


def test_nobody_is_blamed_by_itself_or_by_the_balancer() -> None:
    body = '{"detail":"Authentication service error"}'
    assert blames(500, body, entry="auth") == set()
    seen = p.page(faults.PROXY, 503)
    assert blame.blamed(p.environment(faults.NAMES), "registry", seen) == frozenset()
    lost = Exchange(method="GET", url=faults.PROXY, failure="reset")
    assert blame.blamed(p.environment(faults.NAMES), "registry", lost) == frozenset()


def test_a_service_of_any_name_is_known_by_its_name_and_addresses() -> None:
    environment = p.environment(faults.NAMES)
    store = p.replace(environment.services["mlflow"], discovery="fs.x.local", container="fs")
    registry = environment.services["registry"]
    services = {**environment.services, "features": store}
    services["registry"] = p.replace(registry, depends_on=(*registry.depends_on, "features"))
    environment = p.replace(environment, services=services)
    for text in ("features timed out", "no route to fs.x.local"):
        seen = p.answer(faults.PROXY, 502, f'{{"detail":"{text}"}}')
        assert blame.blamed(environment, "registry", seen) == {"features"}
        verdict = diagnose([p.failed("a", "registry", seen)], OUTSIDE, environment, None, p.NOW)
        (found,) = verdict.diagnoses
        assert (found.cause, found.service) == ("dependency-unreachable", "features")
