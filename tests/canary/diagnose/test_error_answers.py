"""A service that answers with errors is not down; its callers' failures follow from it."""

from __future__ import annotations

import pytest

from canary.diagnose import diagnose
from canary.model import Explanation, Result, Status, Step
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

VALIDATE = faults.AUTH + "/api/v1/keys/validate"
ERROR = '{"detail":"Authentication service error"}'


def judge(*results: Result) -> Explanation:
    return diagnose(list(results), p.healthy(), p.environment(faults.NAMES), p.healthy(), p.NOW)


def asked(status: int, body: str) -> Result:
    seen = p.answer(VALIDATE, status, body, principal="valid", method="POST")
    return p.failed("auth.validates", "auth", seen, kind="access")


def told_by_the_api() -> Result:
    seen = p.answer(faults.PROXY, 503, ERROR, principal="valid")
    return p.failed("registry.valid-key", "registry", seen, kind="access")


def test_a_route_that_auth_lacks_explains_what_the_api_says_of_it() -> None:
    verdict = judge(asked(404, '{"detail":"Not Found"}'), told_by_the_api())
    (found,) = verdict.diagnoses
    assert (found.cause, found.service) == ("route-not-mounted", "auth")
    assert verdict.unexplained == ()


def test_an_auth_service_that_fails_a_part_of_its_requests_is_not_down() -> None:
    good = p.answer(VALIDATE, 200, "{}", principal="valid", method="POST")
    step = Step(name="x-api-key", status=Status.PASS, evidence=(good,))
    well = p.result("auth.scope", "auth", step, status=Status.PASS, kind="access")
    verdict = judge(asked(500, '{"detail":"Internal Server Error"}'), told_by_the_api(), well)
    (found,) = verdict.diagnoses
    assert (found.cause, found.service) == ("targets-unhealthy", "auth")
    assert "a part" in found.summary
    assert verdict.unexplained == ()


def test_an_auth_service_of_which_every_answer_fails_is_down() -> None:
    verdict = judge(asked(500, '{"detail":"Internal Server Error"}'), told_by_the_api())
    assert [d.cause for d in verdict.diagnoses] == ["auth-service-down"]


def test_errors_of_mlflow_that_the_proxy_hands_on_are_mlflows() -> None:
    """MLflow's own errors have an `error_code`, those of the API a `detail`."""
    body = '{"error_code":"INTERNAL_ERROR","message":"intermittent"}'
    for words, culprit in ((body, "mlflow"), ('{"detail":"Internal Server Error"}', "registry")):
        seen = p.answer(faults.PROXY, 500, words, principal="valid")
        (found,) = judge(p.failed("registry.proxy", "registry", seen)).diagnoses
        assert (found.cause, found.service) == ("targets-unhealthy", culprit)


@pytest.mark.parametrize("body", ['{"detail":"Not Found"}', '{"error_code":"RESOURCE_NOT_FOUND"}'])
@pytest.mark.parametrize("changed", ["registry", "mlflow"])
def test_a_path_that_is_gone_is_put_down_to_the_service_that_changed(
    body: str, changed: str
) -> None:
    state = faults.revised(p.healthy(), changed, "FEATURE", "1")
    results = [p.failed("registry.proxy", "registry", p.answer(faults.PROXY, 404, body))]
    verdict = diagnose(results, state, p.environment(faults.NAMES), p.healthy(), p.NOW)
    (found,) = verdict.diagnoses
    assert found.service == changed
    assert found.remedy.fix
