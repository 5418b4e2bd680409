"""Unhealthy targets, from target health or from ECS events."""

from __future__ import annotations

import re

from canary.control_plane.aws_lists import service_events, stops
from canary.control_plane.aws_lists.form import match
from canary.control_plane.aws_lists.target_health import FAILED, MISMATCH, TIMEOUT
from canary.control_plane.state import TargetGroup, TargetHealth
from canary.diagnose.core.case import Case
from canary.model import Evidence

RECENT_S = 900.0
_REFUSED = re.compile(r"codes: \[40[13](, ?40[13])*\]")  # as ELB writes them


def refused(target: TargetHealth) -> bool:
    """Return whether a health check was refused: it carries no key."""
    return _REFUSED.search(target.description) is not None


def refusal(group: TargetGroup) -> str:
    """Return what to do about a health check that is refused."""
    return (
        f"The health check of {group.name} asks {group.health_path} without a key and is"
        " refused: have it ask a path that needs none. If it needed none before, read the log."
    )


def unhealthy_targets(case: Case, name: str, group: TargetGroup) -> list[TargetHealth]:
    """Return a group's unhealthy targets; if it has none now, one that ECS recorded recently.

    ECS stops a task whose target is unhealthy and starts another one. So between two tasks the
    group often has no target, or only targets that drain.
    """
    now = [t for t in group.targets if t.state == "unhealthy"]
    service = case.ecs(name)
    if now or service is None or any(t.state == "healthy" for t in group.targets):
        return now
    for event in service.events:
        hit = match(service_events.UNHEALTHY, event.message)
        if hit and hit.fields["group"] == group.arn and case.age(event.at) < RECENT_S:
            who = hit.fields.get("id", "a task")
            return [_recorded(who, group, hit.fields["reason_text"])]
    for task in service.tasks:
        hit = match((stops.TARGET_CHECK,), task.stopped_reason)
        if hit and hit.fields["group"] == group.arn and case.age(task.stopped_at) < RECENT_S:
            return [_recorded(task.arn, group, task.stopped_reason)]
    return []


def _recorded(identity: str, group: TargetGroup, why: str) -> TargetHealth:
    codes = "with these codes" in why or "ELB health checks" in why
    reason = TIMEOUT.text if "timed out" in why else FAILED.text
    return TargetHealth(
        id=identity,
        port=group.port,
        state="unhealthy",
        reason=MISMATCH.text if codes else reason,
        description=why[:200],
    )


def target_evidence(
    case: Case, group: TargetGroup, targets: list[TargetHealth], expected: str
) -> tuple[Evidence, ...]:
    """Return address, state and reason of targets as lines of evidence."""
    seen = (f"{t.id}:{t.port} {t.state} {t.reason} ({t.description})" for t in targets)
    return tuple(line for s in seen for line in case.evidence(group.name, s, expected))
