"""GetMetricData with exact names, metric math and percentiles.

Source: CloudWatch API reference, GetMetricData. Metrics Insights (`SELECT`) stays moto's.
"""

from __future__ import annotations

import functools
import math
from datetime import UTC, datetime
from typing import Any

from alarm_evaluator import MathError, Value, calculate
from emulator.metrics.store import Grid, epoch, metric, series


@functools.cache
def install() -> None:
    """Patch moto once."""
    from moto.cloudwatch.models import CloudWatchBackend

    backend: Any = CloudWatchBackend
    original = backend.get_metric_data

    def get_metric_data(
        self: Any,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampDescending",
    ) -> list[dict[str, Any]]:
        if start_time >= end_time or any(_is_insight(query) for query in queries):
            return list(original(self, queries, start_time, end_time, scan_by))
        grid = _grid(queries, epoch(start_time), epoch(end_time))
        values = _values(queries, grid, self.region_name)
        newest_first = scan_by != "TimestampAscending"
        shown = [query for query in queries if query.get("ReturnData", True)]
        return [_result(query, values[query["Id"]], grid, newest_first) for query in shown]

    backend.get_metric_data = get_metric_data


def _is_insight(query: dict[str, Any]) -> bool:
    return str(query.get("Expression", "")).startswith("SELECT")


def _grid(queries: list[dict[str, Any]], start: float, end: float) -> Grid:
    """Return whole periods around the range, with the longest period of all queries."""
    stats = [query["MetricStat"]["Period"] for query in queries if "MetricStat" in query]
    period = max([int(p) for p in stats] + [int(query.get("Period") or 1) for query in queries])
    first = math.floor(start / period) * period
    count = max(math.ceil((end - first) / period), 1)
    return Grid(end=first + count * period, period=period, count=count)


def _values(queries: list[dict[str, Any]], grid: Grid, region: str) -> dict[str, Value]:
    from moto.cloudwatch.exceptions import ValidationError

    known: dict[str, Value] = {
        query["Id"]: _measured(query["MetricStat"], grid, region)
        for query in queries
        if "MetricStat" in query
    }
    for query in (query for query in queries if "MetricStat" not in query):
        try:
            known[query["Id"]] = calculate(query["Expression"], known)
        except MathError as error:
            raise ValidationError(f"Error in expression '{query['Id']}': {error}") from error
    return known


def _measured(stat: dict[str, Any], grid: Grid, region: str) -> Value:
    which = stat["Metric"]
    dimensions = {d["Name"]: d["Value"] for d in which.get("Dimensions", [])}
    named = metric(which["Namespace"], which["MetricName"], dimensions)
    return series(named, stat["Stat"], grid, region)


def _result(query: dict[str, Any], value: Value, grid: Grid, newest_first: bool) -> dict[str, Any]:
    row = value if isinstance(value, tuple) else ()
    if isinstance(value, float):
        row = (value,) * grid.count
    points = [
        (datetime.fromtimestamp(grid.start + i * grid.period, UTC).replace(tzinfo=None), v)
        for i, v in enumerate(row)
        if v is not None and not math.isnan(v)
    ]
    if newest_first:
        points.reverse()
    default = query["MetricStat"]["Metric"]["MetricName"] if "MetricStat" in query else query["Id"]
    return {
        "id": query["Id"],
        "label": query.get("Label") or default,
        "values": [v for _, v in points],
        "timestamps": [at for at, _ in points],
        "status_code": "Complete",
    }
