"""Print metric points in the embedded metric format (EMF), through Powertools.

One document for each dimension set: Powertools' `add_dimensions` would append a second set to the
first, a service name in the environment would become a dimension, and a NaN would make the
document invalid JSON, and CloudWatch drops all its metrics without an error.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

from canary.metrics.measure import Point
from canary.metrics.table import NAMESPACE

MOST = 99
"""Metrics in one document; at 100 Powertools prints the document by itself."""


def emit(points: Iterable[Point], run_id: str, out: Callable[[str], None] = print) -> None:
    """Print every point; `run_id` is a property, which costs nothing, and never a dimension."""
    for document in documents(points, run_id):
        out(document)


def documents(points: Iterable[Point], run_id: str) -> list[str]:
    """Return the EMF documents, one for each dimension set."""
    by_set: dict[tuple[tuple[str, str], ...], list[Point]] = {}
    for point in points:
        if math.isfinite(point.value):
            by_set.setdefault(point.dimensions, []).append(point)
    return [
        _document(dimensions, found[start : start + MOST], run_id)
        for dimensions, found in by_set.items()
        for start in range(0, len(found), MOST)
    ]


def _document(dimensions: tuple[tuple[str, str], ...], points: list[Point], run_id: str) -> str:
    provider = AmazonCloudWatchEMFProvider(namespace=NAMESPACE)
    provider.service = ""
    for name, value in dimensions:
        provider.add_dimension(name, value)
    for point in points:
        provider.add_metric(point.metric, point.definition.unit.value, point.value)
    provider.add_metadata("run_id", run_id)
    return json.dumps(provider.serialize_metric_set(), separators=(",", ":"))
