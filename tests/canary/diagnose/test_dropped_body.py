"""A DELETE whose body does not arrive is named; the telling exchange is the refused one."""

from __future__ import annotations

import pytest

from canary.diagnose import diagnose
from canary.model import Assertion, Confidence, Exchange, Explanation, Result, Status, Step
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

BASE = faults.PROXY.removesuffix("experiments/search")
DELETE = BASE + "registered-models/delete"
MISSING = (
    '{"error_code":"INVALID_PARAMETER_VALUE","message":"Missing value for required parameter'
    " 'name'.\"}"
)


def judge(*results: Result) -> Explanation:
    return diagnose(list(results), p.healthy(), p.environment(faults.NAMES), p.healthy(), p.NOW)


def dropped(url: str = DELETE, status: int = 400, body: str = MISSING) -> Exchange:
    return p.answer(url, status, body, method="DELETE", principal="valid")


def listed() -> Exchange:
    return p.answer(BASE + "registered-models/search", 200, "{}", principal="valid")


def made() -> Step:
    seen = p.answer(BASE + "experiments/create", 200, "{}", method="POST", principal="valid")
    return Step(name="experiment", status=Status.PASS, evidence=(seen,))


def flow(name: str, *evidence: Exchange, more: tuple[Step, ...] = ()) -> Result:
    unmet = Assertion(
        subject="DELETE registered-models/delete of a name that does not exist",
        expected="404 RESOURCE_DOES_NOT_EXIST",
        actual="400",
        holds=False,
    )
    step = Step(name=name, status=Status.FAIL, assertions=(unmet,), evidence=evidence)
    return p.result("registration.model", "registry", *more, step, kind="registration")


@pytest.mark.parametrize("evidence", [(dropped(),), (dropped(), listed())], ids=["last", "first"])
def test_a_delete_that_misses_what_its_body_said(evidence: tuple[Exchange, ...]) -> None:
    verdict = judge(flow("model removal", *evidence, more=(made(),)))
    (found,) = verdict.diagnoses
    assert (found.cause, found.service) == ("proxy-drops-body", "registry")
    assert found.confidence is Confidence.LIKELY
    assert "Missing value for required parameter" in found.evidence[0].seen
    assert found.evidence[0].resource == f"DELETE {DELETE}"
    assert "forward the body of every method" in found.remedy.decision
    assert (found.remedy.fix, verdict.unexplained) == ((), ())


def test_without_a_post_that_passes_it_is_possible() -> None:
    (found,) = judge(flow("model removal", dropped())).diagnoses
    assert (found.cause, found.confidence) == ("proxy-drops-body", Confidence.POSSIBLE)


@pytest.mark.parametrize(
    "seen",
    [
        p.answer(DELETE, 400, MISSING, method="POST", principal="valid"),
        dropped(body='{"error_code":"INVALID_STATE","message":"the model is in use"}'),
        dropped(status=405, body='{"detail":"Method Not Allowed"}'),
    ],
    ids=["a-post", "another-refusal", "not-allowed"],
)
def test_other_refusals_are_no_dropped_body(seen: Exchange) -> None:
    causes = {d.cause for d in judge(flow("model removal", seen, more=(made(),))).diagnoses}
    assert "proxy-drops-body" not in causes


def test_a_404_that_a_step_accepts_is_not_more_telling_than_what_comes_after() -> None:
    """The experiment was not there, was made, and the answer has another name: a wrong answer."""
    gone = p.answer(
        BASE + "experiments/get-by-name", 404, '{"error_code":"RESOURCE_DOES_NOT_EXIST"}'
    )
    new = p.answer(BASE + "experiments/create", 200, '{"experiment_id":""}', method="POST")
    held = Assertion(subject="GET experiments/get-by-name", expected="200",
                     actual="404 RESOURCE_DOES_NOT_EXIST", holds=True)  # fmt: skip
    unmet = Assertion(subject="experiment_id", expected="present", actual="absent", holds=False)
    step = Step(name="experiment", status=Status.FAIL, assertions=(held, unmet),
                evidence=(gone, new))  # fmt: skip
    verdict = judge(p.result("registration.model", "registry", step, kind="registration"))
    assert (verdict.diagnoses, verdict.unexplained) == ((), ("registration.model",))


def test_a_refusal_that_must_come_is_not_more_telling_than_the_pass_after_it() -> None:
    """Asked twice with a revoked key: refused, then let in."""
    url, more = faults.PROXY, {"principal": "revoked", "header_form": "bearer"}
    seen = (p.answer(url, 401, "{}", **more), p.answer(url, 200, "{}", **more))
    step = Step(name="revoked", status=Status.FAIL, assertions=p.status_is("401", "200"),
                evidence=seen)  # fmt: skip
    (found,) = judge(p.result("registry.revoked", "registry", step, kind="access")).diagnoses
    assert found.cause == "revoked-key-accepted"
