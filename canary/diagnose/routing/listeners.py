"""Listeners on 443 and 80 that are missing, and a port 80 that does not redirect."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.routing import patterns, winner
from canary.control_plane.state import Listener, LoadBalancer, Rule
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import EDGE, Symptom
from canary.diagnose.routing import listener_remedies as remedies
from canary.model import Confidence


def listeners(case: Case) -> Iterator[Finding]:
    """Report each listener (443, 80) that a failing host needs and its balancer lacks."""
    for name in case.services:
        balancer, host = case.balancer(name), case.host(name)
        if not balancer or not host:
            continue
        there = [f"{x.port} {x.protocol}" for x in balancer.listeners]
        seen = f"listeners: {', '.join(there) or 'none'}"
        for port, protocol in ((443, "HTTPS"), (80, "HTTP")):
            failures = _without_listener(case, balancer.name, port)
            if f"{port} {protocol}" in there or not failures:
                continue
            yield Finding(
                cause="listener-missing",
                service=name,
                resource=balancer.arn,
                confidence=Confidence.CERTAIN,
                summary=f"The load balancer {balancer.name} has no listener for {host}:{port}.",
                evidence=case.evidence(balancer.name, seen, f"a listener on port {port}"),
                remedy=remedies.listener(case, name, balancer, port),
                explained_failures=failures,
            )


def _without_listener(case: Case, balancer: str, port: int) -> Failures:
    """Return the failures that a missing listener explains."""
    services = {n: s for n, s in case.services.items() if s.load_balancer == balancer}
    public = {n for n, s in services.items() if s.url}
    hosts = {case.host(n) for n in public}
    direct = frozenset(
        f
        for f in case.failures
        if f.host in hosts and f.port == port and (f.symptom in EDGE or not f.status)
    )
    if port != 443:
        return direct | {f for f in case.failures if f.service in services and about_port_80(f)}
    more: Failures = frozenset(
        f
        for f in case.failures
        if (f.symptom is Symptom.AUTH_UNAVAILABLE and public & f.implicated)
        or (f.symptom is Symptom.CONTROL_CERTIFICATE and f.service in public)
        or (f.symptom is Symptom.CONTROL_RULE and f.service in public and not about_port_80(f))
        or (f.symptom is Symptom.CONTROL_TARGETS and unused(case, f.service, balancer))
    )
    return direct | more


def unused(case: Case, service: str, balancer: str) -> bool:
    """Return whether no rule of the balancer forwards to a group of the service."""
    if service not in case.services or case.services[service].load_balancer != balancer:
        return False
    return any(t.state == "unused" for g in case.groups(service) for t in g.targets)


def about_port_80(failure: Failure) -> bool:
    """Return whether a failed step of a routing check is about the redirect of port 80."""
    return failure.symptom is Symptom.CONTROL_RULE and failure.step.startswith("listener 80")


def redirects(case: Case) -> Iterator[Finding]:
    """Report each rule on port 80 that does not redirect to HTTPS."""
    for name in case.services:
        balancer, host = case.balancer(name), case.host(name)
        plain = next((x for x in balancer.listeners if x.port == 80), None) if balancer else None
        if not balancer or not plain or not host:
            continue
        found: dict[str, tuple[Rule, set[Failure]]] = {}
        for failure in case.failures:
            direct = failure.scheme == "http" and failure.host == host
            if not direct and not (about_port_80(failure) and failure.service == name):
                continue
            path = failure.path if direct else "/"
            rule = winner(plain, host, path, failure.method)
            if rule and not rule.action.redirect.upper().startswith("HTTPS://#{HOST}:443/"):
                found.setdefault(rule.arn, (rule, set()))[1].add(failure)
        for rule, failures in found.values():
            yield _no_redirect(case, name, balancer, plain, rule, frozenset(failures))


def _no_redirect(
    case: Case, name: str, balancer: LoadBalancer, plain: Listener, rule: Rule, failures: Failures
) -> Finding:
    default = rule.priority == "default"
    return Finding(
        cause="rule-wrong-target" if default else "rule-shadowed",
        service=name,
        resource=plain.arn if default else rule.arn,
        confidence=Confidence.CERTAIN,
        summary=f"Port 80 of {balancer.name} does not redirect to HTTPS"
        + ("." if default else f": rule {rule.priority} answers first."),
        evidence=case.evidence(
            f"{balancer.name}:80",
            describe(case, rule) + f" {rule.action.redirect}",
            "redirect to HTTPS on port 443",
        ),
        shown_failures=1,
        remedy=remedies.redirect(case, balancer, plain, rule),
        explained_failures=failures,
    )


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
