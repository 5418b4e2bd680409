"""Faults of listeners and rules as the answers show them, where AWS was not read."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.failures import Failure, entry_service_of
from canary.diagnose.core.finding import NETWORK, TLS_EDGE, Finding
from canary.diagnose.core.symptoms import CONTROL, DOWN, Symptom
from canary.diagnose.routing import rule_remedies as remedies
from canary.model import Remedy
from canary.model.urls import DEFAULT_PORTS

_LISTENERS = (
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeListeners",
)
_RULES = (
    *_LISTENERS,
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
)


def closed_ports(case: Case) -> Iterator[Finding]:
    """Report each port of a host that lets no connection in, while another port or host answers."""
    if case.read(*_LISTENERS):
        return
    answered = {_answered(e.url) for _, e in case.exchanges if e.status}
    for name in case.services:
        closed = case.having(Symptom.REFUSED, Symptom.NO_CONNECTION)
        own = {
            _asked(f)
            for f in closed
            if f.host and entry_service_of(case.environment, f.host, "", f.port) == name
        }
        for at in sorted(own - answered if answered else ()):
            yield _closed(case, name, frozenset(f for f in closed if _asked(f) == at))


def _asked(failure: Failure) -> tuple[str, str, int]:
    return failure.scheme, failure.host, failure.port


def _answered(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    return parts.scheme, parts.hostname or "", port


def _closed(case: Case, name: str, failures: Failures) -> Finding:
    first = min(failures, key=lambda f: f.position)
    refused = any(f.symptom is Symptom.REFUSED for f in failures)
    why = "are refused: nothing listens there" if refused else "are dropped on the way"
    balancer = case.services[name].load_balancer
    port = "" if first.port == DEFAULT_PORTS.get(first.scheme) else f":{first.port}"
    every = frozenset(f for f in case.failures if _asked(f) == _asked(first))
    if _asked(first) == _answered(case.services[name].url):  # by it its callers ask the service
        every |= case.failures_of_outage(name)
    return Finding(
        cause="listener-missing" if refused else "security-group-blocked",
        service=name,
        resource=balancer or first.host,
        summary=f"Connections to {first.scheme}://{first.host}{port} {why}.",
        remedy=Remedy(
            summary=f"Look at the load balancer of {name}.",
            inspect=remedies.look(case, balancer).inspect,
            decision=f"See whether {first.host} resolves to the addresses of its load balancer, and"
            " whether that has a listener for this port and a security group that lets it in.",
        ),
        explained_failures=every,
        rank=TLS_EDGE if refused else NETWORK,
    )


def misroutes(case: Case) -> Iterator[Finding]:
    """Report rules that are missing, or lead past the service that has to answer."""
    if case.read(*_RULES):
        return
    for cause, symptom, summary in (
        ("rule-missing", Symptom.BALANCER_404, "The load balancer has no rule for {path}."),
        ("rule-wrong-target", Symptom.MLFLOW_404, "{path} reaches MLflow past the API."),
    ):
        for service in case.entry_services(symptom):
            failures = case.having(symptom, entry=service)
            first = min(failures, key=lambda f: (f.path, f.check_id))
            balancer = case.services[service].load_balancer if service in case.services else ""
            yield Finding(
                cause=cause,
                service=service,
                resource=balancer or first.host,
                summary=summary.format(path=first.path) + " The rules could not be read.",
                remedy=remedies.look(case, balancer),
                explained_failures=failures | _beside(case, service, failures),
            )


def _beside(case: Case, service: str, misrouted: Failures) -> Failures:
    """Return the other odd answers of a service below the same first part of the path.

    The rule that takes some of these paths away may take them all; what it leads to answers them.
    """
    taken = {_first_part(f) for f in misrouted}
    return frozenset(
        f
        for f in case.failures
        if f.entry_service == service
        and f.status
        and f.symptom not in DOWN | CONTROL
        and _first_part(f) in taken
    )


def _first_part(failure: Failure) -> tuple[str, str]:
    return failure.host, failure.path.split("/")[1] if failure.path else ""
