"""Public host names that do not resolve, or not to their load balancer."""

from __future__ import annotations

from collections.abc import Iterator

from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.remedies import well
from canary.model import Confidence, Remedy


def missing(case: Case) -> Iterator[Finding]:
    """Report a host that does not resolve while others do."""
    hosts = {f.host for f in case.having(Symptom.NO_NAME) if f.host}
    every = {case.host(n) for n in case.services if case.host(n)}
    answered = any(exchange.status for _, exchange in case.exchanges)
    if len(every) > 1 and hosts >= every and not answered:
        return  # no host resolves: `canary_itself.egress` reports it
    for host in sorted(hosts):
        failures = frozenset(f for f in case.having(Symptom.NO_NAME) if f.host == host)
        name = _owner(case, host, failures)
        yield Finding(
            cause="dns-name-missing",
            service=name,
            resource=host,
            confidence=Confidence.CERTAIN if _confirmed(case, host) else Confidence.LIKELY,
            summary=f"The name {host} does not resolve.",
            shown_failures=3,
            remedy=_point(case, name, host),
            explained_failures=failures,
        )


def _owner(case: Case, host: str, failures: Failures) -> str:
    """Return the service whose address has this host, else one that had to answer there."""
    named = (n for n in case.services if case.host(n) == host)
    return next(named, min(f.entry_service for f in failures))


def _confirmed(case: Case, host: str) -> bool:
    return any(h.host == host and h.error and not h.addresses for h in case.state.hosts)


def _led_there(case: Case, host: str) -> bool:
    """Return whether a host led to its load balancer while all was well."""
    before = well.well(case)
    return any(
        h.host == host and bool({*h.addresses} & {*h.balancer_addresses})
        for h in (before.hosts if before else ())
    )


def _point(case: Case, name: str, host: str, *, led_there: bool = True) -> Remedy:
    balancer = case.balancer(name) if name in case.services else None
    target = (balancer.dns_name if balancer else "") or "its load balancer"
    if not led_there:
        return Remedy(
            summary=f"See where {host} shall lead.",
            decision=f"See whether another front, such as a CDN, stands before {target} on purpose:"
            f" then look there. Else set the record of {host} to {target}.",
        )
    return Remedy(
        summary=f"Point {host} at {target}.",
        decision=f"Set the record of {host} to {target} where its zone is kept.",
    )


def elsewhere(case: Case) -> Iterator[Finding]:
    """Report a host that resolves to other addresses than its load balancer has."""
    for known in case.state.hosts:
        there, wanted = set(known.addresses), set(known.balancer_addresses)
        if not there or not wanted or there & wanted:
            continue
        failures = frozenset(f for f in case.failures if f.host == known.host and not f.error)
        if not failures:
            continue
        name = _owner(case, known.host, failures)
        addresses = ", ".join(sorted(there))
        yield Finding(
            cause="dns-wrong-load-balancer",
            service=name,
            resource=known.host,
            summary=f"{known.host} leads to {addresses}, not to its load balancer.",
            evidence=case.evidence(known.host, addresses, ", ".join(sorted(wanted))),
            remedy=_point(case, name, known.host, led_there=_led_there(case, known.host)),
            explained_failures=failures,
        )
