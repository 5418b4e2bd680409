"""Causes in the settings of a revision: variables, secrets, upstream addresses."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from canary.control_plane.state import EcsService, TaskDefinition
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import SETTINGS, Finding, top_evidence
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.revisions import Rollout
from canary.diagnose.ecs.variables import addresses, affected, dependency_of, is_address, leads_to
from canary.model import Confidence, Evidence, Remedy


def upstream(case: Case) -> Iterator[Finding]:
    """Report an address of an upstream that does not lead to it."""
    for name in case.services:
        service = case.ecs(name)
        definition = case.definition(service.task_definition) if service else None
        if definition is None or service is None:
            continue
        for container in definition.containers:
            for variable, value in container.plain.items():
                if not is_address(case, name, variable, value):
                    continue
                other = dependency_of(case, name, variable)
                failures = affected(case, name, variable)
                if failures and not leads_to(case, other, value):
                    found = (variable, value)
                    yield _upstream_finding(case, name, service, definition, found, failures)


def _upstream_finding(
    case: Case,
    name: str,
    service: EcsService,
    definition: TaskDefinition,
    found: tuple[str, str],
    failures: Failures,
) -> Finding:
    variable, value = found
    other = dependency_of(case, name, variable)
    expected = " or ".join(addresses(case, other))
    return Finding(
        cause="upstream-url-wrong",
        service=name,
        resource=definition.arn,
        confidence=Confidence.CERTAIN,
        summary=f"{variable} of {service.name} leads to {value}, where {other} is not.",
        evidence=(
            Evidence(
                resource=f"{definition.family}:{definition.revision} {variable}",
                seen=value,
                expected=expected,
                at=definition.registered_at,
            ),
            *_change_evidence(case, name),
            *top_evidence(failures),
        ),
        remedy=_back(case, name, service, f"Set {variable} to {expected} in a new revision."),
        explained_failures=failures,
        rank=SETTINGS,
    )


def _change_evidence(case: Case, name: str) -> tuple[Evidence, ...]:
    change = revisions.rollout(case, name)
    return change.evidence() if change else ()


def _back(case: Case, name: str, service: EcsService, decision: str) -> Remedy:
    back = revisions.rollback(case, name)
    remedy = revisions.remedy(case, name, decision, verify=revisions.verify(case, service))
    return msgspec.structs.replace(
        remedy,
        inspect=(*back.inspect, *remedy.inspect),
        terraform="# environment and secrets of the aws_ecs_task_definition\n",
    )


def changed(case: Case) -> Iterator[Finding]:
    """Report variables and secrets that the running revision lost or changed."""
    for name in case.services:
        change = revisions.rollout(case, name)
        service = case.ecs(name)
        if change is None or service is None or change.rolled_back:
            continue
        yield from _lost(case, name, service, change)
        yield from _altered(case, name, service, change)


def _lost(case: Case, name: str, service: EcsService, change: Rollout) -> Iterator[Finding]:
    changes = change.difference
    for cause, variables in (
        ("secret-not-injected", changes.lost_secrets),
        ("environment-variable-missing", changes.lost_variables),
    ):
        for variable in variables:
            failures = affected(case, name, variable)
            if failures:
                yield _change_finding(case, name, service, change, cause, variable, failures)


def _altered(case: Case, name: str, service: EcsService, change: Rollout) -> Iterator[Finding]:
    for variable, _, now in change.difference.changed_plain:
        other = dependency_of(case, name, variable)
        address = is_address(case, name, variable, now)
        if address and not leads_to(case, other, now):
            continue  # `upstream` reports it
        if variable == "PORT" or "ALLOWED" in variable:
            continue  # other rules report them: `listening`, `application.host_header`
        cause = "service-id-wrong" if "SERVICE_ID" in variable else "environment-variable-wrong"
        if address:  # the host is right; the path or scheme changed
            cause = "upstream-url-wrong"
        failures = affected(case, name, variable)
        if failures:
            yield _change_finding(case, name, service, change, cause, variable, failures)
    for variable in change.difference.new_variables:
        if dependency_of(case, name, variable) and (failures := affected(case, name, variable)):
            cause = "environment-variable-wrong"
            finding = _change_finding(case, name, service, change, cause, variable, failures)
            why = Evidence(resource=variable, seen="is new; its value is not read")
            yield finding.at_most(Confidence.LIKELY, why)


def _change_finding(
    case: Case,
    name: str,
    service: EcsService,
    change: Rollout,
    cause: str,
    variable: str,
    failures: Failures,
) -> Finding:
    words = {
        "secret-not-injected": "no longer gets the secret",
        "environment-variable-missing": "no longer has the variable",
        "environment-variable-wrong": "has another value of",
        "service-id-wrong": "presents itself to auth with another",
        "upstream-url-wrong": "has another address in",
    }
    proven = dependency_of(case, name, variable) or variable in case.log_text(name)
    proven = proven and cause != "upstream-url-wrong"  # its host is right: the change alone is seen
    return Finding(
        cause=cause,
        service=name,
        resource=change.bad.arn,
        confidence=Confidence.CERTAIN if proven else Confidence.LIKELY,
        summary=f"{service.name} {words[cause]} {variable} since revision {change.bad.revision}.",
        evidence=(*change.evidence(), *top_evidence(failures)),
        remedy=_back(case, name, service, f"Register a revision with {variable} as it was."),
        explained_failures=failures,
        rank=SETTINGS,
    )
