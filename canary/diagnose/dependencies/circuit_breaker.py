"""A circuit breaker that is open: a service has stopped calling MLflow for a while."""

from __future__ import annotations

from collections.abc import Iterator

from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.ecs import revisions
from canary.model import Remedy


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
        summary=f"The circuit breaker of {entry} towards MLflow is open.",
        remedy=Remedy(
            summary="A breaker closes by itself once MLflow answers; a new task starts closed.",
            inspect=revisions.inspect(case, entry),
            fix=(revisions.deploy(case, entry),) if service else (),
            verify=revisions.verify(case, entry) if service else (),
        ),
        explained_failures=failures,
    )
