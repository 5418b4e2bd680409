"""Configuration: variables, secrets and upstream addresses of the revision in use."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from canary.control_plane.ecs import live
from canary.control_plane.state import EcsService, TaskDefinition
from canary.diagnose.core.case import AUTH, CACHE, DATABASE, MLFLOW, Case, Failures
from canary.diagnose.core.finding import SETTINGS, Finding, top_evidence
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.revisions import Rollout
from canary.model import Confidence, Evidence, Remedy

# Which dependency a variable is about, by its name.
ABOUT = (
    ("MLFLOW_TRACKING", MLFLOW),
    ("MLFLOW_SERVER", MLFLOW),
    ("MLFLOW_URL", MLFLOW),
    ("MLFLOW_HOST", MLFLOW),
    ("MLFLOW_PROXY", MLFLOW),
    ("MLFLOW_TIMEOUT", MLFLOW),
    ("AUTH_SERVICE", AUTH),
    ("AUTH_URL", AUTH),
    ("REDIS", CACHE),
    ("CACHE", CACHE),
    ("DB_", DATABASE),
    ("DATABASE", DATABASE),
    ("POSTGRES", DATABASE),
    ("BACKEND_STORE", DATABASE),
)
_PORTS = {"https": 443, "http": 80}
_ANY_WAY_WRONG = (
    Symptom.PROXY_404,
    Symptom.NO_KEY_SEEN,
    Symptom.NOT_MOUNTED,
    Symptom.HOST_REJECTED,
    Symptom.MLFLOW_404,
    Symptom.METHOD,
    Symptom.WRONG_REDIRECT,
)


def dependency_of(case: Case, name: str, variable: str) -> str:
    """Return the dependency of a service that a variable is about, "" for none."""
    for prefix, other in ABOUT:
        if variable.startswith(prefix) and other in case.closure(name) - {name}:
            return other
    return ""


def affected(case: Case, name: str, variable: str) -> Failures:
    """Return the failures that a wrong or missing variable of a service accounts for."""
    if "SERVICE_ID" in variable:
        return frozenset(f for f in case.having(Symptom.KEY_REFUSED) if f.entry_service == name)
    other = dependency_of(case, name, variable)
    if not other:
        return case.failures_of_outage(name)
    failures = case.failures_of_outage(other, via=name)
    if other == MLFLOW:
        failures |= {
            f
            for f in case.having(*_ANY_WAY_WRONG)
            if f.entry_service == name and "mlflow" in f.path
        }
    return failures


def in_use(case: Case, name: str) -> TaskDefinition | None:
    """Return the revision that a service's tasks run."""
    service = case.ecs(name)
    return case.definition(service.task_definition) if service else None


def upstream(case: Case) -> Iterator[Finding]:
    """Claim an address of an upstream that is not where the environment says it is."""
    for name in case.services:
        definition, service = in_use(case, name), case.ecs(name)
        if definition is None or service is None:
            continue
        for container in definition.containers:
            for variable, value in container.plain.items():
                other = dependency_of(case, name, variable)
                expected = _addresses(case, other) if other else ()
                failures = affected(case, name, variable)
                if (
                    expected
                    and failures
                    and _url(variable, value)
                    and not _leads(case, other, value)
                ):
                    yield _upstream_finding(
                        case, name, service, definition, variable, value, failures
                    )


def _addresses(case: Case, other: str) -> tuple[str, ...]:
    part = case.services[other]
    found = [case.host(other)] if part.url else []
    return (*found, *([f"{part.discovery}:{part.port}"] if part.discovery else []))


def _url(variable: str, value: str) -> bool:
    """Tell a value that is used as a URL; one without a scheme leads nowhere."""
    return "://" in value or (bool(value) and variable.endswith(("_URL", "_URI")))


def _leads(case: Case, other: str, value: str) -> bool:
    """Tell whether an address leads to a part: by its public name, its internal one, or a task."""
    part = case.services[other]
    try:
        url, public = urlsplit(value), urlsplit(part.url)
        port = url.port or _PORTS.get(url.scheme, 0)
    except ValueError:
        return False
    if part.url and url.hostname == case.host(other):  # a redirect is no answer to a POST
        return url.scheme == public.scheme and port == (public.port or _PORTS[public.scheme])
    tasks = {t.address for t in live(case.ecs(other))}
    if url.hostname in {part.discovery, *tasks} - {""}:
        plain = any(g.protocol == "HTTP" for g in case.groups(other))
        return (not part.port or port == part.port) and not (url.scheme == "https" and plain)
    return False


def _upstream_finding(
    case: Case,
    name: str,
    service: EcsService,
    definition: TaskDefinition,
    variable: str,
    value: str,
    failures: Failures,
) -> Finding:
    other = dependency_of(case, name, variable)
    expected = " or ".join(_addresses(case, other))
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
    return Remedy(
        summary=back.summary or decision,
        inspect=(*back.inspect, *revisions.inspect(case, name)),
        fix=back.fix,
        verify=revisions.verify(case, service),
        decision="" if back.fix else decision,
        terraform="# environment and secrets of the aws_ecs_task_definition\n",
    )


def changed(case: Case) -> Iterator[Finding]:
    """Claim what the running revision lost or changed, where failures are about it."""
    for name in case.services:
        change = revisions.rollout(case, name)
        service = case.ecs(name)
        if change is None or service is None or change.rolled_back:
            continue
        yield from _lost(case, name, service, change)
        yield from _altered(case, name, service, change)


def _lost(case: Case, name: str, service: EcsService, change: Rollout) -> Iterator[Finding]:
    gone = change.difference
    for cause, variables in (
        ("secret-not-injected", gone.lost_secrets),
        ("environment-variable-missing", gone.lost_variables),
    ):
        for variable in variables:
            failures = affected(case, name, variable)
            if failures:
                yield _change_finding(case, name, service, change, cause, variable, failures)


def _altered(case: Case, name: str, service: EcsService, change: Rollout) -> Iterator[Finding]:
    for variable, _, now in change.difference.changed_plain:
        other = dependency_of(case, name, variable)
        address = bool(other) and _url(variable, now) and bool(_addresses(case, other))
        if address and not _leads(case, other, now):
            continue  # `upstream` claims it
        if variable == "PORT" or "ALLOWED" in variable:
            continue  # `listening` judges the port, `application.host_header` the list of hosts
        cause = "service-id-wrong" if "SERVICE_ID" in variable else "environment-variable-wrong"
        if address:  # the right host, with another path, scheme or form of the name
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
    telling = dependency_of(case, name, variable) or variable in case.log_text(name)
    telling = telling and cause != "upstream-url-wrong"  # the host is right: only the change tells
    return Finding(
        cause=cause,
        service=name,
        resource=change.bad.arn,
        confidence=Confidence.CERTAIN if telling else Confidence.LIKELY,
        summary=f"{service.name} {words[cause]} {variable} since revision {change.bad.revision}.",
        evidence=(*change.evidence(), *top_evidence(failures)),
        remedy=_back(case, name, service, f"Register a revision with {variable} as it was."),
        explained_failures=failures,
        rank=SETTINGS,
    )
