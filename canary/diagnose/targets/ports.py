"""Targets registered on a port that the container does not listen on."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.ecs import live
from canary.control_plane.state import EcsService, TargetGroup, TargetHealth
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import TARGET, Finding, top_evidence
from canary.diagnose.ecs.revisions import rollback
from canary.diagnose.ecs.task_stops import redeploy_stopped
from canary.diagnose.targets.health_record import said
from canary.diagnose.targets.targets import GONE, evidence, inspect, port_of, register
from canary.model import Confidence, Remedy


def ports(case: Case) -> Iterator[Finding]:
    """Claim targets registered on a port that the container does not listen on."""
    for name in case.services:
        service = case.ecs(name)
        if not service or not case.definition(service.task_definition):
            continue
        right = port_of(case, name)
        for group in case.groups(name):
            active = [t for t in group.targets if t.state not in GONE]
            own = {t.address for t in live(service)}  # of others, `targets.strangers` tells
            wrong = [t for t in active if t.port not in (0, right) and (not own or t.id in own)]
            failures = case.failures_of_outage(name)
            if wrong and failures and any(t.state != "healthy" for t in wrong):
                yield _wrong_port(case, name, service, group, wrong, right)


def _wrong_port(
    case: Case,
    name: str,
    service: EcsService,
    group: TargetGroup,
    wrong: list[TargetHealth],
    right: int,
) -> Finding:
    failures = case.failures_of_outage(name)
    fix = _fix(case, name, service, group, wrong, right)
    return Finding(
        cause="port-mismatch",
        service=name,
        resource=group.arn,
        confidence=Confidence.CERTAIN,
        summary=f"{group.name} sends traffic to port {wrong[0].port}; the container of"
        f" {service.name} listens on {right}.",
        evidence=(
            *(evidence(case, group, said(t), f"port {right}") for t in wrong[:3]),
            *top_evidence(failures, 1),
        ),
        remedy=Remedy(
            summary=f"Register the tasks on port {right} and take the wrong targets out.",
            inspect=inspect(case, group),
            fix=fix,
            verify=(case.aws("elbv2", "describe-target-health", target_group_arn=group.arn),),
        ),
        explained_failures=failures,
        rank=TARGET - 3,
    )


def _fix(
    case: Case,
    name: str,
    service: EcsService,
    group: TargetGroup,
    wrong: list[TargetHealth],
    right: int,
) -> tuple[str, ...]:
    addresses = [t.address for t in live(service)] or [t.id for t in wrong]
    known = {t.id for t in group.targets if t.port == right and t.state not in GONE}
    missing = [a for a in addresses if a not in known]
    out = case.aws(
        "elbv2",
        "deregister-targets",
        target_group_arn=group.arn,
        targets=[f"Id={t.id},Port={t.port}" for t in wrong],
    )
    fix = [out, register(case, group, missing, right)] if missing else [out]
    reverted = bool(service.container_ports) and right not in service.container_ports
    if reverted:
        return rollback(case, name).fix
    return (*fix, *redeploy_stopped(case, name))
