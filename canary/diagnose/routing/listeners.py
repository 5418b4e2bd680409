"""Listeners that are missing, and a listener that does not redirect where it must."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canary.control_plane.routing import idle_values, patterns, winner
from canary.control_plane.state import Listener, LoadBalancer, Rule
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import EDGE, Symptom
from canary.diagnose.remedies import well
from canary.diagnose.routing import listener_remedies as remedies
from canary.model import Confidence
from canary.model.urls import DEFAULT_PORTS, place

_REDIRECTS = re.compile(r"listener (\d+) redirects$")


def listeners(case: Case) -> Iterator[Finding]:
    """Report each listener that a failing host needs and its balancer lacks."""
    for name in case.services:
        balancer, host = case.balancer(name), case.host(name)
        if not balancer or not host:
            continue
        there = [f"{x.port} {x.protocol}" for x in balancer.listeners]
        seen = f"listeners: {', '.join(there) or 'none'}"
        for port, scheme in _asked(case, name):
            failures = _without_listener(case, name, balancer.name, port)
            if f"{port} {scheme.upper()}" in there or not failures:
                continue
            yield Finding(
                cause="listener-missing",
                service=name,
                resource=balancer.arn,
                confidence=_how_sure(case, name, balancer.arn, (port, scheme)),
                summary=f"The load balancer {balancer.name} has no listener for {host}:{port}.",
                evidence=case.evidence(balancer.name, seen, f"a listener on port {port}"),
                remedy=remedies.listener(case, balancer, port),
                explained_failures=failures,
            )


def _how_sure(case: Case, name: str, balancer: str, at: tuple[int, str]) -> Confidence:
    """Return how sure it is that a listener is missed: it was there, or its clients arrive here.

    Another front may stand before a load balancer, and accept for it what the name promises.
    Where the file says where to connect, no name leads elsewhere.
    """
    before = well.balancer(case, balancer)
    if before and at in {(x.port, x.protocol.lower()) for x in before.listeners}:
        return Confidence.CERTAIN
    if str(at[0]) in case.services[name].connect_to:
        return Confidence.CERTAIN
    known = next((h for h in case.state.hosts if h.host == case.host(name)), None)
    if known is None or not known.addresses or not known.balancer_addresses:
        return Confidence.LIKELY
    here = set(known.addresses) & set(known.balancer_addresses)
    return Confidence.CERTAIN if here else Confidence.POSSIBLE


def _asked(case: Case, name: str) -> list[tuple[int, str]]:
    """Return the ports and schemes at which a service is asked: its URL's first."""
    own, host = place(case.services[name].url), case.host(name)
    own_words = (f for f in case.failures if f.host == host and f.scheme in DEFAULT_PORTS)
    direct = {(f.port, f.scheme) for f in own_words}
    judged = {(p, "http") for f in case.failures if f.service == name and (p := redirect_port(f))}
    at = (own.port, own.scheme)
    return [at, *sorted((direct | judged) - {at})]


def _without_listener(case: Case, name: str, balancer: str, port: int) -> Failures:
    """Return the failures that a missing listener explains."""
    services = {n: s for n, s in case.services.items() if s.load_balancer == balancer}
    public = {n for n, s in services.items() if s.url}
    hosts = {case.host(n) for n in public}
    direct = frozenset(
        f
        for f in case.failures
        if f.host in hosts and f.port == port and (f.symptom in EDGE or not f.status)
    )
    if port != place(case.services[name].url).port:
        about = {f for f in case.failures if f.service in services and redirect_port(f) == port}
        return direct | about
    more: Failures = frozenset(
        f
        for f in case.failures
        if (f.symptom is Symptom.AUTH_UNAVAILABLE and public & f.implicated)
        or (f.symptom is Symptom.CONTROL_CERTIFICATE and f.service in public)
        or (f.symptom is Symptom.CONTROL_RULE and f.service in public and redirect_port(f) is None)
        or (f.symptom is Symptom.CONTROL_TARGETS and unused(case, f.service, balancer))
    )
    return direct | more


def unused(case: Case, service: str, balancer: str) -> bool:
    """Return whether no rule of the balancer forwards to a group of the service."""
    if service not in case.services or case.services[service].load_balancer != balancer:
        return False
    return any(t.state == "unused" for g in case.groups(service) for t in g.targets)


def redirect_port(failure: Failure) -> int | None:
    """Return the port whose redirect a failed step of a routing check is about, None for others."""
    found = _REDIRECTS.match(failure.step)
    return int(found[1]) if found and failure.symptom is Symptom.CONTROL_RULE else None


def redirects(case: Case) -> Iterator[Finding]:
    """Report each rule of a plain listener that does not redirect to the service's HTTPS address.

    Of a service whose own URL is plain HTTP no redirect is wanted.
    """
    for name in case.services:
        balancer, host = case.balancer(name), case.host(name)
        if not balancer or not host or place(case.services[name].url).scheme != "https":
            continue
        for plain in (x for x in balancer.listeners if x.protocol == "HTTP"):
            for rule, failures in _not_redirected(case, name, plain).values():
                yield _no_redirect(case, name, balancer, plain, rule, frozenset(failures))


def _not_redirected(case: Case, name: str, plain: Listener) -> dict[str, tuple[Rule, set[Failure]]]:
    """Return each rule of a plain listener that does not redirect, with its failures."""
    host, wanted = case.host(name), f"HTTPS://#{{HOST}}:{place(case.services[name].url).port}/"
    found: dict[str, tuple[Rule, set[Failure]]] = {}
    for failure in case.failures:
        direct = (failure.scheme, failure.host, failure.port) == ("http", host, plain.port)
        judged = redirect_port(failure) == plain.port and failure.service == name
        rule = winner(plain, host, failure.path if direct else "/", failure.method)
        if (direct or judged) and rule and not rule.action.redirect.upper().startswith(wanted):
            found.setdefault(rule.arn, (rule, set()))[1].add(failure)
    return found


def _no_redirect(
    case: Case, name: str, balancer: LoadBalancer, plain: Listener, rule: Rule, failures: Failures
) -> Finding:
    default = rule.priority == "default"
    return Finding(
        cause="rule-wrong-target" if default else "rule-shadowed",
        service=name,
        resource=plain.arn if default else rule.arn,
        confidence=Confidence.CERTAIN,
        summary=f"Port {plain.port} of {balancer.name} does not redirect to HTTPS"
        + ("." if default else f": rule {rule.priority} answers first."),
        evidence=case.evidence(
            f"{balancer.name}:{plain.port}",
            describe(case, rule) + f" {rule.action.redirect}",
            f"redirect to HTTPS on port {place(case.services[name].url).port}",
        ),
        shown_failures=1,
        remedy=remedies.redirect(
            case, balancer, plain, rule, place(case.services[name].url).port, _others(case, rule)
        ),
        explained_failures=failures,
    )


def _others(case: Case, rule: Rule) -> str:
    """Return what a rule takes beside the requests that a plain listener must redirect.

    These are all requests for the hosts of services whose URL is HTTPS.
    """
    hosts = {case.host(n) for n, s in case.services.items() if place(s.url).scheme == "https"}
    paths = {f.path for f in case.failures if f.scheme == "http" and f.host in hosts} | {"/"}
    return ", ".join(idle_values(rule, hosts, paths))


def describe(case: Case, rule: Rule) -> str:
    """Describe a rule in words, with the names of its target groups."""
    which = "default rule" if rule.priority == "default" else f"rule {rule.priority}"
    paths = f" ({', '.join(patterns(rule))})" if patterns(rule) else ""
    action = rule.action
    if action.type == "forward":
        return f"{which}{paths} forwards to {', '.join(_names(case, rule)) or 'nothing'}"
    detail = f" {action.status_code}" if action.status_code else ""
    return f"{which}{paths} answers with {action.type}{detail}"


def _names(case: Case, rule: Rule) -> list[str]:
    found = []
    for forward in rule.action.forwards:
        group = case.group(forward.target_group)
        found.append(group.name if group else forward.target_group.rsplit("/", 2)[-2])
    return found
