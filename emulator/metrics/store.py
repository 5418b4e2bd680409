"""Write and read datapoints of moto's CloudWatch by namespace and dimensions.

moto's own reads mix namespaces when dimensions are given and ignore dimensions when none are, so
everything here reads the raw datapoints.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from emulator.settings import ACCOUNT, REGION

_indexing = threading.Lock()


class MetricName(msgspec.Struct, frozen=True):
    """A metric's identity in CloudWatch."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    """Sorted (name, value) pairs."""


class Grid(msgspec.Struct, frozen=True):
    """`count` periods of `period` seconds each, the last one ending at `end` (epoch s)."""

    end: float
    period: float
    count: int

    @property
    def start(self) -> float:
        """Return the beginning of the first period, in epoch seconds."""
        return self.end - self.count * self.period


def metric(namespace: str, name: str, dimensions: Mapping[str, str] | None = None) -> MetricName:
    """Return the metric of a namespace, a name and dimensions in any order."""
    return MetricName(namespace, name, tuple(sorted((dimensions or {}).items())))


def put(
    which: MetricName,
    values: Iterable[float],
    unit: str | None = None,
    at: float | None = None,
    region: str = REGION,
) -> None:
    """Add datapoints of one metric at a time in epoch seconds, by default now."""
    moment = None if at is None else datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
    datum: dict[str, Any] = {
        "MetricName": which.name,
        "Values": [float(value) for value in values],
        "Dimensions": [{"Name": k, "Value": v} for k, v in which.dimensions],
    }
    if unit:
        datum["Unit"] = unit
    if moment:
        datum["Timestamp"] = moment
    _backend(region).put_metric_data(which.namespace, [datum])


def series(
    which: MetricName, statistic: str, grid: Grid, region: str = REGION
) -> tuple[float | None, ...]:
    """Return a value for each period of the grid, oldest first, None without datapoints."""
    buckets: list[list[Any]] = [[] for _ in range(grid.count)]
    start = grid.start
    for datum in tuple(_index(region).get(which, ())):
        index = math.floor((epoch(datum.timestamp) - start) / grid.period)
        if 0 <= index < grid.count:
            buckets[index].append(datum)
    return tuple(summarize(bucket, statistic) if bucket else None for bucket in buckets)


def summarize(data: Sequence[Any], statistic: str) -> float:
    """Return a statistic over moto's datapoints; percentiles (p95) take single values alone.

    Raises ValueError for a statistic that is not supported.
    """
    values: list[float] = [datum.value for datum in data if hasattr(datum, "value")]
    sets = [datum for datum in data if not hasattr(datum, "value")]
    total = math.fsum(values) + math.fsum(s.sum for s in sets)
    count = len(values) + sum(s.sample_count for s in sets)
    simple: dict[str, float] = {
        "Sum": total,
        "SampleCount": float(count),
        "Average": total / count if count else math.nan,
        "Minimum": min([*values, *(s.min for s in sets)]),
        "Maximum": max([*values, *(s.max for s in sets)]),
    }
    if statistic in simple:
        return simple[statistic]
    if statistic.startswith("p") and statistic[1:].replace(".", "", 1).isdigit() and values:
        return _percentile(sorted(values), float(statistic[1:]) / 100)
    raise ValueError(f"statistic not supported: {statistic}")


def _percentile(ordered: Sequence[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def known(namespace: str, name: str, region: str = REGION) -> tuple[MetricName, ...]:
    """Return every metric of a name, whatever its dimensions."""
    everything = list(_index(region))
    return tuple(w for w in everything if (w.namespace, w.name) == (namespace, name))


def epoch(moment: datetime) -> float:
    """Epoch seconds of moto's timestamps, which are UTC without saying so."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _index(region: str) -> dict[MetricName, list[Any]]:
    """Return moto's datapoints by metric, from an index that the backend holds.

    moto has one list for all metrics, which every alarm would read in each round.
    """
    backend = _backend(region)
    with _indexing:
        kept = vars(backend).setdefault("datapoints_by_metric", {"read": 0, "index": {}})
        data = backend.metric_data
        index: dict[MetricName, list[Any]] = kept["index"]
        if len(data) < kept["read"]:  # somebody took datapoints away
            index.clear()
            kept["read"] = 0
        for datum in data[kept["read"] :]:
            which = MetricName(datum.namespace, datum.name, _dimensions(datum))
            index.setdefault(which, []).append(datum)
            kept["read"] += 1
        return index


def _dimensions(datum: Any) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((d.name, d.value) for d in datum.dimensions))


def _backend(region: str) -> Any:
    from moto.cloudwatch.models import cloudwatch_backends

    return cloudwatch_backends[ACCOUNT][region]
