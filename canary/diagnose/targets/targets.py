"""Targets: what is registered in a group, how it is checked, and what the checks say."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.ecs import live
from canary.control_plane.state import EcsService, TargetGroup, TargetHealth, Task
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import TARGET, Finding, top_evidence
from canary.diagnose.core.symptoms import BALANCER_5XX, Symptom
from canary.diagnose.ecs.revisions import log_tail, rollback
from canary.diagnose.targets.health_record import said, sick
from canary.model import Confidence, Evidence, Remedy

GONE = ("draining", "unused")


def port_of(case: Case, name: str) -> int:
    """Return the port that a service's container listens on, as its revision says."""
    service = case.ecs(name)
    definition = case.definition(service.task_definition) if service else None
    wanted = case.services[name].container
    containers = definition.containers if definition else ()
    for container in containers:
        if container.ports and (not wanted or container.name == wanted):
            return container.ports[0]
    return case.services[name].port


def evidence(case: Case, group: TargetGroup, seen: str, expected: str) -> Evidence:
    return Evidence(resource=group.name, seen=seen, expected=expected, at=case.state.read_at)


def inspect(case: Case, group: TargetGroup) -> tuple[str, ...]:
    return (
        case.aws("elbv2", "describe-target-health", target_group_arn=group.arn),
        case.aws("elbv2", "describe-target-groups", target_group_arns=[group.arn]),
    )


def empty(case: Case) -> Iterator[Finding]:
    """Claim a group that rules lead to and nothing is registered in, while tasks run."""
    for name in case.services:
        service, tasks = case.ecs(name), live(case.ecs(name))
        for group in case.groups(name):
            usable = [t for t in group.targets if t.state not in GONE]
            if usable or not service or not tasks or not group.load_balancers:
                continue
            registers = group.arn in service.target_groups
            failures = case.failures_of_outage(name)
            if failures:
                yield Finding(
                    cause="target-group-empty",
                    service=name,
                    resource=group.arn,
                    confidence=Confidence.CERTAIN,
                    summary=f"No target is registered in {group.name}, though"
                    f" {len(tasks)} task(s) of {service.name} run.",
                    evidence=(
                        evidence(case, group, "no registered target", "the service's tasks"),
                        *top_evidence(failures),
                    ),
                    remedy=_register(case, name, service, group, tasks, registers),
                    explained_failures=failures,
                    rank=TARGET,
                )


def _register(
    case: Case,
    name: str,
    service: EcsService,
    group: TargetGroup,
    tasks: tuple[Task, ...],
    registers: bool,
) -> Remedy:
    port = port_of(case, name)
    fix = register(case, group, [t.address for t in tasks], port)
    container = case.services[name].container
    attach = case.aws.ecs(
        "update-service",
        service=service.name,
        load_balancers=f"targetGroupArn={group.arn},containerName={container},containerPort={port}",
        force_new_deployment=True,
    )
    return Remedy(
        summary=f"Register the running tasks in {group.name}."
        if registers
        else f"Attach {group.name} to the ECS service, so that its tasks are registered.",
        inspect=inspect(case, group),
        fix=(fix,) if registers else (fix, attach),
        verify=(case.aws("elbv2", "describe-target-health", target_group_arn=group.arn),),
    )


def register(case: Case, group: TargetGroup, addresses: list[str], port: int) -> str:
    """Return the command that registers addresses in a group."""
    return case.aws(
        "elbv2",
        "register-targets",
        target_group_arn=group.arn,
        targets=[f"Id={a},Port={port}" for a in addresses],
    )


def foreign_targets(case: Case) -> Iterator[Finding]:
    """Claim a sick target that is no task of the service (registered by hand, or left over)."""
    if not case.read("ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeServices"):
        return
    for name in case.services:
        service = case.ecs(name)
        own = {t.address for t in service.tasks if t.last_status != "STOPPED"} if service else set()
        for group in case.groups(name):
            odd = [
                t
                for t in group.targets
                if t.state in ("unhealthy", "unavailable") and own and t.id not in own
            ]
            failures = case.failures_of_outage(name)
            if odd and failures:
                yield _stranger(case, name, group, odd)


def _stranger(case: Case, name: str, group: TargetGroup, odd: list[TargetHealth]) -> Finding:
    failures = case.failures_of_outage(name)
    fix = case.aws(
        "elbv2",
        "deregister-targets",
        target_group_arn=group.arn,
        targets=[f"Id={t.id},Port={t.port}" for t in odd],
    )
    there = {t.id for t in group.targets if t.state not in GONE}
    lost = [t.address for t in live(case.ecs(name)) if t.address not in there]
    back = (register(case, group, lost, port_of(case, name)),) if lost else ()
    return Finding(
        cause="targets-unhealthy",
        service=name,
        resource=group.arn,
        confidence=Confidence.CERTAIN,
        summary=f"{len(odd)} target(s) of {group.name} belong to no running task and are sick.",
        evidence=(
            *(evidence(case, group, said(t), "a task of the service") for t in odd[:3]),
            *top_evidence(failures, 1),
        ),
        remedy=Remedy(
            summary="Take the targets out that belong to no task"
            + (", and register those that do." if lost else "."),
            inspect=inspect(case, group),
            fix=(fix, *back),
            verify=(case.aws("elbv2", "describe-target-health", target_group_arn=group.arn),),
        ),
        explained_failures=failures,
        rank=TARGET,
    )


def unhealthy(case: Case) -> Iterator[Finding]:
    """Claim sick targets whose own reason nothing else explains."""
    for name in case.services:
        for group in case.groups(name):
            ill = sick(case, name, group)
            failures = case.failures_of_outage(name)
            down = {f for f in failures if f.symptom in BALANCER_5XX | {Symptom.CONTROL_TARGETS}}
            if ill and failures and (down or len(ill) >= len(group.targets)):
                yield Finding(
                    cause="targets-unhealthy",
                    service=name,
                    resource=group.arn,
                    confidence=Confidence.LIKELY,
                    summary=f"{len(ill)} of {max(len(group.targets), 1)} targets of {group.name}"
                    f" fail their health checks: {ill[0].description or ill[0].reason}.",
                    evidence=(
                        evidence(case, group, said(ill[0]), "healthy"),
                        *top_evidence(failures),
                    ),
                    remedy=_restart(case, name, group),
                    explained_failures=failures,
                    rank=TARGET + 5,
                )


def _restart(case: Case, name: str, group: TargetGroup) -> Remedy:
    back = rollback(case, name)
    return Remedy(
        summary=back.summary or "Read the log; the application answers its health check badly.",
        inspect=(*inspect(case, group), *log_tail(case, name)),
        fix=back.fix,
        verify=(case.aws("elbv2", "describe-target-health", target_group_arn=group.arn),),
        decision=back.decision,
    )
