"""The port a container is told to listen on against the one that its task definition maps."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.ecs import live
from canary.control_plane.state import EcsService, TaskDefinition
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import TARGET, Finding, top_evidence
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.revision_diff import misfit
from canary.model import Confidence, Evidence, Remedy


def listening(case: Case) -> Iterator[Finding]:
    """Claim tasks that are told to listen on another port than the one that is mapped."""
    for name in case.services:
        service = case.ecs(name)
        running = {t.task_definition for t in live(service)}
        failures = case.failures_of_outage(name)
        wanted = {service.task_definition, *running} if service and failures else set()
        for arn in sorted(wanted):
            definition = case.definition(arn)
            mapped = misfit(definition) if definition else None
            if service and definition and mapped:
                yield _listening_finding(case, name, service, definition, mapped, failures)
                break


def _listening_finding(
    case: Case,
    name: str,
    service: EcsService,
    definition: TaskDefinition,
    mapped: tuple[str, str],
    failures: Failures,
) -> Finding:
    told, port = mapped
    two = len([d for d in service.deployments if d.running or d.pending or d.desired])
    extra = (
        Evidence(
            resource=service.name,
            seen=f"{two} deployments, running {service.running} of {service.desired}: a task runs"
            " and does not answer where the balancer asks, so the rollout cannot end",
            expected="one deployment",
            at=case.state.read_at,
        ),
    )
    return Finding(
        cause="port-mismatch",
        service=name,
        resource=definition.arn,
        confidence=Confidence.CERTAIN,
        summary=f"The container of {service.name} listens on {told}; its task definition maps"
        f" {port}, where the balancer is refused (502).",
        evidence=(
            Evidence(
                resource=f"{definition.family}:{definition.revision}",
                seen=f"PORT={told}, container port {port}",
                expected=f"PORT={port}",
                at=definition.registered_at,
            ),
            *(extra if two > 1 else ()),
            *top_evidence(failures),
        ),
        remedy=_fitting_revision(case, name, service, definition, port),
        explained_failures=failures,
        rank=TARGET - 4,
    )


def _fitting_revision(
    case: Case, name: str, service: EcsService, wrong: TaskDefinition, port: str
) -> Remedy:
    before = case.ecs_before(name)
    known = [d for d in case.state.task_definitions if d.family == wrong.family]
    fit = [
        d for d in known if d.status == "ACTIVE" and not misfit(d) and d.revision < wrong.revision
    ]
    last_good = [d for d in fit if before and d.arn == before.task_definition]
    good = (last_good or sorted(fit, key=lambda d: d.revision))[-1:]
    decision = f"Register a revision with PORT={port}."
    return Remedy(
        summary=f"Go back to {good[0].family}:{good[0].revision}." if good else decision,
        inspect=(case.aws("ecs", "describe-task-definition", task_definition=wrong.arn),),
        fix=(revisions.deploy(case, service, good[0].arn),) if good else (),
        verify=revisions.verify(case, service),
        decision="" if good else decision,
    )
