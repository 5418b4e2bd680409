"""A dependency for which services wait with a key only: most often the cache of keys.

A request whose key is refused goes no further than the service's own key check. If that is slow by
itself in two services, and their answers without a key are fast, both wait for what both use. The
time that the auth service takes for the same key is not the asking service's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from canary.diagnose.access.auth_service import PROPER_FORMS, key_validations
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.dependencies import slow
from canary.diagnose.dependencies.named_in_logs import resource_of
from canary.diagnose.ecs import revisions
from canary.model import Confidence, Evidence, Exchange, Remedy, Role

_LEAST_KEYS = 2  # one slow key may be chance


@dataclass(frozen=True)
class _Waiting:
    """A service that is slow by itself with a key: the least time, and its evidence."""

    name: str
    least_ms: float
    evidence: tuple[Evidence, ...]


def slow_with_key(case: Case) -> Iterator[Finding]:
    """Report the one dependency that explains why services are slow with a key alone."""
    waiting = [w for name in case.services if (w := _waiting(case, name)) is not None]
    late = slow.late_failures(case)
    if not waiting or not late:
        return
    suspects = _suspects(case, waiting)
    failures = frozenset(
        f for f in late for name in suspects if name in case.closure(f.entry_service)
    )
    if len(suspects) != 1 or not failures:
        return
    (name,), askers = suspects, [w.name for w in waiting]
    alone = len(askers) == 1
    yield Finding(
        cause="latency-degraded",
        service=name,
        resource=resource_of(case, name),
        confidence=Confidence.POSSIBLE if alone else Confidence.LIKELY,
        summary=f"{' and '.join(askers)} answer{'s' if alone else ''} late with a key and fast"
        f" without one: the {name} answers slowly, which {'it' if alone else 'each'} asks for a"
        " key." + (f" It may be {askers[0]} itself." if alone else ""),
        evidence=tuple(e for w in waiting for e in w.evidence),
        remedy=Remedy(
            summary=f"Find what makes the {name} slow.",
            inspect=tuple(c for n in askers for c in revisions.log_tail(case, n)),
            decision=slow.DECISION.format(name=name),
        ),
        explained_failures=failures,
    )


def judged(case: Case) -> dict[str, float]:
    """Return the least time in ms in which the auth service judged each principal's key."""
    return _least(e for _, e in key_validations(case) if 0 < e.status < 500)


def _suspects(case: Case, waiting: list[_Waiting]) -> set[str]:
    """Return what all of them use, has no address of its own, and was not seen to be fast."""
    shared = set.intersection(*(set(case.services[w.name].depends_on) for w in waiting))
    least = min(w.least_ms for w in waiting)
    return {
        name
        for name in shared & set(case.services)
        if not case.services[name].ecs_service
        and not case.services[name].url
        and not any(slow.is_fast(e, least) for e in slow.good_reports(case, name))
    }


def _waiting(case: Case, name: str) -> _Waiting | None:
    """Return a service that is slow by itself with a key, None if it is not."""
    judges = set(case.environment.of_role(Role.IDENTITY))
    times = judged(case) if name in judges else _refused(case, name)
    late = [ms for ms in times.values() if ms >= slow.SLOW_MS]
    if len(late) < _LEAST_KEYS:
        return None
    asked = judges & (case.closure(name) - {name})
    least = _beside_auth(case, times) if asked else min(late)
    open_to_all = [e for e in case.passed(name) if e.status == 200 and not e.principal]
    fastest = min(open_to_all, key=lambda e: e.timing.total_ms, default=None)
    if least < slow.SLOW_MS or fastest is None or not slow.is_fast(fastest, least):
        return None
    seen = Evidence(
        resource=f"{name}, requests with a key",
        seen=f"at least {least:.0f} ms" + (f" beside the answer of {min(asked)}" if asked else ""),
        expected=f"at most {slow.FAST_MS:.0f} ms",
    )
    return _Waiting(name, least, (seen, slow.timing_line(fastest)))


def _refused(case: Case, name: str) -> dict[str, float]:
    """Return the least time in ms of each key that a service refuses."""
    return _least(
        e
        for e in case.passed(name)
        if e.status == 401 and case.environment.must_refuse(e.principal)
    )


def _beside_auth(case: Case, refused: dict[str, float]) -> float:
    """Return the least time in ms that a refusal takes beside that of the auth service, else 0.

    The least times of the same keys are compared: each single one may contain a new connection.
    """
    of_auth = judged(case)
    both = refused.keys() & of_auth.keys()
    if len(both) < _LEAST_KEYS:
        return 0.0
    return min(refused[p] for p in both) - min(of_auth[p] for p in both)


def _least(exchanges: Iterable[Exchange]) -> dict[str, float]:
    """Return the least time of each principal's answers, with the key in a proper header."""
    times: dict[str, list[float]] = {}
    for exchange in exchanges:
        if exchange.principal and exchange.header_form in PROPER_FORMS:
            times.setdefault(exchange.principal, []).append(exchange.timing.total_ms)
    return {principal: min(found) for principal, found in times.items()}
