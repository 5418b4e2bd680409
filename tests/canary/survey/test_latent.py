"""What AWS shows although nothing that was asked fails of it."""

from __future__ import annotations

import pytest

from canary.model import Confidence, Remedy
from canary.survey.latent import NEEDS_A_SYMPTOM, latent
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

ENVIRONMENT = p.environment(faults.NAMES)


def test_a_healthy_platform_shows_nothing() -> None:
    assert latent(ENVIRONMENT, p.healthy(), p.NOW) == ()


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("mlflow-name-empty", "service-discovery-missing"),
        ("mlflow-name-stale", "service-discovery-stale"),
        ("api-blocked", "security-group-blocked"),
        ("mlflow-blocked-from-api", "security-group-blocked"),
        ("mlflow-scaled-to-zero", "service-scaled-to-zero"),
    ],
)
def test_what_the_control_plane_shows_is_told_without_a_failure_and_without_a_fix(
    fault: str, cause: str
) -> None:
    state, _ = faults.plant(faults.by_id(fault))
    found = {d.cause: d for d in latent(ENVIRONMENT, state, p.NOW)}
    assert cause in found
    told = found[cause]
    assert (told.confidence, told.explains) == (Confidence.LIKELY, ())
    assert (told.remedy.fix, told.remedy.undo, told.remedy.verify) == ((), (), ())
    assert told.remedy.decision.endswith("look whether it is so on purpose.")
    assert told.remedy == Remedy(
        summary=told.remedy.summary, inspect=told.remedy.inspect, decision=told.remedy.decision
    )


def test_no_answer_of_the_platform_makes_a_latent_cause() -> None:
    state, results = faults.plant(faults.by_id("database-login"))
    assert results
    assert "database-auth-failed" not in {d.cause for d in latent(ENVIRONMENT, state, p.NOW)}
    assert "vpc-route-missing" in NEEDS_A_SYMPTOM
