"""Which rule of a listener takes a request, by AWS's documented conditions.

AWS, "Condition types for listener rules": host names are compared without regard to case, paths
with it; `*` is any run of characters, `?` is exactly one; the values of a condition are
alternatives, the conditions of a rule must all hold; the lowest priority wins, the default rule
comes last.
"""

from __future__ import annotations

from collections.abc import Set

from canary.control_plane.patterns import any_matches, matches, may_meet
from canary.control_plane.state import Condition, Listener, LoadBalancer, PlatformState, Rule


class UnknownConditionError(Exception):
    """A condition that cannot be judged here, so that no rule can be named."""


def _holds(condition: Condition, host: str, path: str, method: str) -> bool | None:
    """Return whether a condition holds for a plain request, None where nobody can tell.

    The canary's requests carry no special header, query or source address, so a condition on
    these does not hold, but for the source that stands for everyone.
    """
    values = condition.values
    match condition.field:
        case "host-header":
            return any_matches(values, host, fold=True)
        case "path-pattern":
            return any_matches(values, path)
        case "http-request-method":
            return method in values
        case "source-ip":
            return any(v.endswith("/0") and ":" not in v for v in values)
        case "http-header" | "query-string":
            return False
    return None


def takes(rule: Rule, host: str, path: str, method: str = "GET") -> bool:
    """Return whether a rule is known to take a request; the default rule takes all."""
    return all(_holds(c, host, path, method) for c in rule.conditions)


def taken_by(listener: Listener, host: str, path: str, method: str = "GET") -> Rule | None:
    """Return the rule that takes a request, None when the listener has not even a default.

    Raises UnknownConditionError where a condition of a kind not known here decides.
    """
    for rule in sorted(listener.rules, key=order):
        held = [(c.field, _holds(c, host, path, method)) for c in rule.conditions]
        if any(holds is False for _, holds in held):
            continue
        for field, holds in held:
            if holds is None:
                raise UnknownConditionError(field)
        return rule
    return None


def winner(listener: Listener, host: str, path: str, method: str = "GET") -> Rule | None:
    """Return the rule that takes a request, None where no rule is known to."""
    try:
        return taken_by(listener, host, path, method)
    except UnknownConditionError:
        return None


def order(rule: Rule) -> int:
    """Return the place of a rule among its listener's; the default comes last."""
    return int(rule.priority) if rule.priority.isdigit() else 1_000_000


def listener_at(balancer: LoadBalancer | None, scheme: str, port: int) -> Listener | None:
    """Return the listener of a load balancer that answers a scheme on a port."""
    listeners = balancer.listeners if balancer else ()
    return next((x for x in listeners if (x.port, x.protocol) == (port, scheme.upper())), None)


def default_rule(listener: Listener | None) -> Rule | None:
    """Return a listener's default rule, None where it was not read."""
    rules = listener.rules if listener else ()
    return next((r for r in rules if r.priority == "default"), None)


def listener_of(state: PlatformState | None, arn: str) -> Listener | None:
    """Return the listener of an ARN."""
    balancers = state.load_balancers if state else ()
    return next((x for b in balancers for x in b.listeners if x.arn == arn), None)


def rule_of(state: PlatformState | None, arn: str) -> Rule | None:
    """Return the listener rule of an ARN."""
    balancers = state.load_balancers if state else ()
    return next((r for b in balancers for x in b.listeners for r in x.rules if r.arn == arn), None)


def listener_with(state: PlatformState, rule: str) -> Listener | None:
    """Return the listener that has the rule of an ARN."""
    lists = (x for b in state.load_balancers for x in b.listeners)
    return next((x for x in lists if any(r.arn == rule for r in x.rules)), None)


def patterns(rule: Rule) -> tuple[str, ...]:
    """Return a rule's path patterns."""
    return tuple(v for c in rule.conditions if c.field == "path-pattern" for v in c.values)


def host_names(rule: Rule) -> tuple[str, ...]:
    """Return the host names and patterns of a rule."""
    return tuple(v for c in rule.conditions if c.field == "host-header" for v in c.values)


def by_address(rule: Rule) -> bool:
    """Return whether host and path alone decide on a rule: a plain request can meet it."""
    return {c.field for c in rule.conditions} <= {"path-pattern", "host-header"}


def idle_values(rule: Rule, hosts: Set[str], paths: Set[str]) -> list[str]:
    """Return the path patterns and host names of a rule that fit none of these requests."""
    found: list[str] = []
    for condition in rule.conditions:
        fold = condition.field == "host-header"
        if fold or condition.field == "path-pattern":
            asked = hosts if fold else paths
            found += [
                v for v in condition.values if not any(matches(v, a, fold=fold) for a in asked)
            ]
    return found


def overlap(one: Rule, other: Rule) -> bool:
    """Return whether some request may fit both rules."""
    return all(_may_both_hold(c, d) for c in one.conditions for d in other.conditions)


def _may_both_hold(one: Condition, other: Condition) -> bool:
    """Return whether a request may fit both conditions; those of two fields always may."""
    known = ("path-pattern", "host-header", "http-request-method")
    if one.field != other.field or one.field not in known:
        return True
    fold = one.field == "host-header"
    return any(may_meet(v, w, fold=fold) for v in one.values for w in other.values)


def free_priority(
    listener: Listener, wanted: int, before: int | None = None, taken: Set[int] = frozenset()
) -> int:
    """Return a priority that no rule has: the usual one, else the nearest that still wins."""
    used = {int(r.priority) for r in listener.rules if r.priority.isdigit()} | taken
    limit = before if before is not None else 50_001
    start = wanted if 0 < wanted < limit else max(1, min(limit - 1, 100))
    for step in range(50_000):
        for candidate in (start - step, start + step):
            if 0 < candidate < limit and candidate not in used:
                return candidate
    return start
