"""Causes in an application: missing routes, host names, prefixes, slow or broken answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from canary.diagnose import failing_routes
from canary.diagnose.access.auth_service import behaviour
from canary.diagnose.access.new_key import limit_reached
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.mlflow_paths import failure_asks_mlflow
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.dependencies.slow import WITH_ANOTHER, mlflow_times
from canary.diagnose.ecs import revisions
from canary.diagnose.network.unreached import failures_of
from canary.model import Confidence, Role

S = Symptom
_LONG_MS = 10_000.0  # the shortest wait after which a missing answer counts


def routes(case: Case) -> Iterator[Finding]:
    """Report routes that the application does not have."""
    for entry in case.entry_services(S.NOT_MOUNTED):
        yield from behaviour(
            case,
            "route-not-mounted",
            case.having(S.NOT_MOUNTED, entry=entry) | _reported_by_callers(case, entry),
            "{service} answers 404 by itself: it has no such route.",
            changed_service(case, entry, case.having(S.NOT_MOUNTED)),
        )


def changed_service(case: Case, entry: str, failures: Failures) -> str:
    """Return MLflow if all failed paths lead to it and only its revision changed, else entry."""
    own = [f for f in failures if f.entry_service == entry and f.host]
    through = all(failure_asks_mlflow(case.environment, f) for f in own)
    mlflow = case.used(Role.MLFLOW, entry)
    if not mlflow or entry not in case.services or not through:
        return entry
    both = (revisions.rollout(case, entry), revisions.rollout(case, mlflow))
    return mlflow if both[0] is None and both[1] is not None else entry


def _reported_by_callers(case: Case, entry: str) -> Failures:
    """Return the failures in which other services report errors of the auth service."""
    identity = case.environment.role_of(entry) is Role.IDENTITY
    return case.having(S.AUTH_UNAVAILABLE) if identity else frozenset()


def host_header(case: Case) -> Iterator[Finding]:
    """Report MLflow if it refuses a Host header."""
    failures = case.having(S.HOST_REJECTED)
    mlflow = case.used(Role.MLFLOW)
    if failures and mlflow:  # health documents and proxies word it differently
        entries = {f.entry_service for f in failures}
        failures |= {
            f for f in case.failures_of_outage(mlflow) if f.entry_service in entries and f.host
        }
    yield from behaviour(
        case,
        "host-header-rejected",
        failures,
        "MLflow refuses the Host header that reaches it.",
        mlflow,
        decision="Give MLflow the names by which it is asked, with the load balancer's and the"
        " internal one: --allowed-hosts, or the variable MLFLOW_SERVER_ALLOWED_HOSTS, in a new"
        " revision of its task definition.",
        confidence=Confidence.LIKELY
        if any(failure_asks_mlflow(case.environment, f) for f in failures)
        else Confidence.POSSIBLE,
    )


def prefix(case: Case) -> Iterator[Finding]:
    """Report a proxy that forwards paths in a form that MLflow does not serve."""
    failures = case.having(S.PROXY_404, S.MLFLOW_404, S.METHOD)
    yield from behaviour(
        case,
        "path-prefix-wrong",
        failures,
        "{service} hands the path on in a form that MLflow does not know.",
        changed_service(case, min(f.entry_service for f in failures), failures) if failures else "",
    )


def slow(case: Case) -> Iterator[Finding]:
    """Report answers that are slow, endless or oversized."""
    late = (S.SLOW, S.NO_ANSWER, S.UPSTREAM_SLOW, S.OVERSIZED, S.BALANCER_504)
    for entry in case.entry_services(*late):
        failures = case.having(*late, entry=entry) - failures_of(case)
        failures |= {f for f in case.having(S.UNKNOWN, entry=entry) if f.out_of_time}
        owner = case.used(Role.MLFLOW, entry) if _all_through_mlflow(case, entry) else entry
        yield from behaviour(
            case,
            "latency-degraded",
            failures,
            "{service} answers too late, too slowly or without end"
            + (", where it asks MLflow." if owner != entry else "."),
            owner,
        )


def _all_through_mlflow(case: Case, entry: str) -> bool:
    """Return whether requests to MLflow are slow, and all others take at most half the time.

    Requests that reach MLflow without the API must be slow too. On a busy machine all requests
    are somewhat slow.
    """
    late = [f for f in case.having(S.SLOW, S.NO_ANSWER, S.UPSTREAM_SLOW, entry=entry) if f.host]
    through = [f for f in late if failure_asks_mlflow(case.environment, f)]
    if not case.used(Role.MLFLOW, entry) or not through:
        return False
    least = min((f.milliseconds for f in through if f.symptom is S.SLOW), default=_LONG_MS)
    times = mlflow_times(case)
    if times and min(times) <= least / WITH_ANOTHER:  # MLflow itself is fast, so its caller is slow
        return False
    rest = [f for f in late if f not in through]
    return all(f.symptom is S.SLOW and f.milliseconds * 2 <= least for f in rest)


def throttled(case: Case) -> Iterator[Finding]:
    """Report a used-up rate limit or balance: of one key, else of the service."""
    failures = case.having(S.THROTTLED, S.NO_BALANCE)
    text = "{service} refuses requests because a limit or balance is used up."
    callers = {f.principal for f in failures}
    secrets = {case.environment.secret_of(c) for c in callers} - {""}
    for finding in behaviour(case, "capacity-throttled", failures, text):
        if len(callers) > 1 or not secrets:
            yield finding
            continue
        (secret,), (caller,) = secrets, callers
        yield replace(
            finding,
            resource=secret,
            summary=f"{finding.summary[:-1]} for the key of principal {caller}.",
            remedy=limit_reached(case, caller),
        )


def broken(case: Case) -> Iterator[Finding]:
    """Report a service whose answers fail, if the control plane shows no fault."""
    kinds = (S.RESET, S.APP_5XX, S.BALANCER_502, S.BALANCER_503, S.REFUSED, S.NO_CONNECTION,
             S.UPSTREAM_UNREACHABLE, S.NOT_READY)  # fmt: skip
    claimed = failing_routes.claimed(case)
    for entry in case.entry_services(*kinds):
        own = {f for f in case.having(*kinds, entry=entry) - claimed if not f.blamed - {entry}}
        failures = frozenset(own) | (_reported_by_callers(case, entry) if own else frozenset())
        passed = any(
            r.status == "PASS" and r.service == entry and any(s.evidence for s in r.steps)
            for r in case.results
        )
        yield from behaviour(
            case,
            "targets-unhealthy",
            failures,
            "{service} fails " + ("a part of its requests." if passed else "its requests."),
            failing_routes.owner_of(case, entry, failures),
            confidence=Confidence.LIKELY if passed else Confidence.POSSIBLE,
        )


def misleading_health(case: Case) -> Iterator[Finding]:
    """Report a health document that contradicts the answers of real requests."""
    wrong = case.having(S.WRONG_ANSWER)
    for entry in sorted({f.entry_service for f in wrong if "health" in f.path}):
        own = case.having(S.WRONG_ANSWER, entry=entry)
        failures = frozenset(f for f in own if "health" in f.path or "ready" in f.path)
        yield from behaviour(
            case,
            "health-endpoint-misleading",
            failures,
            "The health document of {service} says something else than the real path.",
            confidence=Confidence.POSSIBLE,
        )
