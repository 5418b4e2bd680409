"""MLflow accepts connections and does not answer, though its health checks still pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from canary.control_plane.state import EcsService
from canary.diagnose.core.case import MLFLOW, Case, Failures
from canary.diagnose.core.finding import Finding, top_evidence
from canary.diagnose.ecs import revisions
from canary.model import Evidence, Remedy

_TIMED_OUT = re.compile(r"mlflow.{0,120}(timed? ?out|timeout)|timeout.{0,120}mlflow", re.IGNORECASE)
_LATE_MS = 2000.0


def hanging(case: Case) -> Iterator[Finding]:
    """Report MLflow if its callers time out although ECS and the target group call it healthy.

    If a security group or a wrong address keeps the callers from MLflow, that finding wins.
    """
    service, timeouts = case.ecs(MLFLOW), _reported_timeouts(case)
    if not service or not timeouts or not case.has_healthy_targets(MLFLOW) or _is_slow(case):
        return
    remedy = revisions.rollback(case, MLFLOW)
    if not remedy.fix:
        remedy = Remedy(
            summary="Put a new task in its place; its log may tell what it waited for.",
            fix=(revisions.deploy(case, MLFLOW),),
            verify=revisions.verify(case, MLFLOW),
        )
    yield Finding(
        cause="targets-unhealthy",
        service=MLFLOW,
        resource=service.task_definition,
        summary="MLflow does not answer in time, though its task runs and its target is healthy.",
        evidence=(_healthy(service), *top_evidence(timeouts, 3)),
        shown_failures=0,
        remedy=msgspec.structs.replace(remedy, inspect=revisions.inspect(case, MLFLOW)),
        explained_failures=case.failures_of_outage(MLFLOW),
    )


def _reported_timeouts(case: Case) -> Failures:
    """Return the answers in which another service reports a time-out of MLflow."""
    return frozenset(
        f
        for f in case.failures_of_outage(MLFLOW)
        if f.entry_service != MLFLOW and f.status >= 500 and _TIMED_OUT.search(f.body)
    )


def _is_slow(case: Case) -> bool:
    """Return whether MLflow gave a good answer late: then it is slow, and does not hang."""
    return any(
        exchange.status == 200
        and exchange.timing.total_ms >= _LATE_MS
        and MLFLOW in urlsplit(exchange.url).path
        for _, exchange in case.exchanges
    )


def _healthy(service: EcsService) -> Evidence:
    return Evidence(
        resource=service.name,
        seen=f"{service.running} of {service.desired} tasks run, the targets are healthy",
        expected="they answer",
    )
