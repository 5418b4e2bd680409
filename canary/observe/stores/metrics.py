"""Read how full stores are and how many connections they have, from CloudWatch, in one call.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from canary.control_plane.stores import Kind, Readings, Store
from canary.observe.calls import Reader

MINUTES = 60
Fields = dict[str, Any]
Counts = dict[tuple[Kind, str], Fields]


class _Metric(NamedTuple):
    field: str  # of a `Store`
    name: str
    statistic: str


_RDS = (
    _Metric("free_bytes", "FreeStorageSpace", "Minimum"),
    _Metric("connections", "DatabaseConnections", "Maximum"),
)
_CACHE = (
    _Metric("memory_percent", "DatabaseMemoryUsagePercentage", "Maximum"),
    _Metric("connections", "CurrConnections", "Maximum"),
)
# A group of caches has no metrics of its own, its members have; Aurora has no free storage.
_OF_KIND: dict[Kind, tuple[str, str, tuple[_Metric, ...]]] = {
    Kind.INSTANCE: ("AWS/RDS", "DBInstanceIdentifier", _RDS),
    Kind.NODES: ("AWS/ElastiCache", "CacheClusterId", _CACHE),
}


def read(reader: Reader, stores: tuple[Store, ...], now: dt.datetime) -> Counts:
    """Return the fields of stores that CloudWatch tells, by the store's kind and id."""
    asked = {
        f"m{n}x{k}": (store, metric)
        for n, store in enumerate(stores)
        for k, metric in enumerate(_metrics(store))
    }
    if not asked:
        return {}
    results = reader.pages(
        "cloudwatch:GetMetricData",
        "MetricDataResults",
        MetricDataQueries=[_query(i, *what) for i, what in asked.items()],
        StartTime=now - dt.timedelta(minutes=MINUTES),
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    values: dict[str, list[float]] = {}
    for result in results or ():
        values.setdefault(str(result.get("Id")), []).extend(result.get("Values") or [])
    found: Counts = {}
    for identifier, (store, metric) in asked.items():
        if own := values.get(identifier):
            told = Readings(latest=own[0], least=min(own), most=max(own))
            found.setdefault((store.kind, store.id), {})[metric.field] = told
    return found


def _metrics(store: Store) -> tuple[_Metric, ...]:
    return _OF_KIND[store.kind][2] if store.kind in _OF_KIND else ()


def _query(identifier: str, store: Store, metric: _Metric) -> Fields:
    namespace, dimension, _ = _OF_KIND[store.kind]
    return {
        "Id": identifier,
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": dimension, "Value": store.id}],
            },
            "Period": 60,
            "Stat": metric.statistic,
        },
    }
