"""Conditions of rules: which requests they take, and what the file confirms of them."""

from __future__ import annotations

from canary.control_plane.patterns import REGEX, any_matches
from canary.control_plane.state import LoadBalancer
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Parameters

_FIELDS = {"path-pattern": "PathPatternConfig", "host-header": "HostHeaderConfig"}


def values(conditions: list[Parameters], field: str) -> tuple[str, ...]:
    """Return the values of the conditions of a field, as `control_plane.state` writes them."""
    configs = [c.get(_FIELDS[field]) or {} for c in conditions if c.get("Field") == field]
    plain = [str(v) for c in configs for v in c.get("Values") or []]
    return (*plain, *(f"{REGEX}{v}" for c in configs for v in c.get("RegexValues") or []))


def may_take(conditions: list[Parameters], host: str, path: str) -> bool:
    """Return whether conditions may take a request; those of other fields may always hold."""
    hosts, paths = values(conditions, "host-header"), values(conditions, "path-pattern")
    of_host = not hosts or not host or any_matches(hosts, host, fold=True) is not False
    return of_host and (not paths or any_matches(paths, path) is not False)


def asked(case: Case, balancer: LoadBalancer | None) -> list[tuple[str, str]]:
    """Return the hosts and paths that the file asks at a load balancer."""
    name = balancer.name if balancer else ""
    own = {n: s for n, s in case.services.items() if s.load_balancer == name}
    found = [(r.host, r.path) for r in case.environment.routes if r.service in own]
    found += [(case.host(n), s.health_path or "/") for n, s in own.items() if s.url]
    return found


def takes_a_route(case: Case, balancer: LoadBalancer | None, conditions: list[Parameters]) -> bool:
    """Return whether conditions may take a request that the file asks at a load balancer."""
    return any(may_take(conditions, host, path) for host, path in asked(case, balancer))
