"""Without a control plane, answers alone name the place: a port, a store, an address."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.model import Confidence, Diagnosis, Exchange, Result, Status, Step, Timing
from canary.observe import WITHOUT_CLUSTER
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

MLFLOW = f"mlflow.{faults.NAMES.prefix}.local:5000"
VALIDATE = faults.AUTH + "/api/v1/keys/validate"
PLAIN = faults.REGISTRY.replace("https://", "http://")


def judge(*results: Result, state: PlatformState = WITHOUT_CLUSTER) -> list[Diagnosis]:
    verdict = diagnose(list(results), state, p.environment(faults.NAMES), None, p.NOW)
    assert verdict.unexplained == ()
    assert all("which image is right" not in d.remedy.decision for d in verdict.diagnoses)
    return list(verdict.diagnoses)


def passed(url: str, service: str, status: int = 200) -> Result:
    step = Step(name="step", status=Status.PASS, evidence=(p.answer(url, status, "{}"),))
    return p.result(f"passed.{url}", service, step, status=Status.PASS)


def named(found: list[Diagnosis]) -> list[tuple[str, str, Confidence]]:
    return [(d.cause, d.service, d.confidence) for d in found]


# --- a port that lets nothing in


@pytest.mark.parametrize(
    ("failure", "cause", "words"),
    [
        ("refused", "listener-missing", "are refused: nothing listens there"),
        ("connect-timeout", "security-group-blocked", "are dropped on the way"),
    ],
)
def test_a_closed_port_of_a_host_is_named(failure: str, cause: str, words: str) -> None:
    lost = [p.failed(f"registry.{n}", "registry", p.none(f"{faults.REGISTRY}/{n}", failure))
            for n in ("health", "live", "docs")]  # fmt: skip
    found = judge(*lost, passed(f"{faults.AUTH}/health", "auth"))
    assert named(found) == [(cause, "registry", Confidence.LIKELY)]
    assert found[0].summary == f"Connections to {faults.REGISTRY} {words}."
    assert found[0].remedy.fix == ()


def test_what_asks_a_closed_port_follows_from_it() -> None:
    words = '{"detail":"Authentication service unavailable"}'
    lost = p.failed("auth.health", "auth", p.none(f"{faults.AUTH}/health", "refused"))
    told = p.failed("registry.proxy", "registry", p.answer(faults.PROXY, 503, words))
    found = judge(lost, told, passed(f"{faults.REGISTRY}/live", "registry"))
    assert named(found) == [("listener-missing", "auth", Confidence.LIKELY)]
    assert found[0].explains == ("auth.health", "registry.proxy")


def test_a_port_that_answers_once_is_not_closed() -> None:
    lost = p.failed("registry.a", "registry", p.none(f"{faults.REGISTRY}/a", "refused"))
    found = judge(lost, passed(f"{faults.REGISTRY}/live", "registry"))
    assert [d.cause for d in found] == ["targets-unhealthy"]
    assert found[0].remedy.decision == (
        "Nothing answers at the address of registry: see the listener and the security group of its"
        " load balancer."
    )


def test_the_two_ports_of_a_host_are_told_apart() -> None:
    lost = p.failed("registry.redirect", "registry", p.none(f"{PLAIN}/health", "refused"))
    found = judge(lost, passed(f"{faults.REGISTRY}/health", "registry"))
    assert named(found) == [("listener-missing", "registry", Confidence.LIKELY)]
    assert found[0].summary.startswith(f"Connections to {PLAIN} are refused")


def test_listeners_that_were_read_are_not_guessed() -> None:
    lost = p.failed("registry.a", "registry", p.none(f"{faults.REGISTRY}/a", "refused"))
    found = judge(lost, passed(f"{faults.AUTH}/health", "auth"), state=p.healthy())
    assert "listener-missing" not in {d.cause for d in found}


# --- a rule that leads elsewhere


@pytest.mark.parametrize(
    ("cluster", "decision"),
    [
        ("", "Whoever may read the rules of this load balancer must look at them."),
        ("c", "The rules could not be read: give the canary the missing permission, or look."),
    ],
)
def test_nobody_is_asked_for_a_permission_that_no_run_would_use(
    cluster: str, decision: str
) -> None:
    where = p.replace(p.environment(faults.NAMES), cluster=cluster)
    lost = p.failed("registry.proxy", "registry", p.fixed_404(faults.PROXY))
    (found,) = diagnose([lost], WITHOUT_CLUSTER, where, None, p.NOW).diagnoses
    assert (found.cause, found.remedy.decision) == ("rule-missing", decision)


def test_what_answers_beside_a_misrouted_path_follows_from_it() -> None:
    page = "<!doctype html><title>404 Not Found</title>"
    lost = p.failed("registry.proxy", "registry",
                    p.answer(faults.PROXY, 404, page, content_type="text/html"))  # fmt: skip
    odd = p.failed("registry.link", "registry", p.answer(
        f"{faults.REGISTRY}/api/health/mlflow", 401, '{"detail":"API key required"}'))  # fmt: skip
    found = judge(lost, odd)
    assert named(found) == [("rule-wrong-target", "registry", Confidence.LIKELY)]
    assert found[0].explains == ("registry.link", "registry.proxy")


# --- a store, and the services that ask it


def says(service: str, url: str, store: str) -> Result:
    body = f'{{"status":"not ready","checks":{{"{store}":false}}}}'
    return p.failed(f"{service}.ready", service, p.answer(f"{url}/ready", 503, body))


@pytest.mark.parametrize(("store", "word"), [("database", "postgres"), ("cache", "redis")])
def test_a_store_that_one_service_reports_is_possible_and_both_are_named(
    store: str, word: str
) -> None:
    found = judge(says("auth", faults.AUTH, word))
    assert named(found) == [(f"{store}-unreachable", store, Confidence.POSSIBLE)]
    assert f"No other service reports the {store}: auth may ask it" in found[0].remedy.decision


@pytest.mark.parametrize(("store", "word"), [("database", "postgres"), ("cache", "redis")])
def test_a_store_that_two_services_report_is_likely(store: str, word: str) -> None:
    both = (says("auth", faults.AUTH, word), says("registry", faults.REGISTRY, word))
    assert named(judge(*both)) == [(f"{store}-unreachable", store, Confidence.LIKELY)]


def test_what_fails_for_the_database_of_a_service_follows_from_it() -> None:
    words = '{"detail":"Authentication service error"}'
    told = p.failed("registry.proxy", "registry", p.answer(faults.PROXY, 503, words))
    own = p.failed("auth.valid", "auth",
                   p.answer(VALIDATE, 500, '{"detail":"Internal Server Error"}'))  # fmt: skip
    link = p.failed("registry.link", "registry", p.answer(
        f"{faults.REGISTRY}/api/health/mlflow", 503,
        f'{{"tracking_uri":"http://{MLFLOW}","error_type":"MlflowException"}}'))  # fmt: skip
    found = judge(says("auth", faults.AUTH, "database"), told, own, link)
    assert named(found) == [("database-unreachable", "database", Confidence.POSSIBLE)]
    assert len(found[0].explains) == 4


# --- an address that the environment file does not know


def test_a_strange_address_says_more_than_the_slowness_that_it_leads_to() -> None:
    told = p.failed("registry.link", "registry", p.answer(
        f"{faults.REGISTRY}/api/health/mlflow", 503,
        '{"tracking_uri":"http://10.9.9.9:5000","error_type":"TimeoutError",'
        '"error":"MLflow registry SDK probe timed out after 5.0s"}'))  # fmt: skip
    hung = [p.failed(f"registry.{n}", "registry", Exchange(
        method="GET", url=f"{faults.PROXY}&n={n}", failure="read-timeout", principal="valid",
        timing=Timing(total_ms=12_000))) for n in range(3)]  # fmt: skip
    found = judge(told, *hung)
    assert named(found) == [("upstream-url-wrong", "registry", Confidence.POSSIBLE)]
    assert found[0].summary.startswith(
        f"registry looks for mlflow at http://10.9.9.9:5000; the environment file says {MLFLOW}."
    )


# --- what a person is asked to decide


def test_a_balancer_that_answers_in_place_of_a_service_sends_one_to_its_targets() -> None:
    found = judge(p.failed("registry.health", "registry", p.page(f"{faults.REGISTRY}/health", 503)))
    assert named(found) == [("targets-unhealthy", "registry", Confidence.POSSIBLE)]
    assert "see whether its tasks run" in found[0].remedy.decision


@pytest.mark.parametrize("state", [p.healthy(), WITHOUT_CLUSTER], ids=["read", "from outside"])
def test_a_limiter_that_does_not_run_puts_no_image_in_question(state: PlatformState) -> None:
    seen = p.answer(faults.PROXY, 200, "{}", principal="valid")
    result = p.failed("registry.rate-limit", "registry", seen, reason="no rate limit headers")
    found = judge(result, state=state)
    assert named(found) == [("rate-limit-missing", "registry", Confidence.LIKELY)]
    assert found[0].remedy.decision.startswith(
        "Whoever owns registry must see whether its limiter is switched on"
    )


def test_a_dependency_that_is_blamed_sends_one_on_to_what_it_needs() -> None:
    words = f'{{"detail":"Failed to connect to MLflow server at http://{MLFLOW}"}}'
    found = judge(p.failed("registry.proxy", "registry", p.answer(faults.PROXY, 502, words)))
    assert named(found) == [("dependency-unreachable", "mlflow", Confidence.LIKELY)]
    assert "mlflow needs database: look there, too." in found[0].remedy.decision
