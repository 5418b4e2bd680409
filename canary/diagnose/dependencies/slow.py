"""Slow dependency: requests that use it are slow, requests that do not are fast.

One health document often reports several dependencies; it proves one of them slow only if the
others are known to be fast. Times are compared with each other, never with a limit alone: on a
busy machine every request is slow.
"""

from __future__ import annotations

from collections.abc import Iterator

from canary.diagnose.access.auth_service import behaviour, key_validations
from canary.diagnose.core import blame
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.mlflow_paths import url_asks_mlflow
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.dependencies.named_in_logs import resource_of
from canary.diagnose.ecs import revisions
from canary.model import Evidence, Exchange, Remedy, Role, Status

SLOW_MS, FAST_MS = 1000.0, 300.0
# How many times faster a request must be that does not use the slow dependency at all, and one that
# uses another dependency of the same document.
WITHOUT_IT, WITH_ANOTHER = 4.0, 2.0
_LATE = frozenset({Symptom.NO_ANSWER, Symptom.SLOW, Symptom.UPSTREAM_SLOW, Symptom.BALANCER_504})
DECISION = (
    "See the {name}'s own figures (CPU, memory, connections, its slow log) and who uses it up:"
    " scaling it, or ending what loads it, is its owner's decision."
)


def slow_dependency(case: Case) -> Iterator[Finding]:
    """Report the one dependency whose health reports are all slow, if other requests are fast."""
    late = late_failures(case)
    found = [c for name in case.services if (c := _finding(case, name, late))] if late else []
    if len(found) == 1:  # two in the same document cannot be told apart
        yield found[0]


def slow_auth(case: Case) -> Iterator[Finding]:
    """Report slow key validation by the auth service, which is no outage."""
    for name in case.environment.of_role(Role.IDENTITY):
        yield from _slow_to_judge(case, name)


def _slow_to_judge(case: Case, name: str) -> Iterator[Finding]:
    asked = [e for _, e in key_validations(case) if case.entry_of(e) == name]
    judged = [e for e in asked if 0 < e.status < 500]
    times = [e.timing.total_ms for e in judged]
    fastest, least = _fastest(case, name), min(times, default=0.0)
    if not fastest or least < SLOW_MS or not is_fast(fastest, least):
        return
    users = case.dependants(name)
    failures = frozenset(
        f for f in late_failures(case) if f.entry_service in users and (f.principal or f.body)
    )
    text = f"The auth service takes {least:.0f} ms and more to judge a key."
    yield from behaviour(case, "latency-degraded", failures, text, name)


def late_failures(case: Case) -> Failures:
    """Return failures by slowness, and those that report an auth service time-out."""
    unavailable = case.having(Symptom.AUTH_UNAVAILABLE)
    return case.having(*_LATE) | {f for f in unavailable if "timeout" in f.body.lower()}


def _finding(case: Case, name: str, late: Failures) -> Finding | None:
    failures = frozenset(f for f in late if name in case.closure(f.entry_service))
    reports = good_reports(case, name)
    if case.services[name].ecs_service or not failures or not reports:
        return None
    slowest = max(reports, key=lambda e: e.timing.total_ms)
    least = min(e.timing.total_ms for e in reports)
    fastest = [_fastest(case, n) for n in sorted({case.entry_of(e) for e in reports})]
    fast = [e for e in fastest if e and is_fast(e, least)]
    if least < SLOW_MS or len(fast) < len(fastest) or _may_be_mlflow(case, name, reports, least):
        return None
    if _another_is_broken(case, name, reports):
        return None
    return Finding(
        cause="latency-degraded",
        service=name,
        resource=resource_of(case, name),
        summary=f"The {name} answers slowly: what asks it is late, what does not is fast.",
        evidence=(timing_line(slowest), *map(timing_line, fast)),
        remedy=Remedy(
            summary=f"Find what makes the {name} slow.",
            inspect=tuple(c for e in fast for c in revisions.log_tail(case, case.entry_of(e))),
            decision=DECISION.format(name=name),
        ),
        explained_failures=failures,
    )


def is_fast(exchange: Exchange, slow_ms: float) -> bool:
    """Return whether an answer is clearly faster than the slow ones."""
    return exchange.timing.total_ms <= max(FAST_MS, slow_ms / WITHOUT_IT)


def good_reports(case: Case, name: str) -> list[Exchange]:
    """Return the good answers of steps whose name contains the dependency."""
    return [
        exchange
        for step, exchange in case.exchanges
        if step.status is Status.PASS
        and blame.about(case.environment, name, step.name)
        and exchange.status == 200
    ]


def _may_be_mlflow(case: Case, name: str, reports: list[Exchange], least: float) -> bool:
    """Return whether MLflow, reported in the same health document, may be the slow one.

    It may be unless requests to MLflow that bypass this dependency are fast: requests that need
    no key do not use the cache.
    """
    mlflow = case.used(Role.MLFLOW)
    if mlflow in ("", name) or not _identities(good_reports(case, mlflow)) & _identities(reports):
        return False
    times = mlflow_times(case)
    return not times or min(times) > least / WITH_ANOTHER


def _another_is_broken(case: Case, name: str, reports: list[Exchange]) -> bool:
    """Return whether the same document reports another broken dependency, which explains it."""
    identities = _identities(reports)
    roles = {n: case.environment.role_of(n) for n in case.services if n != name}
    others = [n for n, role in roles.items() if role in blame.DEPENDENCY_WORDS]
    return any(
        step.status is not Status.PASS
        and any(blame.about(case.environment, n, step.name) for n in others)
        and (exchange.url, exchange.timing.total_ms) in identities
        for step, exchange in case.exchanges
    )


def mlflow_times(case: Case) -> list[float]:
    """Return the times of good answers that need MLflow, but no key, hence no auth or cache."""
    return [
        e.timing.total_ms
        for _, e in case.exchanges
        if e.status == 200
        and not e.principal
        and url_asks_mlflow(case.environment, e.url)
        and e.method == "GET"  # a browser's OPTIONS is answered without MLflow
    ]


def _identities(reports: list[Exchange]) -> set[tuple[str, float]]:
    """Return address and time of each answer; a document checked by two steps counts once."""
    return {(e.url, e.timing.total_ms) for e in reports}


def _fastest(case: Case, entry: str) -> Exchange | None:
    """Return the fastest good answer of a service."""
    return min(
        (e for _, e in case.exchanges if e.status == 200 and case.entry_of(e) == entry),
        key=lambda e: e.timing.total_ms,
        default=None,
    )


def timing_line(exchange: Exchange) -> Evidence:
    """Return an answer and its time as a line of evidence."""
    return Evidence(
        resource=f"{exchange.method} {exchange.url}",
        seen=f"{exchange.status} in {exchange.timing.total_ms:.0f} ms",
        expected=f"at most {FAST_MS:.0f} ms",
    )
