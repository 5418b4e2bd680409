"""A service that its own scaling has stopped: on purpose, and told with the activity.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scaling-activities.html
"""

from __future__ import annotations

from canary.control_plane.rollouts import ScalingActivity
from canary.diagnose.core.case import Case, Suspect
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs import revisions
from canary.model import Confidence, Evidence, Remedy


def on_purpose(case: Case, suspect: Suspect, activity: ScalingActivity, *, sure: bool) -> Finding:
    """Return that a service has no task because its own scaling wants none.

    `sure`: the service had another count before the activity. Else somebody may have set the same
    count by hand since then. Whoever set it up decided so: no command is offered, and a count that
    is set by hand holds only until the next activity.
    """
    name, service, failures = suspect
    resource = f"service/{case.environment.cluster}/{service.name}"
    return Finding(
        cause="service-scaled-to-zero",
        service=name,
        resource=service.arn,
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        summary=f"The own scaling of {service.name} set its desired count to 0.",
        evidence=(
            Evidence(resource=resource, seen=activity.cause, expected="", at=activity.at),
            *case.evidence(service.name, f"desired 0, running {service.running}", "desired 1"),
        ),
        remedy=Remedy(
            summary="Decide whether the service is to run now: its scaling stopped it on purpose.",
            inspect=(
                revisions.describe(case, name),
                case.aws(
                    "application-autoscaling",
                    "describe-scaling-activities",
                    service_namespace="ecs",
                    resource_id=resource,
                ),
            ),
            verify=revisions.verify(case, name),
            decision="If it is to run now, change the scheduled action, the policy or the minimum"
            " of its scaling; if not, mute its checks for that time.",
        ),
        explained_failures=failures,
    )
