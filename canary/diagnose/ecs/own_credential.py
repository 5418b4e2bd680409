"""The credential with which a service itself asks a dependency: missing, or refused."""

from __future__ import annotations

from collections.abc import Iterator

from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding, top_evidence
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.revisions import Rollout
from canary.diagnose.ecs.variables import dependency_of
from canary.model import Confidence, Evidence, Remedy

S = Symptom
_FOLLOWS_A_REFUSAL = (S.BREAKER_OPEN, S.NOT_READY, S.UPSTREAM_UNREACHABLE)


def refused(case: Case) -> Iterator[Finding]:
    """Report a service whose own question to a dependency is refused."""
    for entry in case.entry_services(S.OWN_KEY_REFUSED):
        reports = case.having(S.OWN_KEY_REFUSED, entry=entry)
        change = revisions.rollout(case, entry)
        lost = lost_variables(case, entry, change) if change else ()
        if change and lost:
            yield _lost(case, entry, change, lost)
        else:
            yield _refused(case, entry, reports)


def explained(case: Case, entry: str = "") -> Failures:
    """Return the failures that follow from a refused credential, optionally of one service.

    Health documents and a circuit breaker report the refusal as a failure of the dependency.
    """
    reports = case.having(S.OWN_KEY_REFUSED, entry=entry)
    asked = {(f.entry_service, name) for f in reports for name in f.blamed}
    return reports | frozenset(
        f
        for f in case.having(*_FOLLOWS_A_REFUSAL, entry=entry)
        if any((f.entry_service, name) in asked for name in f.blamed)
        and not f.principal  # a call with the caller's own key does not use this credential
    )


def lost_variables(case: Case, entry: str, change: Rollout) -> tuple[str, ...]:
    """Return the variables and secrets for a refusing dependency that the revision lost."""
    dependencies = {n for f in case.having(S.OWN_KEY_REFUSED, entry=entry) for n in f.blamed}
    if change.rolled_back or not dependencies:
        return ()
    lost = (*change.difference.lost_secrets, *change.difference.lost_variables)
    return tuple(v for v in lost if dependency_of(case, entry, v) in dependencies)


def _lost(case: Case, entry: str, change: Rollout, lost: tuple[str, ...]) -> Finding:
    reports = explained(case, entry)
    names = " and ".join(lost)
    return Finding(
        cause="mlflow-token-missing",
        service=entry,
        resource=change.bad.arn,
        confidence=Confidence.CERTAIN if _says_missing(reports) else Confidence.LIKELY,
        summary=f"{entry} no longer gets {names} since revision {change.bad.revision}, and"
        f" {_dependency(reports)} refuses its own questions.",
        evidence=(*change.evidence(), *top_evidence(reports)),
        remedy=revisions.remedy(
            case,
            entry,
            f"Register a revision with {names} as it was.",
            verify=revisions.verify(case, entry),
        ),
        shown_failures=0,
        explained_failures=reports,
    )


def _says_missing(reports: Failures) -> bool:
    return any("required" in f.body.lower() for f in reports)


def _dependency(reports: Failures) -> str:
    return " and ".join(sorted({n for f in reports for n in f.blamed})) or "a dependency"


def _refused(case: Case, entry: str, reports: Failures) -> Finding:
    service, passing = case.ecs(entry), _passing_call(case, entry)
    other = _dependency(reports)
    sent = "sends no key" if _says_missing(reports) else "sends a key that is refused"
    show = (
        (case.aws("ecs", "describe-task-definition", task_definition=service.task_definition),)
        if service
        else ()
    )
    return Finding(
        cause="mlflow-token-missing",
        service=entry,
        resource=service.task_definition if service else entry,
        confidence=Confidence.LIKELY if passing else Confidence.POSSIBLE,
        summary=f"{entry} {sent} when it asks {other} for itself"
        + (", while calls with the caller's own key pass." if passing else "."),
        evidence=(*top_evidence(reports, 3), *passing, *revisions.change_evidence(case, entry)),
        remedy=Remedy(
            summary=f"Give {entry} a key of its own for {other}.",
            inspect=(*show, *revisions.log_tail(case, entry)),
            decision=f"See which variable of {entry} holds its key for {other}, and whether it is"
            " set. If the key is missing, revoked or expired, an administrator makes one and stores"
            f" it where the task definition of {entry} reads it; then deploy {entry} anew.",
        ),
        shown_failures=0,
        explained_failures=explained(case, entry),
    )


def _passing_call(case: Case, entry: str) -> tuple[Evidence, ...]:
    """Return a call with a caller's own key that the service answered well, as evidence."""
    for exchange in case.passed(entry):
        if exchange.status == 200 and exchange.principal:
            where = f"{exchange.method} {exchange.url}"
            return (Evidence(resource=where, seen=f"200 for principal {exchange.principal}"),)
    return ()
