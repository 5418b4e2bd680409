"""The credential with which a service asks a dependency: missing, refused, or lost."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.model import Assertion, Confidence, Explanation, Result, Status, Step
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

URL = f"http://mlflow.{faults.NAMES.prefix}.local:5000"
LIGHT, BREAKER = faults.REGISTRY + "/api/health/mlflow", faults.REGISTRY + "/health/mlflow"
READY = faults.REGISTRY + "/ready"
OUTSIDE = PlatformState()


def told(words: str) -> str:
    """Return the health document of MLflow in which its client reports an answer of 401."""
    return (
        f'{{"status":"error","tracking_uri":"{URL}","latency_ms":12.1,"error_type":"RestException",'
        '"error":"API request to endpoint /api/2.0/mlflow/registered-models/search failed with'
        f' error code 401 != 200. Response body: \'{{\\"detail\\": \\"{words}\\"}}\'"}}'
    )


def refused(words: str = "API key required") -> Result:
    return p.failed("registry.mlflow-connection", "registry", p.answer(LIGHT, 503, told(words)))


def with_own_key() -> Result:
    seen = p.answer(faults.PROXY, 200, '{"experiments":[]}', principal="valid")
    step = Step(name="step", status=Status.PASS, evidence=(seen,))
    return p.result("registry.proxy", "registry", step, status=Status.PASS)


def judge(state: PlatformState, *results: Result, before: PlatformState | None = None) \
        -> Explanation:  # fmt: skip
    return diagnose(list(results), state, p.environment(faults.NAMES), before, p.NOW)


def token(state: PlatformState) -> PlatformState:
    """Return the platform whose API gets its token from a secret, in revision 7."""
    old = p.definition(faults.NAMES, "registry")
    with_token = {**old.containers[0].secrets, "MLFLOW_TRACKING_TOKEN": "arn:aws:secret:token"}
    container = p.replace(old.containers[0], secrets=with_token)
    return p.change(state, "task_definitions", old.arn, containers=(container,))


@pytest.mark.parametrize("state", [p.healthy(), OUTSIDE], ids=["read", "from outside"])
@pytest.mark.parametrize(
    ("words", "says"),
    [("API key required", "sends no key"),
     ("Invalid or expired API key", "sends a key that is refused")],
)  # fmt: skip
def test_a_question_that_is_refused_while_callers_pass(
    state: PlatformState, words: str, says: str
) -> None:
    verdict = judge(state, refused(words), with_own_key())
    (found,) = verdict.diagnoses
    assert (found.cause, found.service) == ("mlflow-token-missing", "registry")
    assert found.confidence is Confidence.LIKELY
    assert found.summary == (
        f"registry {says} when it asks mlflow for itself, while calls with the caller's own key"
        " pass."
    )
    assert any(e.seen == "200 for principal valid" for e in found.evidence)
    assert "which variable of registry holds its key for mlflow" in found.remedy.decision
    assert (found.remedy.fix, verdict.unexplained) == ((), ())


def test_without_a_call_that_passes_it_is_possible() -> None:
    (found,) = judge(OUTSIDE, refused()).diagnoses
    assert (found.cause, found.confidence) == ("mlflow-token-missing", Confidence.POSSIBLE)


def lost() -> PlatformState:
    return faults.revised(token(p.healthy()), "registry", "PORT", "8001")


def test_a_revision_that_lost_the_secret_is_certain_and_goes_back() -> None:
    verdict = judge(lost(), refused(), with_own_key(), before=token(p.healthy()))
    (found,) = verdict.diagnoses
    assert (found.cause, found.confidence) == ("mlflow-token-missing", Confidence.CERTAIN)
    assert "no longer gets MLFLOW_TRACKING_TOKEN since revision 8" in found.summary
    assert any("secret MLFLOW_TRACKING_TOKEN is gone" in e.seen for e in found.evidence)
    assert f"{faults.NAMES.of('registry')}:7" in found.remedy.fix[0]
    assert verdict.unexplained == ()


def test_a_lost_secret_is_not_proven_by_an_answer_that_says_expired() -> None:
    words = "Invalid or expired API key"
    (found,) = judge(lost(), refused(words), with_own_key(), before=token(p.healthy())).diagnoses
    assert (found.cause, found.confidence) == ("mlflow-token-missing", Confidence.LIKELY)


def test_what_the_breaker_and_the_documents_say_of_it_follows() -> None:
    opened = '{"connected":false,"circuit_breaker_state":"OPEN","tracking_uri":"' + URL + '"}'
    body = (
        '{"ready":false,"can_serve_traffic":true,"checks":[{"name":"mlflow","passed":false,'
        '"error":"Circuit breaker open - MLflow temporarily unavailable"}]}'
    )
    unmet = Assertion(subject="ready", expected="true", actual="false", holds=False)
    verdict = judge(
        OUTSIDE,
        refused(),
        p.failed("registry.breaker", "registry", p.answer(BREAKER, 503, opened)),
        p.failed("registry.ready", "registry", p.answer(READY, 200, body), assertions=(unmet,)),
        with_own_key(),
    )
    assert [d.cause for d in verdict.diagnoses] == ["mlflow-token-missing"]
    assert verdict.unexplained == ()


def test_callers_that_are_refused_are_refused_for_their_own_key() -> None:
    seen = p.answer(faults.PROXY, 401, '{"detail":"Invalid or expired API key"}',
                    principal="valid", header_form="bearer")  # fmt: skip
    causes = [d.cause for d in judge(OUTSIDE, p.failed("x", "registry", seen)).diagnoses]
    assert causes == ["credential-rejected"]


# --- the breaker's document

SERIALIZATION = (
    '{"error":"Object of type datetime is not JSON serializable","connected":false,'
    '"circuit_breaker_state":"UNKNOWN"}'
)


def document() -> Result:
    return p.failed("registry.breaker", "registry", p.answer(BREAKER, 500, SERIALIZATION))


def test_a_breaker_whose_document_fails_is_open() -> None:
    verdict = judge(OUTSIDE, document(), with_own_key())
    (found,) = verdict.diagnoses
    assert (found.cause, found.service) == ("breaker-document-failing", "registry")
    assert "See first why the breaker of registry opened" in found.remedy.decision
    assert (found.remedy.fix, verdict.unexplained) == ((), ())


def test_it_comes_after_the_outage_that_opened_it() -> None:
    state, results = faults.plant(faults.by_id("mlflow-scaled-to-zero"))
    verdict = judge(state, *results, document())
    assert [d.cause for d in verdict.diagnoses] == [
        "service-scaled-to-zero", "breaker-document-failing"
    ]  # fmt: skip
    assert verdict.unexplained == ()
