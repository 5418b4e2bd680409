"""Which rule of a listener takes a request.

AWS, "Condition types for listener rules": hosts compare without regard to case, paths with it;
`*` stands for any number of characters, `?` for exactly one; the values of a condition are
alternatives, the conditions of a rule must all hold; the lowest priority wins.
"""

from __future__ import annotations

import ipaddress

from canary.control_plane.state import Condition, Listener, Rule

ANYWHERE = ipaddress.ip_network("0.0.0.0/0")


class UnknownConditionError(Exception):
    """A condition that a plain request cannot be held against."""


def wildcard(pattern: str, text: str) -> bool:
    """Match with `*` and `?`, in time linear to pattern times text at worst."""
    at = seen = mark = 0
    star = -1
    while seen < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark = at, seen
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[seen]):
            at += 1
            seen += 1
        elif star >= 0:
            mark += 1
            at, seen = star + 1, mark
        else:
            return False
    return all(c == "*" for c in pattern[at:])


def condition_holds(condition: Condition, host: str, path: str, method: str) -> bool:
    """Return whether a plain request without special headers meets a condition."""
    values = condition.values
    match condition.field:
        case "host-header":
            return any(wildcard(v.lower(), host.lower()) for v in values)
        case "path-pattern":
            return any(wildcard(v, path) for v in values)
        case "http-request-method":
            return method in values
        case "source-ip":
            return any(ipaddress.ip_network(v, strict=False) == ANYWHERE for v in values)
        case "http-header" | "query-string":
            return False  # the contract's requests carry none of these
    raise UnknownConditionError(condition.field)


def order(rule: Rule) -> int:
    """Return the place of a rule; the default comes last."""
    return int(rule.priority) if rule.priority.isdigit() else 1_000_000


def taken_by(listener: Listener, host: str, path: str, method: str = "GET") -> Rule | None:
    """Return the rule that takes a request; None when the listener has not even a default."""
    for rule in sorted(listener.rules, key=order):
        if all(condition_holds(c, host, path, method) for c in rule.conditions):
            return rule
    return None
