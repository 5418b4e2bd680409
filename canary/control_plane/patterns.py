"""Match the patterns of a rule's conditions in linear time: they are others' words.

AWS, "Condition types for listener rules": `*` is any run of characters, `?` is exactly one. A
condition may hold a regular expression instead; CPython's matcher backtracks, and an expression of
nine characters can keep it busy for ever. RE2 never does.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

REGEX = "regex:"  # how `canary.observe` marks a value that is a regular expression


@lru_cache(maxsize=1024)
def _compiled(pattern: str, fold: bool) -> Any:
    """Return RE2's pattern, None for an expression that RE2 does not take."""
    import re2  # 10 ms of a cold start, for runs with a failed check

    options = re2.Options()
    options.case_sensitive, options.log_errors = not fold, False
    try:
        if pattern.startswith(REGEX):
            return re2.compile(pattern.removeprefix(REGEX), options)
        options.dot_nl = True
        parts = (".*" if c == "*" else "." if c == "?" else re2.escape(c) for c in pattern)
        return re2.compile(rf"\A{''.join(parts)}\z", options)
    except (re2.error, UnicodeError):
        return None


def matches(pattern: str, value: str, *, fold: bool = False) -> bool | None:
    """Return whether a value of a request fits a pattern, None where nobody can tell.

    What RE2 does not take (look-around, references back, no expression at all) is unknown.
    """
    compiled = _compiled(pattern, fold)
    if compiled is None:
        return None
    try:
        return compiled.search(value) is not None
    except UnicodeError:
        return None


def any_matches(patterns: tuple[str, ...], value: str, *, fold: bool = False) -> bool | None:
    """Return whether one of the patterns fits; where none surely does, one may be unknown."""
    found = {matches(p, value, fold=fold) for p in patterns}
    return True if True in found else None if None in found else False


def may_meet(one: str, other: str, *, fold: bool = False) -> bool:
    """Return whether some value may fit both patterns; of a regular expression nobody can tell."""
    if one.startswith(REGEX) or other.startswith(REGEX):
        return True
    if fold:
        one, other = one.casefold(), other.casefold()
    behind = _meet_at_end(other)
    for first in reversed(one):
        here = [first == "*" and behind[-1]]
        for place in reversed(range(len(other))):
            second = other[place]
            if "*" in (first, second):  # it stands for nothing, or for what the other one has
                here.insert(0, behind[place] or here[0])
            else:
                here.insert(0, (first == second or "?" in (first, second)) and behind[place + 1])
        behind = here
    return behind[0]


def _meet_at_end(pattern: str) -> list[bool]:
    """Return for each place of a pattern whether nothing fits what is left of it there."""
    return [set(pattern[place:]) <= {"*"} for place in range(len(pattern) + 1)]
