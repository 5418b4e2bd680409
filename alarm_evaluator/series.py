"""Series of datapoints on one period grid, and metric math on them, point by point."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Final

Series = tuple[float | None, ...]
Value = float | Series | list[Series]
Number = float | None


class MathError(ValueError):
    """The expression cannot be read or is not supported; the message says which part."""


def _power(a: float, b: float) -> Number:
    result = a**b
    return result if isinstance(result, float | int) else None


ARITHMETIC: Final[Mapping[str, Callable[[float, float], Number]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: a / b if b else None,  # a division by zero yields no datapoint
    "^": _power,
    "<": lambda a, b: float(a < b),
    ">": lambda a, b: float(a > b),
    "<=": lambda a, b: float(a <= b),
    ">=": lambda a, b: float(a >= b),
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "AND": lambda a, b: float(bool(a) and bool(b)),
    "OR": lambda a, b: float(bool(a) or bool(b)),
}


def combine(function: Callable[[float, float], Number], left: Value, right: Value) -> Value:
    """Combine two values point by point; a point missing on one side is missing in the result."""
    if isinstance(left, list) or isinstance(right, list):
        return [single(combine(function, a, b)) for a, b in _pairs(left, right)]
    if isinstance(left, tuple) or isinstance(right, tuple):
        length = len(left) if isinstance(left, tuple) else len(single(right))
        points = zip(_wide(left, length), _wide(right, length), strict=True)
        return tuple(None if a is None or b is None else function(a, b) for a, b in points)
    result = function(left, right)
    return math.nan if result is None else result


def choose(condition: Value, then: Value, otherwise: Value) -> Value:
    """Return IF(condition, then, otherwise), point by point."""
    if not any(isinstance(v, tuple) for v in (condition, then, otherwise)):
        return then if condition else otherwise
    length = next(len(v) for v in (condition, then, otherwise) if isinstance(v, tuple))
    rows = zip(*(_wide(v, length) for v in (condition, then, otherwise)), strict=True)
    return tuple(None if c is None else (a if c else b) for c, a, b in rows)


def fill(series: Series, filler: Value | str) -> Series:
    """Return FILL: missing points get a value, the last point, or a value between neighbours.

    A series without any point stays empty: AWS does not document it, so an alarm that relies on
    it must treat missing data as breaching as well.
    """
    known = [i for i, v in enumerate(series) if v is not None]
    if not known:
        return series
    if filler == "REPEAT":
        return tuple(_last(series[: i + 1]) for i in range(len(series)))
    if filler == "LINEAR":
        return tuple(_between(series, known, i) for i in range(len(series)))
    values = _wide(filler, len(series)) if not isinstance(filler, str) else ()
    return tuple(b if a is None else a for a, b in zip(series, values, strict=True))


def aggregate(name: str, subject: Value) -> Value:
    """Return SUM, AVG, MIN or MAX: a number for one series, a series for several."""
    function = AGGREGATES[name]
    if isinstance(subject, list):
        columns = zip(*subject, strict=True)
        known = ([v for v in column if v is not None] for column in columns)
        return tuple(function(values) if values else None for values in known)
    values = [v for v in _wide(subject, 1) if v is not None]
    return function(values) if values else math.nan


AGGREGATES: Final[Mapping[str, Callable[[list[float]], float]]] = {
    "SUM": math.fsum,
    "AVG": lambda values: math.fsum(values) / len(values),
    "MIN": min,
    "MAX": max,
}
POINTWISE: Final[Mapping[str, Callable[[float], float]]] = {
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
}


def _last(series: Series) -> Number:
    return next((v for v in reversed(series) if v is not None), None)


def _between(series: Series, known: list[int], i: int) -> Number:
    before = max((k for k in known if k <= i), default=None)
    after = min((k for k in known if k >= i), default=None)
    if before is None or after is None:
        return None
    low, high = series[before], series[after]
    if low is None or high is None or before == after:
        return low
    return low + (high - low) * (i - before) / (after - before)


def _wide(value: Value, length: int) -> Series:
    if isinstance(value, list):
        raise MathError("several series where metric math needs one")
    return value if isinstance(value, tuple) else (value,) * length


def single(value: Value) -> Series:
    if not isinstance(value, tuple):
        raise MathError("a number where metric math needs a series")
    return value


def _pairs(left: Value, right: Value) -> list[tuple[Value, Value]]:
    if isinstance(left, list) and isinstance(right, list):
        return list(zip(left, right, strict=True))
    if isinstance(left, list):
        return [(a, right) for a in left]
    return [(left, b) for b in right] if isinstance(right, list) else []
