"""Authentication: the service itself, headers that are lost, limits that do not hold."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from canary.diagnose.core.case import AUTH, Case, Failures
from canary.diagnose.core.finding import APPLICATION, SERVE, Finding, top_evidence
from canary.diagnose.core.symptoms import DOWN, Symptom
from canary.diagnose.ecs import revisions
from canary.model import Confidence, Evidence, Exchange, Remedy, Status, Step

_PROPER = ("bearer", "x-api-key", "apikey", "both", "")


def service_down(case: Case) -> Iterator[Finding]:
    """Claim the auth service when it, or those who ask it, say that it does not answer."""
    if AUTH not in case.services:
        return
    direct = frozenset(f for f in case.failures if f.entry_service == AUTH and f.symptom in DOWN)
    failures = case.failures_of_outage(AUTH) & (direct | case.having(Symptom.AUTH_UNAVAILABLE))
    if not failures or (direct and _judges_keys(case)):  # the errors are the application's own
        return
    service = case.ecs(AUTH)
    several = service is not None and len(service.deployments) > 1
    back = revisions.rollback(case, AUTH)
    refused = any(f.symptom is Symptom.BALANCER_502 for f in direct)
    meaning = (
        " The balancer's 502 means that a target is registered and refuses or breaks off."
        if refused
        else ""
    )
    yield Finding(
        cause="auth-service-down",
        service=AUTH,
        resource=service.arn if service else case.host(AUTH),
        confidence=Confidence.LIKELY if direct else Confidence.POSSIBLE,
        summary=f"The auth service does not answer.{meaning}",
        evidence=(*top_evidence(failures, 3), *(_rollout(case) if several else ())),
        remedy=Remedy(
            summary=back.summary or "See the auth service's tasks and log.",
            inspect=revisions.inspect(case, AUTH),
            fix=back.fix,
            verify=back.verify,
            decision="" if back.fix else "Nothing shows why: read the log before a restart.",
        ),
        explained_failures=case.failures_of_outage(AUTH),
        rank=SERVE,
    )


def _judges_keys(case: Case) -> bool:
    """Tell whether the auth service answered well about a key, some time in this run."""
    return any(e.status == 200 and s.status is Status.PASS for s, e in asked_about_keys(case))


def asked_about_keys(case: Case) -> Iterator[tuple[Step, Exchange]]:
    """Return what the auth service itself was asked about keys."""
    for step, exchange in case.exchanges:
        url = urlsplit(exchange.url)
        if url.hostname == case.host(AUTH) and url.path.endswith("/keys/validate"):
            yield step, exchange


def _rollout(case: Case) -> tuple[Evidence, ...]:
    service = case.ecs(AUTH)
    found = service.deployments if service else ()
    return tuple(
        Evidence(
            resource=d.id,
            seen=f"{d.status} {d.rollout_state} running {d.running} of {d.desired},"
            f" {d.failed_tasks} failed",
            expected="one deployment, COMPLETED",
            at=d.created_at,
        )
        for d in found
    )


def header_lost(case: Case) -> Iterator[Finding]:
    """Claim a header that never reaches the one who asks for a key."""
    failures = frozenset(
        f for f in case.having(Symptom.NO_KEY_SEEN) if f.principal and f.header_form in _PROPER
    )
    yield from behaviour(
        case,
        "credential-header-lost",
        failures,
        "A key was sent and not seen: {service} or what stands before it loses the header.",
        SERVE + 2,
    )


def rate_limit(case: Case) -> Iterator[Finding]:
    """Claim a limiter that does not run."""
    yield from behaviour(
        case,
        "rate-limit-missing",
        case.having(Symptom.NO_RATE_HEADERS),
        "Authenticated answers of {service} carry no rate limit headers: the limiter does not run.",
        APPLICATION + 8,
    )


def misreported(case: Case) -> Iterator[Finding]:
    """Claim an outage of auth, or a limit, that the API calls a wrong key (401)."""
    failures = frozenset(
        f for f in case.having(Symptom.AUTH_UNAVAILABLE, Symptom.THROTTLED) if f.status == 401
    )
    yield from behaviour(
        case,
        "auth-error-misreported",
        failures,
        "{service} answers 401 for a fault of its own side, as if the key were wrong.",
        APPLICATION + 6,
        confidence=Confidence.POSSIBLE,
    )


def behaviour(
    case: Case,
    cause: str,
    failures: Failures,
    text: str,
    rank: int,
    owner: str = "",
    confidence: Confidence = Confidence.LIKELY,
) -> Iterator[Finding]:
    """Claim something that the application itself does; the last change of revision goes back."""
    if not failures:
        return
    entry = min(f.entry_service for f in failures)
    name = owner or entry
    change = revisions.rollout(case, name) if name in case.services else None
    back = revisions.rollback(case, name) if name in case.services else Remedy(summary="")
    service = case.ecs(name) if name in case.services else None
    yield Finding(
        cause=cause,
        service=name,
        resource=change.bad.arn if change else (service.task_definition if service else name),
        confidence=confidence,
        summary=text.format(service=entry),
        evidence=(*top_evidence(failures, 3), *(change.evidence() if change else ())),
        remedy=Remedy(
            summary=back.summary or "The application must be mended.",
            inspect=revisions.inspect(case, name) if name in case.services else (),
            fix=back.fix,
            verify=back.verify,
            decision="" if back.fix else "Decide which image is right and deploy it.",
        ),
        explained_failures=failures,
        rank=rank,
    )
