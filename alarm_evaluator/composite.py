"""The rule of a composite alarm: parse it once, evaluate it on the states of its children.

Grammar (PutCompositeAlarm, AlarmRule): ALARM(x), OK(x), INSUFFICIENT_DATA(x), TRUE, FALSE, AND, OR,
NOT and parentheses; x is a name or an ARN, quoted or not. NOT binds before AND, AND before OR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from alarm_evaluator.states import ALARM, INSUFFICIENT_DATA, OK, State


class RuleError(ValueError):
    """The rule's text does not follow the grammar; the message says where."""


class Constant(msgspec.Struct, frozen=True):
    """TRUE or FALSE."""

    value: bool


class Child(msgspec.Struct, frozen=True):
    """One alarm in one state, by name or ARN."""

    alarm: str
    state: State


class Not(msgspec.Struct, frozen=True):
    """The opposite of a rule."""

    rule: Rule


class Both(msgspec.Struct, frozen=True):
    """Two rules joined by AND."""

    left: Rule
    right: Rule


class Either(msgspec.Struct, frozen=True):
    """Two rules joined by OR."""

    left: Rule
    right: Rule


Rule = Constant | Child | Not | Both | Either

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<quoted>\"[^\"]*\"|'[^']*')|(?P<mark>[()])|(?P<word>[^\s()]+))"
)
_STATES: Final[Mapping[str, State]] = {
    "ALARM": ALARM,
    "OK": OK,
    "INSUFFICIENT_DATA": INSUFFICIENT_DATA,
}


def parse_rule(text: str) -> Rule:
    """Parse the text of a rule. Raises RuleError."""
    tokens = list(_tokens(text))
    rule, rest = _either(tokens, 0)
    if rest != len(tokens):
        raise RuleError(f"unexpected {tokens[rest]!r} in alarm rule")
    return rule


def holds(rule: Rule, states: Mapping[str, State]) -> bool:
    """Return whether the rule is true; a child that is not in `states` is in no state."""
    if isinstance(rule, Constant):
        return rule.value
    if isinstance(rule, Child):
        return states.get(rule.alarm) == rule.state
    if isinstance(rule, Not):
        return not holds(rule.rule, states)
    if isinstance(rule, Both):
        return holds(rule.left, states) and holds(rule.right, states)
    return holds(rule.left, states) or holds(rule.right, states)


def children(rule: Rule) -> tuple[str, ...]:
    """Return the alarms in the rule, each once, in the order of their first mention."""
    return tuple(dict.fromkeys(_named(rule)))


def _named(rule: Rule) -> Iterator[str]:
    if isinstance(rule, Child):
        yield rule.alarm
    elif isinstance(rule, Not):
        yield from _named(rule.rule)
    elif isinstance(rule, Both | Either):
        yield from _named(rule.left)
        yield from _named(rule.right)


def _tokens(text: str) -> Iterator[str]:
    """Yield the tokens: whatever is no space belongs to one."""
    yield from (found.group().strip() for found in _TOKEN.finditer(text))


def _either(tokens: list[str], at: int) -> tuple[Rule, int]:
    left, at = _both(tokens, at)
    while _peek(tokens, at) == "OR":
        right, at = _both(tokens, at + 1)
        left = Either(left, right)
    return left, at


def _both(tokens: list[str], at: int) -> tuple[Rule, int]:
    left, at = _single(tokens, at)
    while _peek(tokens, at) == "AND":
        right, at = _single(tokens, at + 1)
        left = Both(left, right)
    return left, at


def _single(tokens: list[str], at: int) -> tuple[Rule, int]:
    word = _peek(tokens, at)
    if word == "NOT":
        rule, at = _single(tokens, at + 1)
        return Not(rule), at
    if word == "(":
        rule, at = _either(tokens, at + 1)
        return rule, _expect(tokens, at, ")")
    if word in ("TRUE", "FALSE"):
        return Constant(word == "TRUE"), at + 1
    if word in _STATES:
        return _child(tokens, at, _STATES[word])
    raise RuleError(f"expected a condition, found {word or 'the end'!r} in alarm rule")


def _child(tokens: list[str], at: int, state: State) -> tuple[Rule, int]:
    at = _expect(tokens, at + 1, "(")
    name = _peek(tokens, at)
    if name in ("", "(", ")"):
        raise RuleError("an alarm's name is missing in alarm rule")
    return Child(name.strip("\"'"), state), _expect(tokens, at + 1, ")")


def _expect(tokens: list[str], at: int, mark: str) -> int:
    if _peek(tokens, at) != mark:
        raise RuleError(
            f"expected {mark!r}, found {_peek(tokens, at) or 'the end'!r} in alarm rule"
        )
    return at + 1


def _peek(tokens: list[str], at: int) -> str:
    return tokens[at] if at < len(tokens) else ""
