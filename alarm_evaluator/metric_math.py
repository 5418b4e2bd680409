"""The part of CloudWatch's metric math that the alarms need, on one period grid.

Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics". A series is a tuple
of values, oldest to newest, None where a period has no datapoint. Supported: numbers, ids, [a, b],
METRICS(), + - * / ^, comparisons, AND, OR, FILL, IF, SUM, AVG, MIN, MAX, ABS, CEIL, FLOOR.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from typing import Final

from alarm_evaluator.series import (
    AGGREGATES,
    ARITHMETIC,
    POINTWISE,
    MathError,
    Value,
    aggregate,
    choose,
    combine,
    fill,
    single,
)


def calculate(expression: str, metrics: Mapping[str, Value]) -> Value:
    """Return the value of an expression over metrics by their ids. Raises MathError."""
    reader = _Reader(expression, metrics)
    value = reader.condition()
    reader.end()
    return value


_WORD: Final = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<string>"[^"]*"|'[^']*')
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>\|\||&&|<=|>=|==|!=|[-+*/^()\[\],<>]))""",
    re.VERBOSE,
)


_ALIASES: Final = {"&&": "AND", "||": "OR"}
# loosest first
_LEVELS: Final = (
    ("OR",),
    ("AND",),
    ("<", ">", "<=", ">=", "==", "!="),
    ("+", "-"),
    ("*", "/"),
    ("^",),
)


class _Reader:
    """A recursive descent parser that calculates as it reads."""

    def __init__(self, expression: str, metrics: Mapping[str, Value]) -> None:
        self._metrics = metrics
        self._words = list(_words(expression))
        self._at = 0

    def condition(self) -> Value:
        return self._level(0)

    def end(self) -> None:
        if self._peek():
            raise MathError(f"unexpected {self._peek()!r} in metric math")

    def _level(self, level: int) -> Value:
        if level == len(_LEVELS):
            return self._unary()
        left = self._level(level + 1)
        while (mark := _ALIASES.get(self._peek(), self._peek())) in _LEVELS[level]:
            self._at += 1
            left = combine(ARITHMETIC[mark], left, self._level(level + 1))
        return left

    def _unary(self) -> Value:
        if self._accept("-"):
            return combine(operator.sub, 0.0, self._unary())
        return self._atom()

    def _atom(self) -> Value:
        word = self._take()
        if word == "(":
            value = self.condition()
            self._expect(")")
            return value
        if word == "[":
            return _group(self._list("]"))
        if word[0].isdigit() or word[0] == ".":
            return float(word)
        if self._accept("("):
            return self._call(word.upper())
        if word in self._metrics:
            return self._metrics[word]
        raise MathError(f"no metric {word!r} for metric math")

    def _call(self, name: str) -> Value:
        if name == "METRICS":
            prefix = "" if self._peek() == ")" else self._take().strip("\"'")
            self._expect(")")
            named = (v for k, v in self._metrics.items() if prefix in k)
            return [v for v in named if isinstance(v, tuple)]
        if name == "FILL":
            return self._fill()
        arguments = self._list(")")
        if name == "IF":
            return choose(*_three(arguments))
        if name in AGGREGATES:
            return aggregate(name, arguments[0])
        if name in POINTWISE:
            return combine(lambda a, _: POINTWISE[name](a), arguments[0], 0.0)
        raise MathError(f"function not supported in metric math: {name}")

    def _fill(self) -> Value:
        subject = self.condition()
        self._expect(",")
        mode = self._peek().upper()
        if mode in ("REPEAT", "LINEAR"):
            self._at += 1
            filler: Value | str = mode
        else:
            filler = self.condition()
        self._expect(")")
        if isinstance(subject, list):
            return [fill(series, filler) for series in subject]
        return fill(subject, filler) if isinstance(subject, tuple) else subject

    def _list(self, end: str) -> list[Value]:
        values = [self.condition()]
        while self._accept(","):
            values.append(self.condition())
        self._expect(end)
        return values

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _take(self) -> str:
        word = self._peek()
        if not word:
            raise MathError("metric math ends too early")
        self._at += 1
        return word

    def _accept(self, mark: str) -> bool:
        found = self._peek() == mark
        self._at += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise MathError(
                f"expected {mark!r}, found {self._peek() or 'the end'!r} in metric math"
            )


def _words(expression: str) -> Sequence[str]:
    words, position, text = [], 0, expression.rstrip()
    while position < len(text):
        match = _WORD.match(text, position)
        if match is None:
            raise MathError(f"cannot read metric math at {text[position : position + 20]!r}")
        words.append(match.group().strip())
        position = match.end()
    return words


def _group(values: list[Value]) -> Value:
    return [single(v) for v in values]


def _three(arguments: list[Value]) -> tuple[Value, Value, Value]:
    if len(arguments) != 3:
        raise MathError("IF needs three arguments in metric math")
    return arguments[0], arguments[1], arguments[2]
