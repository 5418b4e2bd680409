"""MLflow as its callers see it: it hangs, its circuit breaker is open, its artifacts fail."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from canary.diagnose.access.auth_service import behaviour
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding, top_evidence
from canary.diagnose.core.mlflow_paths import url_asks_mlflow
from canary.diagnose.core.statements import confidence
from canary.diagnose.core.symptoms import CONTROL, DOWN, Symptom
from canary.diagnose.ecs import revisions
from canary.diagnose.remedies import build
from canary.model import Confidence, Evidence, Role

_TIMED_OUT = re.compile(r"mlflow.{0,120}timed? ?out|timed? ?out.{0,120}mlflow", re.IGNORECASE)
_LATE_MS = 2000.0


def hanging(case: Case) -> Iterator[Finding]:
    """Report MLflow if its callers time out although ECS and the target group call it healthy.

    If a security group or a wrong address keeps the callers from MLflow, that finding wins.
    """
    for name in case.environment.of_role(Role.MLFLOW):
        yield from _hanging(case, name)


def _hanging(case: Case, name: str) -> Iterator[Finding]:
    service, timeouts = case.ecs(name), _reported_timeouts(case, name)
    if not service or not timeouts or not case.has_healthy_targets(name) or _is_slow(case):
        return
    running = f"{service.running} of {service.desired} tasks run, the targets are healthy"
    healthy = Evidence(resource=service.name, seen=running, expected="they answer")
    back = revisions.rollback(case, name)
    remedy = build.remedy(
        case,
        back.summary or "Put a new task in its place; its log may tell what it waited for.",
        back.edits or (revisions.deploy(case, name) if _waited_in_vain(case, name) else ()),
        inspect=revisions.inspect(case, name),
        verify=revisions.verify(case, name),
        otherwise=f"Only answers say so, and AWS calls {name} healthy: ask it directly. If it does"
        f" not answer, look into its log for what it waits for, then start its tasks anew.",
    )
    yield Finding(
        cause="targets-unhealthy",
        service=name,
        resource=service.task_definition,
        summary="MLflow does not answer in time, though its task runs and its target is healthy.",
        evidence=(healthy, *top_evidence(timeouts, 3)),
        shown_failures=0,
        remedy=remedy,
        explained_failures=case.failures_of_outage(name),
    )


def _reported_timeouts(case: Case, name: str) -> Failures:
    """Return the answers in which another service reports a time-out of MLflow."""
    return frozenset(
        f
        for f in case.failures_of_outage(name)
        if f.entry_service != name and f.status >= 500 and _TIMED_OUT.search(f.body)
    )


def _waited_in_vain(case: Case, name: str) -> bool:
    """Return whether the canary or a load balancer itself waited in vain for an answer."""
    waited = (Symptom.NO_ANSWER, Symptom.BALANCER_504)
    return any(f.symptom in waited for f in case.failures_of_outage(name))


def _is_slow(case: Case) -> bool:
    """Return whether MLflow gave a good answer late: then it is slow, and does not hang."""
    return any(
        exchange.status == 200
        and exchange.timing.total_ms >= _LATE_MS
        and url_asks_mlflow(case.environment, exchange.url)
        for _, exchange in case.exchanges
    )


def breaker(case: Case) -> Iterator[Finding]:
    """Report a circuit breaker that stays open although no other answer names a broken upstream."""
    failures = case.having(Symptom.BREAKER_OPEN)
    if not failures or _still_broken(case, failures):
        return
    entry = min(f.entry_service for f in failures)
    service, stated = case.ecs(entry), confidence(failures)
    told = stated is Confidence.LIKELY  # in a document; words of any other answer start no task
    yield Finding(
        cause="circuit-breaker-open",
        confidence=stated,
        service=entry,
        resource=case.services[entry].ecs_service or entry,
        summary=f"The circuit breaker of {entry} towards MLflow is open.",
        remedy=build.remedy(
            case,
            "A breaker closes by itself once MLflow answers; a new task starts closed.",
            revisions.deploy(case, entry) if told else (),
            inspect=revisions.inspect(case, entry),
            verify=revisions.verify(case, entry) if service else (),
            otherwise=f"If MLflow answers and the breaker stays open, start {entry} anew.",
        ),
        explained_failures=failures,
    )


def _still_broken(case: Case, failures: Failures) -> bool:
    """Return whether calls with a key, too, fail for what the breaker of their service guards."""
    guarded = {(f.entry_service, name) for f in failures for name in f.blamed}
    return any(
        (f.entry_service, name) in guarded
        for f in case.failures
        if f.principal and f.symptom in DOWN
        for name in f.blamed
    )


def breaker_document(case: Case) -> Iterator[Finding]:
    """Report a circuit breaker whose document fails: it is open and cannot say so."""
    for entry in case.entry_services(Symptom.BREAKER_DOCUMENT):
        yield from behaviour(
            case,
            "breaker-document-failing",
            case.having(Symptom.BREAKER_DOCUMENT, entry=entry) | said_by_the_breaker(case, entry),
            "The circuit breaker of {service} is open, and its document fails where it should say"
            " so.",
            decision=f"See first why the breaker of {entry} opened: what it asks fails or failed."
            f" Then whoever owns {entry} must let its document answer while the breaker is open.",
        )


def said_by_the_breaker(case: Case, entry: str) -> Failures:
    """Return a service's reports about MLflow if its breaker is open although MLflow answers.

    Its documents do not ask MLflow while the breaker is open; calls through it reach MLflow.
    """
    if not case.having(Symptom.BREAKER_DOCUMENT, entry=entry) or not _reaches_mlflow(case, entry):
        return frozenset()
    own = (f for f in case.failures if f.entry_service == entry and not f.principal)
    return frozenset(f for f in own if f.blamed.intersection(case.environment.of_role(Role.MLFLOW)))


def _reaches_mlflow(case: Case, entry: str) -> bool:
    """Return whether a call with a key reached MLflow through a service in this run."""
    return any(
        e.status == 200 and e.principal and url_asks_mlflow(case.environment, e.url)
        for e in case.passed(entry)
    )


def artifacts(case: Case) -> Iterator[Finding]:
    """Report the artifact store if artifacts fail and MLflow's other calls answer."""
    failures = frozenset(
        f
        for f in case.failures
        if f.symptom not in CONTROL
        and ("/mlflow-artifacts/" in f.path or f.symptom is Symptom.ARTIFACTS)
        and f.symptom not in (Symptom.AUTH_UNAVAILABLE, Symptom.KEY_REFUSED)
    )
    others = {f for f in case.failures if "/mlflow/" in f.path and f not in failures}
    if not failures or any(f.symptom is Symptom.UPSTREAM_UNREACHABLE for f in others):
        return
    mlflow = case.used(Role.MLFLOW, min(f.entry_service for f in failures))
    service, bucket = case.ecs(mlflow), _bucket(case, mlflow)
    change = revisions.change_evidence(case, mlflow)
    store = "" if change else bucket  # a changed revision comes before what it names
    remedy = revisions.remedy(
        case,
        mlflow,
        "Whoever owns the bucket must allow MLflow's task role to write there; see its policy and"
        " lifecycle.",
        summary="See MLflow's artifact setting and the bucket's policy.",
        unread=True,
    )
    yield Finding(
        cause="artifact-store-failing",
        confidence=Confidence.LIKELY
        if change or any("artifact" in f.path for f in failures)
        else Confidence.POSSIBLE,
        service=mlflow or min(f.entry_service for f in failures),
        resource=store or (service.task_definition if service else mlflow),
        summary="Artifacts cannot be stored or read, while MLflow's other calls answer.",
        evidence=top_evidence(failures) + change,
        remedy=msgspec.structs.replace(
            remedy, inspect=(*_bucket_policy(case, bucket), *remedy.inspect)
        ),
        shown_failures=0,
        explained_failures=failures,
    )


def _bucket(case: Case, mlflow: str) -> str:
    """Return the artifact bucket's URL from MLflow's task definition, "" if it names none."""
    for container in case.containers(mlflow):
        for value in container.plain.values():
            if value.startswith("s3://"):
                return value
    return ""


def _bucket_policy(case: Case, bucket: str) -> tuple[str, ...]:
    name = bucket.removeprefix("s3://").split("/")[0]
    return (case.aws("s3api", "get-bucket-policy", bucket=name),) if name else ()
