"""Read CloudWatch's counts of 5xx answers by load balancers and by targets."""

from __future__ import annotations

import datetime as dt
from typing import Any

from canary.control_plane.state import ErrorCounts, LoadBalancer
from canary.observe.calls import Permission, Reader

ACTIONS = (Permission(action="cloudwatch:GetMetricData"),)  # takes no narrower resource
MINUTES = 15
_NAMES = {"elb": "HTTPCode_ELB_5XX_Count", "target": "HTTPCode_Target_5XX_Count"}


def read(
    reader: Reader, balancers: tuple[LoadBalancer, ...], now: dt.datetime
) -> tuple[ErrorCounts, ...]:
    """Return the sums of the last 15 minutes; a load balancer without errors has no metric."""
    if not balancers:
        return ()
    queries = [
        _query(f"{key}{n}", name, _dimension(b.arn))
        for n, b in enumerate(balancers)
        for key, name in _NAMES.items()
    ]
    results = reader.pages(
        "cloudwatch:GetMetricData",
        "MetricDataResults",
        MetricDataQueries=queries,
        StartTime=now - dt.timedelta(minutes=MINUTES),
        EndTime=now,
    )
    if not results:  # unread, or without a single value
        return ()
    sums: dict[str, float] = {}
    for r in results:
        sums[str(r.get("Id"))] = sums.get(str(r.get("Id")), 0.0) + sum(r.get("Values") or [])
    return tuple(
        ErrorCounts(
            load_balancer=b.name,
            balancer_5xx=sums.get(f"elb{n}", 0.0),
            target_5xx=sums.get(f"target{n}", 0.0),
            minutes=MINUTES,
        )
        for n, b in enumerate(balancers)
    )


def _dimension(arn: str) -> str:
    """Return "app/name/id": what follows "loadbalancer/" in the ARN."""
    return arn.partition(":loadbalancer/")[2]


def _query(identifier: str, metric: str, balancer: str) -> dict[str, Any]:
    return {
        "Id": identifier,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/ApplicationELB",
                "MetricName": metric,
                "Dimensions": [{"Name": "LoadBalancer", "Value": balancer}],
            },
            "Period": 60,
            "Stat": "Sum",
        },
    }
