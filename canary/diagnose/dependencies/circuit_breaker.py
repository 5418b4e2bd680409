"""A circuit breaker that is open: a service has stopped calling MLflow for a while."""

from __future__ import annotations

from collections.abc import Iterator

from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import DEPENDS, Finding, top_evidence
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.ecs import revisions
from canary.model import Confidence, Remedy


def breaker(case: Case) -> Iterator[Finding]:
    """Report a circuit breaker that stays open."""
    failures = case.having(Symptom.BREAKER_OPEN)
    if not failures:
        return
    entry = min(f.entry_service for f in failures)
    service = case.ecs(entry)
    yield Finding(
        cause="circuit-breaker-open",
        service=entry,
        resource=case.services[entry].ecs_service or entry,
        confidence=Confidence.LIKELY,
        summary=f"The circuit breaker of {entry} towards MLflow is open.",
        evidence=top_evidence(failures),
        remedy=Remedy(
            summary="A breaker closes by itself once MLflow answers; a new task starts closed.",
            inspect=revisions.inspect(case, entry),
            fix=(revisions.deploy(case, service),) if service else (),
            verify=revisions.verify(case, service) if service else (),
        ),
        explained_failures=failures,
        rank=DEPENDS + 6,
    )
