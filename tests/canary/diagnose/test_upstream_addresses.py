"""Addresses of upstreams: the right ones, and the diagnosis of the others."""

from __future__ import annotations

import pytest

from canary.diagnose import diagnose
from canary.model import Confidence, Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

UNREACHED = '{"detail":"Failed to connect to MLflow server at x"}'


def _results(variable: str) -> list[Result]:
    if variable.startswith("AUTH"):
        return [p.failed("registry.valid-key", "registry", faults.auth_unavailable())]
    return [p.failed("registry.proxy", "registry", p.answer(faults.PROXY, 502, UNREACHED))]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AUTH_SERVICE_URL", f"https://auth.{faults.NAMES.domain}:8443"),
        ("AUTH_SERVICE_URL", f"http://auth.{faults.NAMES.domain}"),
        ("AUTH_SERVICE_URL", f"https://registry.{faults.NAMES.domain}"),
        ("AUTH_SERVICE_URL", f"auth.{faults.NAMES.domain}"),
        ("MLFLOW_SERVER_URL", f"mlflow.{faults.NAMES.prefix}.local:5000"),
        ("MLFLOW_SERVER_URL", f"http://mlflow.{faults.NAMES.prefix}.local:5001"),
        ("MLFLOW_SERVER_URL", f"http://registry.{faults.NAMES.prefix}.local:8001"),
    ],
)
def test_an_address_that_leads_elsewhere_is_shown_by_the_revision_itself(
    variable: str, value: str
) -> None:
    state = faults.revised(p.healthy(), "registry", variable, value)
    for previous in (p.healthy(), None):  # without a previous run too
        verdict = diagnose(_results(variable), state, p.environment(faults.NAMES), previous, p.NOW)
        (found,) = verdict.diagnoses
        assert (found.cause, found.confidence) == ("upstream-url-wrong", Confidence.CERTAIN)
        assert variable in found.summary


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AUTH_SERVICE_URL", f"https://auth.{faults.NAMES.domain}/"),
        ("AUTH_SERVICE_URL", f"https://auth.{faults.NAMES.domain}:443"),
        ("MLFLOW_SERVER_URL", f"http://mlflow.{faults.NAMES.prefix}.local:5000/"),
    ],
)
def test_an_address_that_leads_there_in_another_form_is_only_suspected(
    variable: str, value: str
) -> None:
    state = faults.revised(p.healthy(), "registry", variable, value)
    verdict = diagnose(_results(variable), state, p.environment(faults.NAMES), None, p.NOW)
    (found,) = [d for d in verdict.diagnoses if d.cause == "upstream-url-wrong"]
    assert found.confidence is Confidence.LIKELY  # only the change coincides with the failure


def test_a_new_variable_about_what_fails_is_suspected_before_the_image() -> None:
    state = faults.revised(p.healthy(), "registry", "MLFLOW_PROXY_TIMEOUT", "0.001")
    late = p.answer(faults.PROXY, 504, '{"detail":"MLflow server request timeout after 0.0s"}')
    results = [p.failed("registry.proxy", "registry", late)]
    verdict = diagnose(results, state, p.environment(faults.NAMES), p.healthy(), p.NOW)
    (found,) = verdict.diagnoses
    assert (found.cause, found.confidence) == ("environment-variable-wrong", Confidence.LIKELY)
    assert "MLFLOW_PROXY_TIMEOUT" in found.summary
    assert found.remedy.fix
