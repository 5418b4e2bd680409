"""What happens to the platform while a run looks at it, or for which the run looks."""

from __future__ import annotations

from canary.model.base import Frozen


class Rollout(Frozen, frozen=True, kw_only=True):
    """A rollout of a service that is in progress; `until` is when it explains nothing more."""

    service: str  # its name in the environment
    deployment: str  # ECS's id, "ecs-svc/…"
    since: str  # ISO 8601, by ECS
    until: str


class Followed(Frozen, frozen=True, kw_only=True):
    """A change of the platform that a run followed, as AWS announced it."""

    service: str  # its name in the environment
    event: str  # ECS's name of the event, or the name of the write call
    id: str  # of the deployment, or of CloudTrail's event; "": none
    at: str  # ISO 8601, by AWS
    again: bool = False  # looked at two minutes later
