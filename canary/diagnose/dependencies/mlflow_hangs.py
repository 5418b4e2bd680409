"""MLflow that takes connections and never answers, before any health check has noticed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from canary.control_plane.state import EcsService
from canary.diagnose.core.case import MLFLOW, Case, Failures
from canary.diagnose.core.finding import DEPENDS, Finding, top_evidence
from canary.diagnose.ecs import revisions
from canary.model import Confidence, Evidence, Remedy

_TIMED_OUT = re.compile(r"mlflow.{0,120}(timed? ?out|timeout)|timeout.{0,120}mlflow", re.IGNORECASE)
_LATE_MS = 2000.0


def hanging(case: Case) -> Iterator[Finding]:
    """Claim MLflow where those who ask it wait in vain, though ECS and balancer call it well.

    Where the way to it is blocked or leads elsewhere, that is the cause and this follows from it.
    """
    service = case.ecs(MLFLOW) if MLFLOW in case.services else None
    told = _told(case)
    if service is None or not told or not case.has_healthy_targets(MLFLOW) or _answers_late(case):
        return
    remedy = revisions.rollback(case, MLFLOW)
    if not remedy.fix:
        remedy = Remedy(
            summary="Put a new task in its place; its log may tell what it waited for.",
            fix=(revisions.deploy(case, service),),
            verify=revisions.verify(case, service),
        )
    yield Finding(
        cause="targets-unhealthy",
        service=MLFLOW,
        resource=service.task_definition,
        confidence=Confidence.LIKELY,
        summary="MLflow does not answer in time, though its task runs and its target is healthy.",
        evidence=(_well(service), *top_evidence(told, 3)),
        remedy=msgspec.structs.replace(remedy, inspect=revisions.inspect(case, MLFLOW)),
        explained_failures=case.failures_of_outage(MLFLOW),
        rank=DEPENDS + 3,
    )


def _told(case: Case) -> Failures:
    """Return the answers in which another service says that it waited for MLflow."""
    return frozenset(
        f
        for f in case.failures_of_outage(MLFLOW)
        if f.entry_service != MLFLOW and f.status >= 500 and _TIMED_OUT.search(f.body)
    )


def _answers_late(case: Case) -> bool:
    """Tell whether MLflow gave a good answer late: then it is slow, and does not hang."""
    return any(
        exchange.status == 200
        and exchange.timing.total_ms >= _LATE_MS
        and MLFLOW in urlsplit(exchange.url).path
        for _, exchange in case.exchanges
    )


def _well(service: EcsService) -> Evidence:
    return Evidence(
        resource=service.name,
        seen=f"{service.running} of {service.desired} tasks run, the targets are healthy",
        expected="they answer",
    )
