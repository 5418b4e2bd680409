"""Public host names that do not resolve, or not to their load balancer."""

from __future__ import annotations

from collections.abc import Iterator

from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.edge import where_it_leads
from canary.diagnose.remedies import build, well
from canary.model import Confidence, Remedy
from canary.model.urls import DEFAULT_PORTS


def missing(case: Case) -> Iterator[Finding]:
    """Report a host that does not resolve, while others do or AWS's own names resolve."""
    hosts = {f.host for f in case.having(Symptom.NO_NAME) if f.host}
    every = {case.host(n) for n in case.services if case.host(n)}
    answered = any(exchange.answered for _, exchange in case.exchanges)
    none = len(every) > 1 and hosts >= every and not answered
    if none and not case.state.load_balancers:
        return  # no name resolves at all: `canary_itself.egress` reports it
    for host in sorted(hosts):
        failures = frozenset(f for f in case.having(Symptom.NO_NAME) if f.host == host)
        name = _owner(case, host, failures)
        inside = host not in every and all(f.scheme not in DEFAULT_PORTS for f in failures)
        private = not inside and _may_be_private(case, name, host)
        sure = _confirmed(case, host) and not none and not private
        yield Finding(
            cause="dns-name-missing",
            service=name,
            resource=host,
            confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
            summary=f"The name {host} does not resolve."
            + where_it_leads.out_of_service(case, host),
            evidence=where_it_leads.evidence(case, host, _target(case, name)),
            shown_failures=3,
            remedy=_inside(name, host)
            if inside
            else _from_elsewhere(case, name, host)
            if private
            else _point(case, name, host),
            explained_failures=failures,
        )


def _inside(name: str, host: str) -> Remedy:
    """Return what to do about a name that no user asks for: Cloud Map's, a database's."""
    return Remedy(
        summary=f"See why {host} does not resolve for the canary.",
        decision=f"See whether {host} still exists (in Cloud Map, as the endpoint of {name}, or in"
        " a private zone), and whether its zone belongs to the canary's VPC: nowhere else does an"
        " internal name resolve.",
    )


def _may_be_private(case: Case, name: str, host: str) -> bool:
    """Return whether a name may resolve in a VPC alone, as far as the canary knows.

    An internal load balancer's record may stand in a private zone, which a desk does not ask. What
    resolved here while all was well would resolve here today.
    """
    balancer = case.balancer(name) if name in case.services else None
    before = well.well(case)
    resolved = any(h.host == host and h.addresses for h in (before.hosts if before else ()))
    return balancer is not None and balancer.scheme == "internal" and not resolved


def _from_elsewhere(case: Case, name: str, host: str) -> Remedy:
    target = _target(case, name)
    return Remedy(
        summary=f"See from where {host} resolves.",
        decision=f"{target} is internal: see whether {host} has a record in a private zone, and"
        " whether the canary asks from a VPC of that zone. Nowhere else does such a name resolve."
        f" Else set the record of {host} to {target} where its zone is kept.",
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
    target = _target(case, name)
    if seen := where_it_leads.front(case, host):
        return Remedy(
            summary=f"See what {seen} does: {host} leads there.",
            decision=f"{seen} stands before {target}. See there why it does not answer, or answers"
            f" so: its origin, its rules, its own health. Do not lead {host} past it.",
        )
    if not led_there:
        return Remedy(
            summary=f"See where {host} shall lead.",
            decision=f"See whether another front, such as a CDN, stands before {target} on purpose:"
            f" then look there. Else set the record of {host} to {target}.",
        )
    return build.remedy(
        case,
        f"Point {host} at {target}.",
        where_it_leads.back(case, host, _dns_name(case, name)),
        otherwise=f"Set the record of {host} to {target} where its zone is kept.",
    )


def _dns_name(case: Case, name: str) -> str:
    balancer = case.balancer(name) if name in case.services else None
    return balancer.dns_name if balancer else ""


def _target(case: Case, name: str) -> str:
    return _dns_name(case, name) or "its load balancer"


def elsewhere(case: Case) -> Iterator[Finding]:
    """Report a host that resolves to other addresses than its load balancer has."""
    for known in case.state.hosts:
        there, wanted = set(known.addresses), set(known.balancer_addresses)
        if not there or not wanted or there & wanted:
            continue
        failures = frozenset(f for f in case.failures if f.host == known.host and not f.error)
        led_there = _led_there(case, known.host)
        if where_it_leads.front(case, known.host) and not led_there:
            failures = frozenset(f for f in failures if not f.status)  # a front stands there
        if not failures:
            continue
        name = _owner(case, known.host, failures)
        addresses = ", ".join(sorted(there))
        yield Finding(
            cause="dns-wrong-load-balancer",
            service=name,
            resource=known.host,
            summary=f"{known.host} leads to {addresses}, not to its load balancer."
            + where_it_leads.out_of_service(case, known.host),
            evidence=(
                *case.evidence(known.host, addresses, ", ".join(sorted(wanted))),
                *where_it_leads.evidence(case, known.host, _target(case, name)),
            ),
            remedy=_point(case, name, known.host, led_there=led_there),
            explained_failures=failures,
        )
