"""Read CloudWatch's counters of Application Load Balancers, after a failure only.

AWS, "CloudWatch metrics for your Application Load Balancer": their names, their dimensions, and
that they are reported only where they are not zero. One GetMetricData takes 500 metrics.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from canary.control_plane.edge.counters import BALANCER, TARGET, Counter, counted
from canary.control_plane.state import ErrorCounts, LoadBalancer, TargetGroup
from canary.observe.calls import Permission, Reader, when

ACTIONS = (Permission(action="cloudwatch:GetMetricData"),)  # takes no narrower resource
MINUTES = 15
MOST_METRICS = 500
_ACTION = ACTIONS[0].action
_NAMES = ("HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count")


class _Asked(NamedTuple):
    balancer: LoadBalancer
    group: TargetGroup | None
    metric: str

    def query(self, number: int) -> dict[str, Any]:
        """Return one query; a name with its dimensions is one metric."""
        found = [("LoadBalancer", self.balancer.arn.partition(":loadbalancer/")[2])]
        if self.group:  # "targetgroup/name/id": the last part of its ARN
            found.append(("TargetGroup", self.group.arn.rpartition(":")[2]))
        return {
            "Id": f"m{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/ApplicationELB",
                    "MetricName": self.metric,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in found],
                },
                "Period": 60,
                "Stat": "Sum",
            },
        }


def read(
    reader: Reader,
    balancers: tuple[LoadBalancer, ...],
    groups: tuple[TargetGroup, ...],
    now: dt.datetime,
) -> tuple[Counter, ...]:
    """Return the counters of the last 15 minutes that have a value; others are unknown."""
    every = _asked(balancers, groups)
    if len(every) > MOST_METRICS:
        reader.bounded(_ACTION, "*", MOST_METRICS, "metrics")
    asked = {f"m{number}": one for number, one in enumerate(every[:MOST_METRICS])}
    if not asked:
        return ()
    results = reader.pages(
        _ACTION,
        "MetricDataResults",
        MetricDataQueries=[one.query(number) for number, one in enumerate(asked.values())],
        StartTime=now - dt.timedelta(minutes=MINUTES),
        EndTime=now,
    )
    values: dict[str, list[tuple[str, float]]] = {}
    for r in results or ():
        times = (when(t) for t in r.get("Timestamps") or ())
        own = zip(times, r.get("Values") or (), strict=False)
        values.setdefault(str(r.get("Id")), []).extend(own)
    return tuple(_counter(one, values[i]) for i, one in asked.items() if values.get(i))


def _asked(balancers: tuple[LoadBalancer, ...], groups: tuple[TargetGroup, ...]) -> list[_Asked]:
    """Return what is asked: the balancers as wholes first, then their groups."""
    whole = [_Asked(b, None, m) for b in balancers for m in (*BALANCER, *TARGET)]
    parts = [
        _Asked(b, g, m) for b in balancers for g in groups if b.arn in g.load_balancers
        for m in TARGET
    ]  # fmt: skip
    return whole + parts


def _counter(asked: _Asked, values: list[tuple[str, float]]) -> Counter:
    return Counter(
        load_balancer=asked.balancer.name,
        target_group=asked.group.name if asked.group else "",
        metric=asked.metric,
        total=float(sum(value for _, value in values)),
        minutes=MINUTES,
        newest=max(at for at, _ in values),
    )


def errors(counters: tuple[Counter, ...]) -> tuple[ErrorCounts, ...]:
    """Return the 5xx answers of each load balancer of which anything is known."""
    found = []
    for name in dict.fromkeys(c.load_balancer for c in counters):
        own, targets = (counted(counters, name, metric) for metric in _NAMES)
        if own or targets:
            found.append(
                ErrorCounts(
                    load_balancer=name,
                    balancer_5xx=own.total if own else None,
                    target_5xx=targets.total if targets else None,
                    minutes=MINUTES,
                )
            )
    return tuple(found)
