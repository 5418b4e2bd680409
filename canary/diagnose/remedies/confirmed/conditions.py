"""Conditions of rules: which requests they take, and what the file confirms of them."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.patterns import REGEX, any_matches
from canary.control_plane.state import LoadBalancer, Rule
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Parameters
from canary.diagnose.remedies.rules import condition_json
from canary.model import Service
from canary.model.urls import place

_FIELDS = {"path-pattern": "PathPatternConfig", "host-header": "HostHeaderConfig"}
_WHO = ("source-ip", "http-header")
"""Conditions that often decide who may pass: an address, a front's secret header."""
_ANY_PATH = ("/x7f3/none/a", "/q1/b/c")  # no program has these: who takes both takes all
_ANY_HOST = ("x7f3.none.example", "q1.example")


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


def lost(
    case: Case, balancer: LoadBalancer | None, now: Rule, wanted: list[Parameters]
) -> Iterator[str]:
    """Yield the conditions about who asks, and for which host, that a rule has now and would lose.

    Where the file has all its paths as routes, its checks ask them without an address or a header.
    """
    paths = {v for c in wanted for v in (c.get("PathPatternConfig") or {}).get("Values", [])}
    if paths and paths <= {r.pattern for r in case.environment.routes}:
        return
    there = [condition_json(c) for c in now.conditions]
    for condition in now.conditions:
        if condition.field in _WHO and condition_json(condition) not in wanted:
            yield f"only the past tells that it was without the {condition.field} that it has now"
    hosts = values(there, "host-header")
    if hosts and not _all(hosts, _ANY_HOST) and _all_hosts(wanted):
        kept_out = [
            (host, path)
            for host, path in asked(case, balancer)
            if host
            and may_take(wanted, host, path)
            and not may_take(there, host, path)
            and any_matches(hosts, host, fold=True) is False
        ]
        if not kept_out:
            yield "only the past tells that it was without the host-header that it has now"


def widened(
    case: Case,
    balancer: LoadBalancer | None,
    now: Rule | None,
    wanted: list[Parameters],
    groups: list[str],
) -> Iterator[str]:
    """Yield that a rule would lead every path to its groups, where only the past tells that.

    `now`: the rule as it is, None where it is created again.
    """
    paths = values(wanted, "path-pattern")
    if not groups or not _all_paths(wanted):
        return
    if now and _all_paths([condition_json(c) for c in now.conditions]):
        return
    every = {v for v in paths if _all((v,), _ANY_PATH)}
    named = {r.pattern for r in case.environment.routes}
    living = [
        values([condition_json(c) for c in r.conditions], "path-pattern")
        for x in (balancer.listeners if balancer else ())
        for r in x.rules
        if r.priority.isdigit() and (now is None or r.arn != now.arn)
    ]
    if (every and every <= named) or paths in living:
        return
    if not any(_whole(case, n, s, wanted, groups) for n, s in _behind(case, balancer)):
        said = ", ".join(sorted(every)) or "every path"
        yield f"only the past tells that a rule took {said}"


def _behind(case: Case, balancer: LoadBalancer | None) -> list[tuple[str, Service]]:
    name = balancer.name if balancer else ""
    return [(n, s) for n, s in case.services.items() if s.url and s.load_balancer == name]


def _whole(
    case: Case, name: str, service: Service, wanted: list[Parameters], groups: list[str]
) -> bool:
    """Return whether the file has a whole host for a service: no path, no pattern of its own."""
    hosts = values(wanted, "host-header")
    own = not hosts or any_matches(hosts, case.host(name), fold=True) is True
    patterns = any(r.pattern for r in case.environment.routes if r.service == name)
    root = place(service.url).path == "/"
    return own and root and not patterns and set(groups) <= {g.arn for g in case.groups(name)}


def _all_paths(conditions: list[Parameters]) -> bool:
    paths = values(conditions, "path-pattern")
    return not paths or any(_all((p,), _ANY_PATH) for p in paths)


def _all_hosts(conditions: list[Parameters]) -> bool:
    hosts = values(conditions, "host-header")
    return not hosts or any(_all((h,), _ANY_HOST) for h in hosts)


def _all(patterns: tuple[str, ...], samples: tuple[str, ...]) -> bool:
    """Return whether patterns may take all these samples, and so anything."""
    return all(any_matches(patterns, sample, fold=True) is not False for sample in samples)
