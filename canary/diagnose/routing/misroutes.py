"""Find the rule that misroutes a path and classify the fault."""

from __future__ import annotations

from dataclasses import dataclass

from canary.control_plane.patterns import matches
from canary.control_plane.routing import patterns, takes, winner
from canary.control_plane.service_groups import receivers
from canary.control_plane.state import Listener, LoadBalancer, Rule
from canary.diagnose.core import serving
from canary.diagnose.core.case import Case
from canary.diagnose.core.failures import Failure


@dataclass(frozen=True, kw_only=True)
class Need:
    """A route of the environment, or a path that failed, and the service that must receive it."""

    host: str
    path: str
    method: str
    service: str
    pattern: str
    priority: int

    def receivers(self, case: Case) -> frozenset[str]:
        """Return the ARNs of the right target groups."""
        return receivers(case.environment, case.state, self.service)


@dataclass(frozen=True, kw_only=True)
class Misroute:
    """Paths that do not reach their service, and the rules that take them."""

    kind: str  # the cause
    balancer: LoadBalancer
    listener: Listener
    rules: tuple[Rule, ...]
    paths: list[Need]

    @property
    def shown(self) -> Need:
        """Return the path that stands for all: the first one that has a pattern."""
        return next((n for n in self.paths if n.pattern), self.paths[0])


def needs(case: Case) -> tuple[Need, ...]:
    """Return the environment's routes, then each path that failed where its service serves."""
    found = [
        Need(
            host=r.host,
            path=r.path,
            method="GET",
            service=r.service,
            pattern=r.pattern,
            priority=r.priority,
        )
        for r in case.environment.routes
        if r.service in case.services
    ]
    found += [
        _need(case, failure)
        for failure in case.failures
        if failure.entry_service in case.services and asks_its_service(case, failure)
    ]
    return tuple(dict.fromkeys(found))


def asks_its_service(case: Case, failure: Failure) -> bool:
    """Return whether a failed request went where its service serves, and not to a redirect."""
    name, host = failure.entry_service, failure.host
    return serving.is_asked_there(case, name, failure.scheme, failure.port, host)


def _need(case: Case, failure: Failure) -> Need:
    own = [r for r in case.environment.routes if r.host == failure.host and r.pattern]
    fitting = [
        r for r in own if r.service == failure.entry_service and matches(r.pattern, failure.path)
    ]
    best = max(fitting, key=lambda r: len(r.pattern), default=None)
    return Need(
        host=failure.host,
        path=failure.path,
        method=failure.method,
        service=failure.entry_service,
        pattern=best.pattern if best else "",
        priority=best.priority if best else 0,
    )


def misrouted(case: Case, need: Need) -> tuple[LoadBalancer, Listener, Rule] | None:
    """Return the rule that misroutes a path, None if the path is right or no rule is known."""
    balancer = case.balancer(need.service)
    listener = serving.listener(case, need.service, need.host)
    right = need.receivers(case)
    if not balancer or not listener or not right or not listener.rules:
        return None
    rule = winner(listener, need.host, need.path, need.method)
    if rule is None:
        return None
    if rule.action.type == "forward":
        live = [f for f in rule.action.forwards if f.weight > 0]
        if live and all(f.target_group in right for f in live):
            return None
        if need.pattern == "" and _by_design(case, need, rule):
            return None
    return balancer, listener, rule


def _by_design(case: Case, need: Need, rule: Rule) -> bool:
    """Return whether the environment gives a failed path to another service's rule."""
    known = [r for r in case.environment.routes if r.host == need.host]
    if any(r.path == need.path and r.service == need.service for r in known):
        return False
    own = {f.target_group for f in rule.action.forwards}
    return any(
        r.pattern in patterns(rule) and own <= receivers(case.environment, case.state, r.service)
        for r in known
        if r.pattern and r.service in case.services
    )


def kind_of(case: Case, need: Need, listener: Listener, rule: Rule) -> str:
    """Return the cause: the fault of the rule that takes the path."""
    if foreign := _foreign_cause(case, need, listener, rule):
        return foreign
    if rule.priority == "default":
        return _default_cause(case, need, listener, rule)
    later = [r for r in listener.rules if r is not rule and leads_right(case, need, r)]
    usual = [need.pattern] if need.pattern else []
    if any(p in patterns(rule) for p in usual):
        return "rule-wrong-target" if not _exact_later(later, usual) else "rule-shadowed"
    if later and (need.pattern == "" or _exact_later(later, usual) or _added(case, rule)):
        return "rule-shadowed"
    if _was_right(case, need, rule):
        return "rule-wrong-target"
    return _elsewhere(case, need, listener) or "rule-missing"


def known_groups(case: Case) -> frozenset[str]:
    """Return the ARNs of the groups that belong to, or serve for, a service of the file."""
    found = (receivers(case.environment, case.state, name) for name in case.services)
    return frozenset().union(*found)


def _foreign_cause(case: Case, need: Need, listener: Listener, rule: Rule) -> str:
    """Return the cause if a rule forwards to groups of no service, else an empty string."""
    live = [f.target_group for f in rule.action.forwards if f.weight > 0]
    ours = known_groups(case)
    foreign_groups = [a for a in live if a not in ours]
    if rule.action.type != "forward" or not foreign_groups:
        return ""
    named = {f.target_group for f in rule.action.forwards}  # also those of weight 0
    if need.receivers(case).intersection(named):  # some or all of the traffic is lost
        group = case.group(foreign_groups[0])
        empty = group is not None and not group.targets
        return "target-group-empty" if empty else "rule-wrong-target"
    if not reached(listener, case, need.service) and len(foreign_groups) == len(live):
        return "target-group-detached"
    return ""


def _exact_later(later: list[Rule], usual: list[str]) -> bool:
    return any(p in patterns(r) for r in later for p in usual)


def leads_right(case: Case, need: Need, rule: Rule) -> bool:
    """Return whether a rule takes the path and forwards it to the right groups alone."""
    right = need.receivers(case)
    return (
        takes(rule, need.host, need.path, need.method)
        and rule.action.type == "forward"
        and bool(rule.action.forwards)
        and all(f.target_group in right for f in rule.action.forwards if f.weight)
    )


def _default_cause(case: Case, need: Need, listener: Listener, rule: Rule) -> str:
    if rule.action.type == "forward" and not need.pattern:
        return "rule-wrong-target"
    if not need.pattern and _was_right(case, need, rule):
        return "rule-wrong-target"
    return _elsewhere(case, need, listener) or "rule-missing"


def _elsewhere(case: Case, need: Need, listener: Listener) -> str:
    """Return "rule-on-wrong-listener" if the right rule is on another listener, else ""."""
    others = [x for b in case.state.load_balancers for x in b.listeners if x.arn != listener.arn]
    rules = [r for x in others for r in x.rules if r.priority != "default"]
    return "rule-on-wrong-listener" if any(leads_right(case, need, r) for r in rules) else ""


def _was_right(case: Case, need: Need, rule: Rule) -> bool:
    return any(leads_right(case, need, r) for r in case.rules_before() if r.arn == rule.arn)


def _added(case: Case, rule: Rule) -> bool:
    """Return whether a rule is new since the previous run, or does not forward at all."""
    known = {r.arn for r in case.rules_before()}
    return rule.action.type != "forward" or (case.previous is not None and rule.arn not in known)


def reached(listener: Listener, case: Case, service: str) -> bool:
    """Return whether a rule of the listener forwards to a group of the service."""
    right = receivers(case.environment, case.state, service)
    return any(
        f.target_group in right and f.weight for r in listener.rules for f in r.action.forwards
    )
