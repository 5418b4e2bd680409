"""Read the datapoints that an alarm evaluates, from its metric or its metric math."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from alarm_evaluator import MathError, Series, Value, calculate, evaluation_range
from emulator.metrics.store import Grid, metric, series


class Reading(msgspec.Struct, frozen=True):
    """One value for each period, oldest first, and the start of each period."""

    values: Series
    starts: tuple[float, ...]
    """Epoch seconds."""


def read(alarm: Any, now: float, speed: float, region: str) -> Reading:
    """Read an alarm's evaluation range at a time; a period lasts its length divided by `speed`.

    Raises MathError or ValueError if the metric math or the statistic cannot be calculated.
    """
    period = period_of(alarm) / speed
    count = evaluation_range(alarm.evaluation_periods)
    grid = Grid(end=math.floor(now / period) * period, period=period, count=count)
    if alarm.metric_data_queries:
        values = _widened(_calculated(alarm.metric_data_queries, grid, region), count)
    else:
        which = metric(alarm.namespace, alarm.metric_name, _pairs(alarm.dimensions))
        values = series(which, alarm.statistic or alarm.extended_statistic, grid, region)
    clean = tuple(None if v is None or math.isnan(v) else v for v in values)
    return Reading(clean, tuple(grid.start + i * period for i in range(count)))


def period_of(alarm: Any) -> int:
    """Return an alarm's period in seconds: its own, or the longest of its metrics."""
    periods = [
        int(p)
        for query in alarm.metric_data_queries
        for p in (query.period, query.metric_stat and query.metric_stat.period)
        if p
    ]
    return max(periods, default=int(alarm.period or 60))


def returned(queries: list[Any]) -> Any:
    """Return the one query whose values the alarm compares."""
    asked = [query for query in queries if query.return_data is not False]
    if len(asked) != 1:
        raise MathError("exactly one query of an alarm returns data")
    return asked[0]


def _calculated(queries: list[Any], grid: Grid, region: str) -> Value:
    known: dict[str, Value] = {
        query.id: _measured(query.metric_stat, grid, region)
        for query in queries
        if query.metric_stat
    }
    waiting = [query for query in queries if not query.metric_stat]
    while waiting:  # an expression may use another that stands after it
        left = [query for query in waiting if not _solve(query, known)]
        if len(left) == len(waiting):
            known[left[0].id] = calculate(left[0].expression, known)  # raises with the reason
        waiting = left
    return known[returned(queries).id]


def _solve(query: Any, known: dict[str, Value]) -> bool:
    try:
        known[query.id] = calculate(query.expression, known)
    except MathError:
        return False
    return True


def _measured(stat: Any, grid: Grid, region: str) -> Series:
    which = metric(stat.metric.namespace, stat.metric.metric_name, _pairs(stat.metric.dimensions))
    return series(which, stat.stat, grid, region)


def _pairs(dimensions: list[Any]) -> dict[str, str]:
    return {dimension.name: dimension.value for dimension in dimensions}


def _widened(value: Value, count: int) -> Series:
    if isinstance(value, list):
        raise MathError("several series where an alarm wants one")
    return value if isinstance(value, tuple) else (value,) * count
