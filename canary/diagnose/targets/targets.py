"""Target groups without targets, with foreign or unhealthy ones, and tasks replaced for it."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.aws_lists import stops
from canary.control_plane.aws_lists.form import match
from canary.control_plane.ecs import live
from canary.control_plane.state import BalancerEntry, EcsService, TargetGroup, TargetHealth
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import BALANCER_5XX, Symptom
from canary.diagnose.ecs import revisions
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.check_targets import owners_of
from canary.diagnose.remedies.services import entry_json
from canary.diagnose.remedies.targets import deregister, register
from canary.diagnose.targets.commands import GONE, inspect, port_of, verify
from canary.diagnose.targets.health_record import (
    RECENT_S,
    refusal,
    refused,
    target_evidence,
    unhealthy_targets,
)
from canary.model import Confidence, Remedy


def empty(case: Case) -> Iterator[Finding]:
    """Report a group that rules forward to and that has no target although tasks run."""
    for name, group, failures in case.suspect_groups():
        service = case.ecs(name)
        usable = [t for t in group.targets if t.state not in GONE]
        if usable or not service or not live(service) or not group.load_balancers:
            continue
        if _was_empty(case, group):
            continue
        yield Finding(
            cause="target-group-empty",
            service=name,
            resource=group.arn,
            confidence=Confidence.CERTAIN,
            summary=f"No target {'takes requests' if group.targets else 'is registered'} in"
            f" {group.name}, though {len(live(service))} task(s) of {service.name} run.",
            evidence=case.evidence(
                group.name,
                ", ".join(f"{t.id} {t.state}" for t in group.targets) or "no registered target",
                "the service's tasks",
            ),
            remedy=_register(case, name, service, group),
            explained_failures=failures,
        )


def _was_empty(case: Case, group: TargetGroup) -> bool:
    """Return whether a group had no target while all was well: then this is not what broke."""
    before = well.group(case, group.arn)
    return before is not None and all(t.state in GONE for t in before.targets)


def _register(case: Case, name: str, service: EcsService, group: TargetGroup) -> Remedy:
    tasks = register(group, [t.address for t in live(service)], port_of(case, name, group))
    registers = group.arn in service.target_groups  # ECS adds new tasks to the group by itself
    attach = () if registers else _attach(case, name, service, group)
    now = (tasks,) if owners_of(case, group.arn) else ()
    return build.remedy(
        case,
        f"Register the running tasks in {group.name}."
        if registers
        else f"Attach {group.name} to the ECS service, so that its tasks are registered.",
        (*now, *attach) if registers or attach else (),
        inspect=inspect(case, group),
        verify=verify(case, group),
        otherwise=f"Attach {group.name} to the ECS service with its container and port.",
    )


def _attach(case: Case, name: str, service: EcsService, group: TargetGroup) -> Edits:
    """Return the edit that adds a group to the service's load balancer entries, as it was there."""
    before = case.ecs_before(name)
    lost = [e for e in (before.balancer_entries if before else ()) if e.target_group == group.arn]
    container, port = case.services[name].container, port_of(case, name)
    if not lost and container:
        lost = [BalancerEntry(target_group=group.arn, container=container, port=port)]
    if not lost:
        return ()
    entries = [entry_json(e) for e in (*service.balancer_entries, *lost[:1])]
    return revisions.deploy(case, name, loadBalancers=entries)


def foreign_targets(case: Case) -> Iterator[Finding]:
    """Report an unhealthy target that is no task of the service: added by hand or left over."""
    for name, group, failures in case.suspect_groups():
        service = case.ecs(name)
        own = {t.address for t in service.tasks if t.last_status != "STOPPED"} if service else set()
        foreign = [
            t
            for t in group.targets
            if t.state in ("unhealthy", "unavailable") and own and t.id not in own
        ]
        if foreign:
            yield Finding(
                cause="targets-unhealthy",
                service=name,
                resource=group.arn,
                confidence=Confidence.CERTAIN,
                summary=f"{len(foreign)} target(s) of {group.name} belong to no running task and"
                " are unhealthy.",
                evidence=target_evidence(case, group, foreign[:3], "a task of the service"),
                shown_failures=1,
                remedy=_replace_foreign(case, name, group, foreign),
                explained_failures=failures,
            )


def _replace_foreign(
    case: Case, name: str, group: TargetGroup, foreign: list[TargetHealth]
) -> Remedy:
    there = {t.id for t in group.targets if t.state not in GONE}
    lost = [t.address for t in live(case.ecs(name)) if t.address not in there]
    back = (register(group, lost, port_of(case, name, group)),) if lost else ()
    return build.remedy(
        case,
        "Take the targets out that belong to no task"
        + (", and register those that do." if lost else "."),
        (deregister(group, foreign), *back),
        inspect=inspect(case, group),
        verify=verify(case, group),
    )


def unhealthy(case: Case) -> Iterator[Finding]:
    """Report unhealthy targets; other findings about the service come first."""
    for name, group, failures in case.suspect_groups():
        failing = unhealthy_targets(case, name, group)
        there = [t for t in group.targets if t.state not in GONE or t in failing]
        down = {f for f in failures if f.symptom in BALANCER_5XX | {Symptom.CONTROL_TARGETS}}
        if not failing or not (down or len(failing) >= len(there)):
            continue
        yield Finding(
            cause="targets-unhealthy",
            service=name,
            resource=group.arn,
            summary=f"{len(failing)} of {max(len(there), 1)} targets of {group.name}"
            f" fail their health checks: {failing[0].description or failing[0].reason}.",
            evidence=target_evidence(case, group, failing[:1], "healthy"),
            remedy=_restart(case, name, group, failing[0]),
            explained_failures=failures,
        )


def _restart(case: Case, name: str, group: TargetGroup, seen: TargetHealth) -> Remedy:
    back = revisions.rollback(case, name)
    read = "Read the log; the application answers its health check badly."
    if refused(seen):
        read = refusal(group)
    return build.remedy(
        case,
        back.summary or read,
        back.edits,
        inspect=(*inspect(case, group), *revisions.log_tail(case, name)),
        verify=verify(case, group),
        otherwise=read,
    )


def replaced(case: Case) -> Iterator[Finding]:
    """Report a task that ECS stopped for its health checks, if nothing else is wrong."""
    records = case.having(Symptom.CONTROL_ECS, Symptom.CONTROL_TARGETS)
    for name in case.services:
        service = case.ecs(name)
        failures = frozenset(f for f in records if f.service == name)
        ended = [
            t
            for t in (service.tasks if service else ())
            if match((stops.TARGET_CHECK,), t.stopped_reason) and case.age(t.stopped_at) < RECENT_S
        ]
        if not service or not failures or not ended:
            continue
        task = ended[0]
        yield Finding(
            cause="targets-unhealthy",
            service=name,
            resource=service.arn,
            confidence=Confidence.POSSIBLE,
            summary=f"ECS replaced a task of {service.name} that failed its health checks.",
            evidence=case.evidence(
                task.arn, task.stopped_reason, "no task ended for its health", task.stopped_at
            ),
            shown_failures=1,
            remedy=Remedy(
                summary="Read the log of the task that was ended.",
                inspect=revisions.inspect(case, name),
                decision="Nothing is broken now: mend the slow start, or the health check's"
                " patience, if it happens again.",
            ),
            explained_failures=failures,
        )
