"""Print metric points in the embedded metric format (EMF), through Powertools.

One document for each dimension set: Powertools' `add_dimensions` would append a second set to the
first, a service name in the environment would become a dimension, and a NaN would make the
document invalid JSON, and CloudWatch drops all its metrics without an error.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Iterable

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

from canary.metrics.measure import Point
from canary.metrics.table import NAMESPACE
from canary.model import Run, parse_time

FARTHEST = dt.timedelta(minutes=15)
"""A scheduled time farther from the run's start is no longer its own."""
MOST = 99
"""Metrics in one document; at 100 Powertools prints the document by itself."""


def emit(points: Iterable[Point], run: Run, out: Callable[[str], None] = print) -> None:
    """Print every point; the run's id is a property, which costs nothing, and never a dimension."""
    for document in documents(points, run.id, moment_of(run)):
        out(document)


def moment_of(run: Run) -> int:
    """Return the moment for which a run was scheduled, in milliseconds since 1970; 0 for none.

    Its points count for the minute of that moment, however long the run took: a period is neither
    empty nor filled twice because a run ended beyond its minute.
    """
    planned, began = parse_time(run.scheduled_at), parse_time(run.started_at)
    if planned is None or began is None or abs(began - planned) > FARTHEST:
        return 0
    return round(planned.timestamp() * 1000)


def documents(points: Iterable[Point], run_id: str, at: int = 0) -> list[str]:
    """Return the EMF documents, one for each dimension set; `at` 0 stands for now."""
    by_set: dict[tuple[tuple[str, str], ...], list[Point]] = {}
    for point in points:
        if math.isfinite(point.value):
            by_set.setdefault(point.dimensions, []).append(point)
    return [
        _document(dimensions, found[start : start + MOST], run_id, at)
        for dimensions, found in by_set.items()
        for start in range(0, len(found), MOST)
    ]


def _document(
    dimensions: tuple[tuple[str, str], ...], points: list[Point], run_id: str, at: int
) -> str:
    provider = AmazonCloudWatchEMFProvider(namespace=NAMESPACE)
    provider.service = ""
    provider.timestamp = at or None
    for name, value in dimensions:
        provider.add_dimension(name, value)
    for point in points:
        provider.add_metric(point.metric, point.definition.unit.value, point.value)
    provider.add_metadata("run_id", run_id)
    return json.dumps(provider.serialize_metric_set(), separators=(",", ":"))
