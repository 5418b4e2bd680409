"""The scope of a mute: what it covers, in words and as what a person types."""

from __future__ import annotations

from typing import Protocol

from canary.control_plane.patterns import matches
from canary.model import Scope, Suite

EVERY = "every check"
OF = ":"
"""Between the word "suite" or "service" and a name, as a person types it."""


class Covered(Protocol):
    """A check or a result of one."""

    @property
    def suite(self) -> Suite:
        """Return the suite of the check."""
        ...

    @property
    def service(self) -> str:
        """Return the service that the check asks."""
        ...


def covers(scope: Scope, check_id: str, check: Covered) -> bool:
    """Return whether a mute holds for a check."""
    if scope.check:
        return scope.check == check_id
    if scope.suite is not None:
        return scope.suite is check.suite
    if scope.service:
        return scope.service == check.service
    return bool(matches(scope.pattern, check_id)) if scope.pattern else True


def described(scope: Scope) -> str:
    """Return what a mute covers in words: "suite registration"."""
    if scope.suite is not None:
        return f"suite {scope.suite.value}"
    if scope.service:
        return f"service {scope.service}"
    return scope.check or scope.pattern or EVERY


def same(one: Scope, other: Scope) -> bool:
    """Return whether two mutes have the same scope."""
    return _key(one) == _key(other)


def scope_problem(scope: Scope, *, needed: bool) -> str:
    """Return why a scope is none: two of its keys, or none where one is `needed`; else ""."""
    given = [name for name, value in zip(NAMES, _key(scope), strict=True) if value]
    if len(given) > 1:
        return f"has {' and '.join(given)}: keep one of them"
    return f"needs one of {', '.join(NAMES)}" if needed and not given else ""


NAMES = ("check", "suite", "service", "pattern")


def _key(scope: Scope) -> tuple[str, str, str, str]:
    suite = scope.suite.value if scope.suite is not None else ""
    return (scope.check, suite, scope.service, scope.pattern)
