"""Tasks that ECS replaced recently because of their health checks."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.state import EcsService, Task
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.ecs.revisions import inspect
from canary.diagnose.targets.health_record import RECENT_S
from canary.model import Confidence, Evidence, Remedy


def replaced(case: Case) -> Iterator[Finding]:
    """Report a task that ECS stopped for its health checks, if nothing else is wrong."""
    records = case.having(Symptom.CONTROL_ECS, Symptom.CONTROL_TARGETS)
    for name in case.services:
        service = case.ecs(name)
        failures = frozenset(f for f in records if f.service == name)
        ended = _ended(case, service) if service else []
        if service is not None and failures and ended:
            yield _finding(case, name, service, ended[0], failures)


def _ended(case: Case, service: EcsService) -> list[Task]:
    return [
        t
        for t in service.tasks
        if "health checks in (target-group" in t.stopped_reason
        and case.age(t.stopped_at) < RECENT_S
    ]


def _finding(case: Case, name: str, service: EcsService, task: Task, failures: Failures) -> Finding:
    return Finding(
        cause="targets-unhealthy",
        service=name,
        resource=service.arn,
        confidence=Confidence.POSSIBLE,
        summary=f"ECS replaced a task of {service.name} that failed its health checks.",
        evidence=(
            Evidence(
                resource=task.arn,
                seen=task.stopped_reason,
                expected="no task ended for its health",
                at=task.stopped_at,
            ),
        ),
        shown_failures=1,
        remedy=Remedy(
            summary="Read the log of the task that was ended.",
            inspect=inspect(case, name),
            decision="Nothing is broken now: mend the slow start, or the health check's patience,"
            " if it happens again.",
        ),
        explained_failures=failures,
    )
