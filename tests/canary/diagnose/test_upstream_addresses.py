"""Addresses of upstreams: the right ones, and the diagnosis of the others."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import PlatformState
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


def connected(state: PlatformState, **alias: Any) -> PlatformState:
    """Return a platform in which Service Connect gives MLflow a name."""
    (service,) = [x for x in state.ecs_services if x.name == faults.NAMES.of("mlflow")]
    config = {
        "enabled": True,
        "namespace": "shop.local",
        "services": [
            {"portName": "http", "discoveryName": "flow", "clientAliases": [alias] if alias else []}
        ],
    }
    newest = p.replace(service.deployments[0], service_connect=config)
    return faults.service(state, "mlflow", deployments=(newest, *service.deployments[1:]))


def asking_at(url: str) -> PlatformState:
    """Return a platform whose API has always asked MLflow at an address."""
    state = p.healthy()
    definitions = tuple(
        p.replace(
            d,
            containers=tuple(
                p.replace(c, plain={**c.plain, "MLFLOW_SERVER_URL": url}) for c in d.containers
            ),
        )
        if "registry" in d.family
        else d
        for d in state.task_definitions
    )
    return p.replace(state, task_definitions=definitions)


@pytest.mark.parametrize(
    ("alias", "good"),
    [
        ({"dnsName": "mlflow.connect", "port": 80}, "http://mlflow.connect"),
        ({"dnsName": "mlflow.connect", "port": 5000}, "http://mlflow.connect:5000"),
        ({"port": 5000}, "http://flow.shop.local:5000"),
        ({}, "http://flow.shop.local:5000"),
    ],
)
def test_a_name_of_service_connect_leads_there_and_an_address_after_it_does_not(
    alias: dict[str, Any], good: str
) -> None:
    known = asking_at(good)
    for before, sure in ((connected(known, **alias), True), (known, False)):
        state = faults.revised(before, "registry", "MLFLOW_SERVER_URL", "http://10.0.3.219:5000")
        verdict = diagnose(_results("MLFLOW"), state, p.environment(faults.NAMES), before, p.NOW)
        found = [(d.cause, d.confidence) for d in verdict.diagnoses]
        assert (("upstream-url-wrong", Confidence.CERTAIN) in found) is sure


def test_a_new_variable_about_what_fails_is_suspected_before_the_image() -> None:
    state = faults.revised(p.healthy(), "registry", "MLFLOW_PROXY_TIMEOUT", "0.001")
    late = p.answer(faults.PROXY, 504, '{"detail":"MLflow server request timeout after 0.0s"}')
    results = [p.failed("registry.proxy", "registry", late)]
    verdict = diagnose(results, state, p.environment(faults.NAMES), p.healthy(), p.NOW)
    (found,) = verdict.diagnoses
    assert (found.cause, found.confidence) == ("environment-variable-wrong", Confidence.LIKELY)
    assert "MLFLOW_PROXY_TIMEOUT" in found.summary
    assert found.remedy.fix
