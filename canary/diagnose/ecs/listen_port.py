"""Containers that listen on another port than the task definition maps."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.ecs import live
from canary.control_plane.state import TaskDefinition
from canary.diagnose.core.case import Case, Suspect
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.revision_diff import port_mismatch
from canary.diagnose.remedies import build
from canary.model import Confidence, Evidence, Remedy


def listening(case: Case) -> Iterator[Finding]:
    """Report tasks whose `PORT` variable is not the mapped port."""
    for suspect in case.suspects():
        service = suspect.service
        in_use = {service.task_definition, *(t.task_definition for t in live(service))}
        for definition in filter(None, map(case.definition, sorted(in_use))):
            if mismatch := port_mismatch(definition):
                yield _finding(case, suspect, definition, mismatch)
                break


def _finding(case: Case, at: Suspect, wrong: TaskDefinition, mismatch: tuple[str, str]) -> Finding:
    name, service, failures = at
    listens, port = mismatch
    deployments = len([d for d in service.deployments if d.running or d.pending or d.desired])
    seen, expected = f"PORT={listens}, container port {port}", f"PORT={port}"
    revision = f"{wrong.family}:{wrong.revision}"
    evidence: tuple[Evidence, ...] = case.evidence(revision, seen, expected, wrong.registered_at)
    if deployments > 1:
        seen = (
            f"{deployments} deployments, running {service.running} of {service.desired}: a"
            " task runs and does not answer where the balancer asks, so the rollout cannot end"
        )
        evidence += case.evidence(service.name, seen, "one deployment")
    return Finding(
        cause="port-mismatch",
        service=name,
        resource=wrong.arn,
        confidence=Confidence.CERTAIN,
        summary=f"The container of {service.name} listens on {listens}; its task definition maps"
        f" {port}, where the balancer is refused (502).",
        evidence=evidence,
        remedy=_fitting_revision(case, name, wrong, port),
        explained_failures=failures,
    )


def _fitting_revision(case: Case, name: str, wrong: TaskDefinition, port: str) -> Remedy:
    before = case.ecs_before(name)
    fit = [
        d
        for d in case.state.task_definitions
        if d.family == wrong.family and d.revision < wrong.revision
        if d.status == "ACTIVE" and not port_mismatch(d)
    ]
    last_good = [d for d in fit if before and d.arn == before.task_definition]
    good = (last_good or sorted(fit, key=lambda d: d.revision))[-1:]
    decision = f"Register a revision with PORT={port}."
    return build.remedy(
        case,
        f"Go back to {good[0].family}:{good[0].revision}." if good else decision,
        revisions.deploy(case, name, good[0].arn) if good else (),
        inspect=(case.aws("ecs", "describe-task-definition", task_definition=wrong.arn),),
        verify=revisions.verify(case, name),
        otherwise=decision,
    )
