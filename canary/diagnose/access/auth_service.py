"""Causes in the auth service: outage, lost headers, missing rate limits, wrong status codes."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.state import EcsService
from canary.diagnose.access.asked_otherwise import not_sent
from canary.diagnose.core import decisions
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding, top_evidence
from canary.diagnose.core.symptoms import DOWN, Symptom
from canary.diagnose.ecs import revisions
from canary.diagnose.network.unreached import failures_of
from canary.model import Confidence, Evidence, Exchange, Role, Status, Step

PROPER_FORMS = ("bearer", "x-api-key", "apikey", "both", "basic", "")


def service_down(case: Case) -> Iterator[Finding]:
    """Report the auth service if it, or a service that asks it, shows that it does not answer."""
    for name in case.environment.of_role(Role.IDENTITY):
        yield from _down(case, name)


def _down(case: Case, name: str) -> Iterator[Finding]:
    direct = frozenset(f for f in case.failures if f.entry_service == name and f.symptom in DOWN)
    failures = case.failures_of_outage(name) & (direct | case.having(Symptom.AUTH_UNAVAILABLE))
    if not failures or _validates_keys(case):  # else a caller's way to it: `named_in_answers`
        return
    followers = case.failures_of_outage(name) - _late_elsewhere(case, name)
    if followers <= failures_of(case):  # nothing but a load balancer tells of it
        return
    service = case.ecs(name)
    errs = bool(direct) and all(f.symptom is Symptom.APP_5XX for f in direct)
    summary = f"The auth service {'answers with errors' if errs else 'does not answer'}."
    if any(f.symptom is Symptom.BALANCER_502 for f in direct):
        summary += (
            " The balancer's 502 means that a target is registered and refuses or breaks off."
        )
    if any(f.symptom is Symptom.BALANCER_504 for f in direct):
        summary += " The balancer's 504 means that the way to a target is closed, or a slow target."
    yield Finding(
        cause="auth-service-down",
        service=name,
        resource=service.arn if service else case.host(name),
        confidence=Confidence.LIKELY if direct else Confidence.POSSIBLE,
        summary=summary,
        evidence=(*top_evidence(failures, 3), *_parallel_deployments(service)),
        remedy=revisions.remedy(
            case,
            name,
            f"Nothing shows why: read the log before a restart.{decisions.needs(case, name)}",
            summary="See the auth service's tasks and log.",
        ),
        shown_failures=0,
        explained_failures=followers,
    )


def _late_elsewhere(case: Case, name: str) -> Failures:
    """Return the 504 of other services' load balancers that nothing leads back to the auth service.

    Such an answer is a closed way or a slow target of its own. It follows where the service names
    the auth service, or where it answers itself, and only requests with a key come too late.
    """
    telling = {
        f.entry_service
        for f in case.failures
        if f.symptom is Symptom.AUTH_UNAVAILABLE or name in f.blamed
    }
    answering = {case.entry_of(e) for _, e in case.exchanges if e.answered_by == "target"}
    return frozenset(
        f
        for f in case.having(Symptom.BALANCER_504)
        if f.entry_service not in telling | {name}
        and not (f.principal and f.entry_service in answering)
    )


def _validates_keys(case: Case) -> bool:
    """Return whether the auth service validated a key at least once in this run."""
    return any(e.status == 200 and s.status is Status.PASS for s, e in key_validations(case))


def key_validations(case: Case) -> Iterator[tuple[Step, Exchange]]:
    """Yield the requests with a key that went to the identity service itself: it judged the key."""
    judges = case.environment.of_role(Role.IDENTITY)
    for step, exchange in case.exchanges:
        if exchange.principal and case.entry_of(exchange) in judges:
            yield step, exchange


def _parallel_deployments(service: EcsService | None) -> tuple[Evidence, ...]:
    """Return a line of evidence for each deployment if there are several."""
    found = service.deployments if service and len(service.deployments) > 1 else ()
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
    """Report a header with a key that does not reach the service that needs it."""
    failures = frozenset(
        f
        for f in case.having(Symptom.NO_KEY_SEEN) - not_sent(case)
        if f.principal and f.header_form in PROPER_FORMS
    )
    yield from behaviour(
        case,
        "credential-header-lost",
        failures,
        "A key was sent and not seen: {service} or what stands before it loses the header.",
    )


def rate_limit(case: Case) -> Iterator[Finding]:
    """Report a service whose answers carry no rate limit headers."""
    failures = case.having(Symptom.NO_RATE_HEADERS)
    owner = min((f.entry_service for f in failures), default="")
    yield from behaviour(
        case,
        "rate-limit-missing",
        failures,
        "Authenticated answers of {service} carry no rate limit headers: the limiter does not run.",
        decision=f"Whoever owns {owner} must see whether its limiter is switched on and reached by"
        " these requests. Until then nothing limits what one key may ask.",
    )


def misreported(case: Case) -> Iterator[Finding]:
    """Report a service that answers 401 (wrong key) if auth is down or a limit is reached."""
    failures = frozenset(
        f for f in case.having(Symptom.AUTH_UNAVAILABLE, Symptom.THROTTLED) if f.status == 401
    )
    yield from behaviour(
        case,
        "auth-error-misreported",
        failures,
        "{service} answers 401 for a fault of its own side, as if the key were wrong.",
        confidence=Confidence.POSSIBLE,
    )


def behaviour(
    case: Case,
    cause: str,
    failures: Failures,
    text: str,
    owner: str = "",
    confidence: Confidence = Confidence.LIKELY,
    decision: str = "",
) -> Iterator[Finding]:
    """Report a fault of an application itself; the remedy is the previous revision.

    `owner` is the service at fault if it is not the entry service of the failures. `decision` is
    what a person must decide where no previous revision is known.
    """
    if not failures:
        return
    entry = min(f.entry_service for f in failures)
    name = owner or entry
    change, service = revisions.rollout(case, name), case.ecs(name)
    yield Finding(
        cause=cause,
        service=name,
        resource=change.bad.arn if change else (service.task_definition if service else name),
        confidence=confidence,
        summary=text.format(service=entry),
        evidence=top_evidence(failures, 3) + revisions.change_evidence(case, name),
        remedy=revisions.remedy(
            case,
            name,
            decision or decisions.about(case, name, failures),
            summary="The application must be mended.",
        ),
        shown_failures=0,
        explained_failures=failures,
    )
