"""What ECS itself keeps of a service: what it rolled out and took back, and what scaled it.

Sources: the ECS API's ServiceDeployment, Application Auto Scaling's ScalingActivity. Both are read
after a failure only; where they were not read, nothing here says anything.
"""

from __future__ import annotations

from canary.control_plane import rollouts
from canary.control_plane.rollouts import ScalingActivity, ServiceDeployment
from canary.control_plane.state import EcsService
from canary.diagnose.core.case import Case
from canary.model import Evidence

RECENT_S = 3600.0


def went_back(case: Case, service: EcsService) -> ServiceDeployment | None:
    """Return the newest deployment of a service if ECS went back from it within the hour."""
    last = rollouts.newest(case.state.rollouts, service.name)
    if last is None or not last.went_back:
        return None
    return last if case.age(last.ended_at or last.back_at) < RECENT_S else None


def back_evidence(case: Case, service: EcsService) -> tuple[Evidence, ...]:
    """Return what was rolled out, when, and in AWS's words why it went back, as evidence."""
    last = went_back(case, service)
    if last is None:
        return ()
    what = _revision(last.task_definition) or "a deployment"
    to = f" to {_revision(last.back_to)}" if last.back_to else ""
    alarms = f"; alarms: {', '.join(last.alarms[:3])}" if last.alarms else ""
    return (
        Evidence(
            resource=last.arn,
            seen=f"{what} of {last.created_at} went back{to}: {last.reason}{alarms}",
            expected="SUCCESSFUL",
            at=last.back_at or last.ended_at,
        ),
    )


def scaled_by_itself(case: Case, name: str, service: EcsService) -> ScalingActivity | None:
    """Return the activity by which a service's own scaling set the count that it has.

    An activity that is older than another count, which was read since, did not set this one; and
    no activity sets a count below the least one.
    """
    found = rollouts.set_by_itself(case.state.scaling, service.name, service.desired)
    read_at = case.previous.read_at if case.previous else ""
    if found and had_another_count(case, name, service):
        return found if case.age(found.at) <= case.age(read_at) else None
    return found


def had_another_count(case: Case, name: str, service: EcsService) -> bool:
    """Return whether the platform before the incident had another desired count of a service."""
    before = case.ecs_before(name)
    return before is not None and before.desired != service.desired


def _revision(arn: str) -> str:
    return arn.rpartition("/")[2]
