"""A service that runs an older revision than the previous run saw."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.state import TaskDefinition
from canary.diagnose.core.case import Case, Failures, Suspect
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.mlflow_paths import failure_asks_mlflow
from canary.diagnose.core.symptoms import CONTROL, EDGE, Symptom
from canary.diagnose.ecs import forerunner, revisions
from canary.diagnose.remedies import build
from canary.model import Confidence, Role

_OF_KEYS = frozenset({Symptom.KEY_REFUSED, Symptom.ACCEPTED, Symptom.AUTH_UNAVAILABLE})


def reverted(case: Case) -> Iterator[Finding]:
    """Report a service that runs an older revision than before, if it answers wrongly."""
    for name in case.services:
        service, newer = case.ecs(name), forerunner.replaced_by_older(case, name)
        failures = _failures(case, name)
        if service and newer and failures and service.running >= service.desired > 0:
            yield _finding(case, Suspect(name, service, failures), newer)


def _failures(case: Case, name: str) -> Failures:
    answered = frozenset(f for f in case.failures if _answered_by(case, f, name))
    outage = case.failures_of_outage(name)
    if case.services[name].load_balancer:  # it is the load balancer that takes connections
        outage = frozenset(f for f in outage if f.symptom not in EDGE)
    return answered | outage


def _answered_by(case: Case, failure: Failure, name: str) -> bool:
    """Return whether the service's code gave the answer, directly or through another service."""
    if failure.symptom in CONTROL | EDGE or not failure.host:
        return False
    role = case.environment.role_of(name)
    if role is Role.MLFLOW and failure_asks_mlflow(case.environment, failure):
        return True
    return failure.entry_service == name or (role is Role.IDENTITY and failure.symptom in _OF_KEYS)


def _finding(case: Case, suspect: Suspect, newer: TaskDefinition) -> Finding:
    name, service, failures = suspect
    used = service.task_definition.rpartition(":")[2]
    expected = f"revision {newer.revision}, as in the previous run"
    at = next((d.created_at for d in service.deployments), None)
    return Finding(
        cause="deployment-not-effective",
        service=name,
        resource=service.arn,
        confidence=Confidence.CERTAIN,
        summary=f"{service.name} runs revision {used} again; {newer.revision} was deployed.",
        evidence=case.evidence(service.name, f"revision {used}", expected, at)
        + revisions.change_evidence(case, name),
        remedy=build.remedy(
            case,
            f"Deploy revision {newer.revision} again.",
            revisions.deploy(case, name, newer.arn),
            inspect=(
                case.aws("ecs", "list-task-definitions", family_prefix=newer.family, sort="DESC"),
                *revisions.inspect(case, name),
            ),
            verify=revisions.verify(case, name),
        ),
        explained_failures=failures,
    )
