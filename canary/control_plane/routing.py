"""Simulate a listener: which rule takes a request, by AWS's documented conditions.

Host names are compared without regard to case, paths with; `*` is any run of characters, `?` is
exactly one; values of a condition are alternatives, conditions must all hold (AWS: Listener rules
for your Application Load Balancer).
"""

from __future__ import annotations

import re
from collections.abc import Set
from functools import lru_cache

from canary.control_plane.state import Condition, Listener, Rule


@lru_cache(maxsize=1024)
def _compiled(pattern: str, fold: bool) -> re.Pattern[str]:
    if pattern.startswith("regex:"):
        return re.compile(pattern.removeprefix("regex:"), re.IGNORECASE if fold else 0)
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile("^" + "".join(parts) + "$", re.DOTALL | (re.IGNORECASE if fold else 0))


def matches(pattern: str, value: str, *, fold: bool = False) -> bool:
    """Tell whether a value fits a pattern of a condition."""
    try:
        return bool(_compiled(pattern, fold).search(value))
    except re.error:
        return False


def holds(condition: Condition, host: str, path: str, method: str) -> bool:
    """Tell whether a condition holds for a plain request.

    The canary's probes carry no special header, query or source address, so a condition on
    these does not hold, but for the source that stands for everyone.
    """
    if condition.field == "host-header":
        return any(matches(v, host, fold=True) for v in condition.values)
    if condition.field == "path-pattern":
        return any(matches(v, path) for v in condition.values)
    if condition.field == "http-request-method":
        return method in condition.values
    if condition.field == "source-ip":
        return "0.0.0.0/0" in condition.values
    return False


def takes(rule: Rule, host: str, path: str, method: str = "GET") -> bool:
    """Tell whether a rule takes a request; the default rule takes all."""
    return all(holds(c, host, path, method) for c in rule.conditions)


def winner(listener: Listener, host: str, path: str, method: str = "GET") -> Rule | None:
    """Return the rule that takes a request: the first in order of priority, else the default."""
    numbered = [r for r in listener.rules if r.priority.isdigit()]
    for rule in sorted(numbered, key=lambda r: int(r.priority)):
        if takes(rule, host, path, method):
            return rule
    return next((r for r in listener.rules if not r.priority.isdigit()), None)


def patterns(rule: Rule) -> tuple[str, ...]:
    """Return a rule's path patterns."""
    return tuple(v for c in rule.conditions if c.field == "path-pattern" for v in c.values)


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
