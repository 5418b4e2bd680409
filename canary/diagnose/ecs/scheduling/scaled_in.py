"""Add to a finding that a service's own scaling took tasks away shortly before.

Fewer tasks alone are no fault, so it is no cause: a scaling sets its minimum each night. Where the
service is slow or its targets fail since then, it is the first thing to look at.
"""

from __future__ import annotations

from dataclasses import replace

from canary.control_plane.rollouts import DONE, Scaling, ScalingActivity
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs.scheduling import history
from canary.model import Evidence

OF_LOAD = frozenset(
    ("latency-degraded", "targets-unhealthy", "worker-killed", "task-out-of-memory")
)
"""Causes that too few tasks can make."""


def with_scaling(case: Case, finding: Finding) -> Finding:
    """Return a finding with the activity that took tasks of its service away, where one did."""
    service = case.ecs(finding.service) if finding.cause in OF_LOAD else None
    activity = history.scaled_by_itself(case, finding.service, service) if service else None
    if service is None or activity is None or case.age(activity.at) > history.RECENT_S:
        return finding
    before = case.ecs_before(finding.service)
    # the baseline knows; without one, the activity before tells
    count = before.desired if before else _count_before(case, service.name, activity)
    if not 0 < service.desired < count:
        return finding
    line = Evidence(
        resource=f"service/{case.environment.cluster}/{service.name}",
        seen=f"its own scaling set the desired count to {service.desired}: {activity.cause}",
        expected=f"desired {count}",
        at=activity.at,
    )
    return replace(finding, evidence=(line, *finding.evidence))


def _count_before(case: Case, service: str, activity: ScalingActivity) -> int:
    """Return the count that the activity before this one set, 0 if it is unknown."""
    own: Scaling | None = next((s for s in case.state.scaling if s.service == service), None)
    older = [a for a in (own.activities if own else ()) if a.at < activity.at and a.status == DONE]
    return next((a.count for a in older if a.count is not None), 0)
