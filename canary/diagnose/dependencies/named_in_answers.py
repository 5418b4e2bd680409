"""A dependency that the answers of its dependants blame: a front is only the messenger."""

from __future__ import annotations

from collections.abc import Iterator

from canary.diagnose.core import blame, decisions
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding, top_evidence
from canary.diagnose.core.symptoms import DOWN
from canary.diagnose.dependencies import mlflow
from canary.diagnose.dependencies.named_in_logs import reported_by_one, resource_of
from canary.diagnose.ecs import own_credential, revisions
from canary.diagnose.remedies import build
from canary.diagnose.stores import agreement
from canary.model import Confidence, Remedy, Role


def unreachable(case: Case) -> Iterator[Finding]:
    """Report each dependency that answers blame, or the address at which it is looked for."""
    known = own_credential.explained(case).union(
        *(mlflow.said_by_the_breaker(case, entry) for entry in case.services)
    )
    for name in case.services:
        reports = frozenset(
            f for f in case.failures if name in f.blamed and f.symptom in DOWN and f not in known
        )
        if not reports:
            continue
        strange = _strange_addresses(case, name, reports)
        if strange:
            yield _wrong_address(case, name, reports, strange)
        else:
            yield _unreachable(case, name, reports)


def _unreachable(case: Case, name: str, reports: Failures) -> Finding:
    fronts = _fronts(reports)
    answers, alone = _answers_itself(case, name), reported_by_one(case, name, fronts)
    summary = f"{' and '.join(fronts)} cannot reach {name}, or gets no good answer from it"
    summary += (
        f", while {name} answers when it is asked directly: see {fronts[0]}'s address and key for"
        f" {name}, and the way between them."
        if answers
        else f": the answers of {' and '.join(fronts)} name {name}."
    )
    return Finding(
        cause="dependency-unreachable",
        service=fronts[0] if answers else name,
        resource=_resource(case, name),
        confidence=Confidence.POSSIBLE if answers else Confidence.LIKELY,
        only_words=_is_store(case, name)
        and not agreement.agrees(case, "dependency-unreachable", name, fronts, reports),
        one_of_two=bool(alone),
        summary=summary,
        evidence=(
            *top_evidence(reports, 3),
            *(() if answers else revisions.change_evidence(case, name)),
        ),
        remedy=_remedy(case, name, fronts, answers),
        shown_failures=0,
        explained_failures=case.failures_of_outage(name) | reports,
    )


def _is_store(case: Case, name: str) -> bool:
    return case.environment.role_of(name) in (Role.DATABASE, Role.CACHE)


def _fronts(reports: Failures) -> list[str]:
    return sorted({f.entry_service for f in reports})


def _resource(case: Case, name: str) -> str:
    service = case.ecs(name)
    return service.arn if service else resource_of(case, name)


def _answers_itself(case: Case, name: str) -> bool:
    """Return whether the dependency gave a good answer that did not pass its dependants."""
    return any(200 <= exchange.status < 300 for exchange in case.passed(name))


def _remedy(case: Case, name: str, fronts: list[str], answers: bool) -> Remedy:
    asked = [*([] if answers else [name]), *fronts]
    decision = (
        f"{name} answers when it is asked directly: compare the address and the credential with"
        f" which {' and '.join(fronts)} asks it, and open the way between them."
        if answers
        else f"See whether {name} runs and answers, then the way to it: its name, port and security"
        f" group. {' and '.join(fronts)} only passes the failure on.{decisions.needs(case, name)}"
    )
    inspect = tuple(c for n in asked for c in revisions.inspect(case, n))
    if not answers and (back := revisions.rollback(case, name)).edits:
        return build.remedy(
            case,
            back.summary,
            back.edits,
            inspect=tuple(dict.fromkeys(inspect)),
            verify=revisions.verify(case, name),
            otherwise=decision,
        )
    return Remedy(
        summary=f"Look at {name} first." if not answers else f"Look at the way to {name}.",
        inspect=tuple(dict.fromkeys(inspect)),
        decision=decision,
    )


def _strange_addresses(case: Case, name: str, reports: Failures) -> frozenset[str]:
    """Return the addresses of the dependency in the answers, if the environment file has none.

    Only where the control plane does not show which address the front uses.
    """
    service = case.services[name]
    if not blame.addresses_of(service):
        return frozenset()
    unread = [f for f in reports if case.definition_of(f.entry_service) is None]
    found = {blame.address_in(f.body) for f in unread} - {""}
    strange = {a for a in found if not blame.is_address_of(service, a)}
    return frozenset(strange) if strange == found else frozenset()


def _wrong_address(case: Case, name: str, reports: Failures, strange: frozenset[str]) -> Finding:
    front, used = _fronts(reports)[0], " and ".join(sorted(strange))
    known = " or ".join(blame.addresses_of(case.services[name]))
    return Finding(
        cause="upstream-url-wrong",
        service=front,
        resource=case.services[front].ecs_service or front,
        one_of_two=True,
        summary=f"{front} looks for {name} at {used}; the environment file says {known}. The"
        f" address of {front} is wrong, or {name} does not answer there.",
        evidence=top_evidence(reports, 3),
        remedy=Remedy(
            summary=f"Compare the address with which {front} asks {name}.",
            inspect=revisions.inspect(case, front),
            decision=f"If {used} is no address of {name}, deploy {front} with the right one; else"
            f" see whether {name} runs and answers there.",
        ),
        shown_failures=0,
        explained_failures=case.failures_of_outage(name, via=front) | reports,
    )
