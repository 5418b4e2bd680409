"""Causes in the settings of a revision: variables, secrets, upstream addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from canary.control_plane.state import TaskDefinition
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding, top_evidence
from canary.diagnose.ecs import own_credential, revisions, side_cars
from canary.diagnose.ecs.revision_diff import Difference
from canary.diagnose.ecs.revisions import Rollout
from canary.diagnose.ecs.variables import (
    addresses,
    affected,
    dependency_of,
    is_address,
    is_known_wrong,
    leads_to,
    tells_who_asks,
)
from canary.model import Confidence, Evidence, Remedy, Role


def upstream(case: Case) -> Iterator[Finding]:
    """Report an address of an upstream that does not lead to it."""
    for name in case.services:
        if (definition := case.definition_of(name)) is None:
            continue
        for container in definition.containers:
            for variable, value in container.plain.items():
                if not is_address(case, name, variable, value):
                    continue
                if side_cars.beside(definition, container, value):
                    continue  # where a proxy leads to, nobody tells
                failures = affected(case, name, variable)
                if failures and not leads_to(case, dependency_of(case, name, variable), value):
                    found = (variable, value)
                    yield _upstream_finding(case, name, definition, found, failures)


def _upstream_finding(
    case: Case, name: str, used: TaskDefinition, found: tuple[str, str], failures: Failures
) -> Finding:
    variable, value = found
    other = dependency_of(case, name, variable)
    expected = " or ".join(addresses(case, other))
    sure = is_known_wrong(case, name, variable, value)
    back = f"Set {variable} to {expected} in a new revision."
    where = f"{used.family}:{used.revision} {variable}"
    return Finding(
        cause="upstream-url-wrong",
        service=name,
        resource=used.arn,
        confidence=Confidence.CERTAIN if sure else Confidence.POSSIBLE,
        summary=f"{variable} of {case.services[name].ecs_service} leads to {value},"
        f" where {other} {'is not' if sure else 'is not known to be'}.",
        evidence=case.evidence(where, value, expected, used.registered_at)
        + revisions.change_evidence(case, name),
        remedy=_back(case, name, back) if sure else _compare(case, name, (variable, value), other),
        explained_failures=failures,
    )


def _compare(case: Case, name: str, found: tuple[str, str], other: str) -> Remedy:
    """Return the decision about an address of which nobody knows where it leads."""
    variable, value = found
    return Remedy(
        summary=f"See whether {variable} leads to {other}.",
        inspect=revisions.inspect(case, name),
        decision=f"The environment file does not know the address {value}: see whether it leads to"
        f" {other}, as an alias or through a proxy. If it does, look for another cause first.",
    )


def _back(case: Case, name: str, decision: str) -> Remedy:
    back = revisions.rollback(case, name)
    remedy = revisions.remedy(case, name, decision, verify=revisions.verify(case, name))
    return msgspec.structs.replace(remedy, inspect=(*back.inspect, *remedy.inspect))


def changed(case: Case) -> Iterator[Finding]:
    """Report variables and secrets that the running revision lost or changed."""
    for name in case.services:
        change = revisions.rollout(case, name)
        if change is None or change.rolled_back:
            continue
        changes, credential = change.difference, own_credential.lost_variables(case, name, change)
        for cause, variable in (*_lost(changes), *_altered(case, name, changes)):
            if variable in credential:
                continue  # `own_credential` reports it
            if failures := affected(case, name, variable):
                yield _change_finding(case, name, change, cause, variable, failures)
        for variable in changes.new_variables:
            if dependency_of(case, name, variable) and (failures := affected(case, name, variable)):
                yield _new_variable(case, name, change, variable, failures)


def _lost(changes: Difference) -> Iterator[tuple[str, str]]:
    """Yield the cause and the name of each lost secret and variable."""
    yield from (("secret-not-injected", s) for s in changes.lost_secrets)
    yield from (("environment-variable-missing", v) for v in changes.lost_variables)


def _altered(case: Case, name: str, changes: Difference) -> Iterator[tuple[str, str]]:
    """Yield the cause and the name of each variable whose value changed."""
    for variable, _, now in changes.changed_plain:
        address = is_address(case, name, variable, now)
        if address and not leads_to(case, dependency_of(case, name, variable), now):
            continue  # `upstream` reports it
        if variable == "PORT" or "ALLOWED" in variable:
            continue  # other rules report them: `listening`, `application.host_header`
        if address:  # the host is right; the path or scheme changed
            yield "upstream-url-wrong", variable
        elif tells_who_asks(case, name, variable):
            yield "service-id-wrong", variable
        else:
            yield "environment-variable-wrong", variable


_WORDS = {
    "secret-not-injected": "no longer gets the secret",
    "environment-variable-missing": "no longer has the variable",
    "environment-variable-wrong": "has another value of",
    "service-id-wrong": "presents itself to {judge} with another",
    "upstream-url-wrong": "has another address in",
}


def _change_finding(
    case: Case, name: str, change: Rollout, cause: str, variable: str, failures: Failures
) -> Finding:
    proven = dependency_of(case, name, variable) or variable in case.log_text(name)
    proven = proven and cause != "upstream-url-wrong"  # its host is right: the change alone is seen
    judge = case.used(Role.IDENTITY, name) or "the identity service"
    change_in_words = _WORDS[cause].format(judge=judge)
    return Finding(
        cause=cause,
        service=name,
        resource=change.bad.arn,
        confidence=Confidence.CERTAIN if proven else Confidence.LIKELY,
        summary=f"{case.services[name].ecs_service} {change_in_words} {variable} since revision"
        f" {change.bad.revision}.",
        evidence=change.evidence(),
        remedy=_back(case, name, f"Register a revision with {variable} as it was."),
        explained_failures=failures,
    )


def _new_variable(
    case: Case, name: str, change: Rollout, variable: str, failures: Failures
) -> Finding:
    finding = _change_finding(case, name, change, "environment-variable-wrong", variable, failures)
    why = Evidence(resource=variable, seen="is new; its value is not read")
    return replace(
        finding,
        confidence=Confidence.LIKELY,
        evidence=(*finding.evidence, *top_evidence(failures), why),
        shown_failures=0,
    )
