"""Read how failing services scale by themselves, and what that changed last.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from canary.control_plane.aws_lists.form import match
from canary.control_plane.aws_lists.scaling import SET_TO
from canary.control_plane.rollouts import Scaling, ScalingActivity
from canary.control_plane.state import EcsService
from canary.observe.calls import Permission, Reader, when
from canary.observe.logs import scrub
from canary.observe.threads import begin

_TARGETS = "application-autoscaling:DescribeScalableTargets"
_ACTIVITIES = "application-autoscaling:DescribeScalingActivities"
ACTIONS = (Permission(action=_TARGETS), Permission(action=_ACTIVITIES))  # both take no resource
MOST_TARGETS = 50  # that one call takes by name
MOST_KEPT = 10  # activities of a service, the newest
_SENTENCE = 300
_OF = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
_COUNT = re.compile(r"\d{1,9}\.?")
Json = dict[str, Any]
Redact = Callable[[str], str]


def read(reader: Reader, services: tuple[EcsService, ...], redact: Redact) -> tuple[Scaling, ...]:
    """Return the scaling of those services that have one of their own."""
    if not services:
        return ()
    cluster = reader.environment.cluster
    names = {f"service/{cluster}/{s.name}": s.name for s in services}
    asked = list(names)[:MOST_TARGETS]
    raw = reader.pages(_TARGETS, "ScalableTargets", cluster, ResourceIds=asked, **_OF)
    if raw is None:
        reader.miss("scaling")
    if len(names) > MOST_TARGETS:
        reader.bounded(_TARGETS, cluster, MOST_TARGETS, "services")
    known = [t for t in raw or () if t.get("ResourceId") in names]
    found = [(t, begin(_activities, reader, str(t["ResourceId"]), redact)) for t in known]
    return tuple(_scaling(names[t["ResourceId"]], t, done.result()) for t, done in found)


def _activities(
    reader: Reader, resource: str, redact: Redact
) -> tuple[ScalingActivity, ...] | None:
    """Return the newest activities of a service, None if they could not be read."""

    def convert(answer: Json) -> tuple[ScalingActivity, ...] | None:
        raw = [a for a in answer.get("ScalingActivities", []) if a.get("ResourceId") == resource]
        raw.sort(key=lambda a: when(a.get("StartTime")), reverse=True)
        return tuple(_activity(a, redact) for a in raw[:MOST_KEPT])

    more: Json = {"ResourceId": resource, "MaxResults": MOST_KEPT, **_OF}
    found: tuple[ScalingActivity, ...] | None
    found = reader.answer(_ACTIVITIES, resource, convert, None, **more)
    return found


def _activity(raw: Json, redact: Redact) -> ScalingActivity:
    hit = match((SET_TO,), str(raw.get("Description", "")))
    count = hit.fields["count"] if hit else ""
    return ScalingActivity(
        at=when(raw.get("StartTime")),
        count=int(count.rstrip(".")) if _COUNT.fullmatch(count) else None,
        cause=scrub(redact(str(raw.get("Cause", ""))))[:_SENTENCE],
        status=str(raw.get("StatusCode", "")),
        message=scrub(redact(str(raw.get("StatusMessage", ""))))[:_SENTENCE],
    )


def _scaling(name: str, raw: Json, activities: tuple[ScalingActivity, ...] | None) -> Scaling:
    suspended = raw.get("SuspendedState") or {}
    return Scaling(
        service=name,
        least=int(raw.get("MinCapacity") or 0),
        most=int(raw.get("MaxCapacity") or 0),
        suspended=tuple(sorted(k for k, v in suspended.items() if v is True)),
        activities=activities or (),
        unread=() if activities is not None else ("activities",),
    )
