"""A 4xx of no known kind is told of the service whose revision changed, and as possible alone."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose import refused_routes
from canary.diagnose.core.finding import Finding
from canary.model import Confidence, Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import HEALTHY, NAMES, case
from tests.canary.support.scenes.ecs import on_revision
from tests.canary.support.told_scenes import deployment

REGISTRY, AUTH = f"https://registry.{NAMES.domain}", f"https://auth.{NAMES.domain}"


def refused(check: str, url: str, status: int) -> Result:
    return p.failed(check, check.partition(".")[0], p.answer(url, status, '{"detail": "odd"}'))


def told(state: PlatformState, *results: Result) -> list[Finding]:
    return [*refused_routes.refused_routes(case(state, HEALTHY, *results))]


def newer(name: str) -> PlatformState:
    """Return the platform on which a service got another revision since the run before."""
    return on_revision(name, 6)


SEEN = (
    refused("registry.a", f"{REGISTRY}/a", 422),
    refused("registry.b", f"{REGISTRY}/b", 400),
    refused("registry.c", f"{REGISTRY}/c", 499),
    refused("registry.d", f"{REGISTRY}/d", 302),
    refused("auth.e", f"{AUTH}/e", 418),
    refused("registry.f", f"{REGISTRY}/f", 204),
)


def test_refusals_of_the_changed_service_are_possible() -> None:
    (found,) = told(newer("registry"), *SEEN)
    assert (found.cause, found.service) == ("route-failing", "registry")
    assert found.confidence is Confidence.POSSIBLE
    assert found.summary == "registry refuses requests, and its revision has changed."
    checks = sorted(f.check_id for f in found.explained_failures)
    assert checks == ["registry.a", "registry.b", "registry.c"]


def test_what_mlflow_refuses_is_told_of_mlflow_where_it_alone_changed() -> None:
    seen = refused("registry.m", f"{REGISTRY}/api/mlflow/api/2.0/mlflow/m", 422)
    (found,) = told(newer("mlflow"), seen)
    assert (found.service, found.summary) == (
        "mlflow", "registry refuses requests, and the revision of mlflow behind it has changed.",
    )  # fmt: skip
    (both,) = told(on_revision("registry", 6, newer("mlflow")), seen)
    assert both.service == "registry"


def test_each_entry_has_its_own() -> None:
    (found,) = told(newer("auth"), *SEEN)
    assert [f.check_id for f in found.explained_failures] == ["auth.e"]
    assert found.service == "auth"


@pytest.mark.parametrize(
    ("state", "results"),
    [
        (HEALTHY, SEEN),  # nothing changed
        (newer("mlflow"), SEEN),  # MLflow is asked by other paths
        (newer("registry"), SEEN[3:4]),  # a redirect is no refusal
        (newer("registry"), SEEN[4:5]),
        (newer("registry"), SEEN[5:]),
        (newer("registry"), ()),
    ],
)
def test_else_nobody_is_accused(state: PlatformState, results: tuple[Result, ...]) -> None:
    assert told(state, *results) == []


def test_a_revision_that_ecs_took_back_is_told_elsewhere() -> None:
    now, bad = (NAMES.revision("registry", number) for number in (6, 7))
    deployments = (
        deployment(6, "PRIMARY", task_definition=now, rollout_reason=faults.ROLLING_BACK),
        deployment(7, "ACTIVE", task_definition=bad, rollout_state="FAILED", failed_tasks=2),
    )
    state = faults.service(newer("registry"), "registry", deployments=deployments)
    assert told(state, *SEEN) == []
