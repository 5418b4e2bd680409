"""What ECS rolled out and took back, and what a service's own scaling set, as AWS keeps it.

Sources: the ECS API's ServiceDeployment and ServiceRevision, Application Auto Scaling's
ScalableTarget and ScalingActivity. Reasons are AWS's sentences; names of alarms, policies and
scheduled actions in them are written by others.
"""

from __future__ import annotations

from canary.model import Frozen

DONE = "Successful"
"""The status of a scaling activity that was carried out."""
_BACK = "ROLLBACK_"


class ServiceDeployment(Frozen, frozen=True, kw_only=True):
    """One deployment of a service, with the task definitions of its revisions."""

    service: str  # name of the ECS service
    arn: str
    status: str  # "SUCCESSFUL", "IN_PROGRESS", "STOPPED", "ROLLBACK_SUCCESSFUL", …
    reason: str = ""
    created_at: str = ""
    ended_at: str = ""  # finished or stopped
    task_definition: str = ""  # ARN, of the revision that it rolled out; "": not read
    before: tuple[str, ...] = ()  # ARNs, of the revisions that it replaces
    back_to: str = ""  # ARN, of the revision that ECS went back to
    back_at: str = ""
    alarms: tuple[str, ...] = ()  # names of the alarms that ended it

    @property
    def went_back(self) -> bool:
        """Return whether ECS went back from it, or is under way."""
        return self.status.startswith(_BACK)


class ScalingActivity(Frozen, frozen=True, kw_only=True):
    """One change that Application Auto Scaling made of a service's desired count."""

    at: str
    count: int | None  # None: it changed something else
    cause: str
    status: str
    message: str = ""


class Scaling(Frozen, frozen=True, kw_only=True):
    """How a service scales by itself, and what that did last; activities the newest first."""

    service: str  # name of the ECS service
    least: int
    most: int
    suspended: tuple[str, ...] = ()  # "DynamicScalingInSuspended", …
    activities: tuple[ScalingActivity, ...] = ()
    unread: tuple[str, ...] = ()


def newest(deployments: tuple[ServiceDeployment, ...], service: str) -> ServiceDeployment | None:
    """Return the newest deployment of an ECS service, None if none is known."""
    own = [d for d in deployments if d.service == service]
    return max(own, key=lambda d: d.created_at, default=None)


def set_by_itself(scaling: tuple[Scaling, ...], service: str, count: int) -> ScalingActivity | None:
    """Return the activity by which a service has a count, None if its last one set another.

    Scaling never goes below its least count, so somebody else set such a one.
    """
    own = next((s for s in scaling if s.service == service and s.least <= count), None)
    done = (a for a in (own.activities if own else ()) if a.status == DONE and a.count is not None)
    last = next(done, None)
    return last if last and last.count == count else None
