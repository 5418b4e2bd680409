"""The alarms of a template as plain values; nothing else of the project is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

OWN = "HokusaiCanary"
Series = tuple[str, frozenset[tuple[str, str]]]
"""A metric's name and its dimensions."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric alarm as PutMetricAlarm would get it."""

    name: str
    series: Series
    total: bool  # the statistic is Sum, else Maximum
    filled: bool  # FILL(m, 0): a period without data is 0
    below: bool  # LessThanThreshold, else GreaterThanThreshold
    threshold: float
    minutes: int  # of one period
    needed: int
    periods: int
    missing: str
    route: str  # "page", "ticket" or ""


@dataclass(frozen=True, kw_only=True)
class Composite:
    """One composite alarm as PutCompositeAlarm would get it."""

    name: str
    rule: str
    route: str
    suppressor: str
    wait: float
    extension: float


@dataclass(frozen=True, kw_only=True)
class Template:
    """All alarms; composites come after the alarms that they listen to."""

    metrics: tuple[Metric, ...]
    composites: tuple[Composite, ...]

    def of(self, series: Series) -> tuple[Metric, ...]:
        """Return the alarms on one series."""
        return tuple(m for m in self.metrics if m.series == series)


def alarms_of(template: dict[str, Any]) -> Template:
    """Return the alarms of a template; raises ValueError for what it cannot replay."""
    resources = template["Resources"]
    topics = {
        name: "page" if "Page" in name else "ticket"
        for name, r in resources.items()
        if r["Type"] == "AWS::SNS::Topic"
    }
    composites = {
        name: r["Properties"]
        for name, r in resources.items()
        if r["Type"] == "AWS::CloudWatch::CompositeAlarm"
    }
    return Template(
        metrics=tuple(
            _metric(r["Properties"], topics)
            for r in resources.values()
            if r["Type"] == "AWS::CloudWatch::Alarm" and _is_own(r["Properties"])
        ),
        composites=tuple(_composite(p, topics) for p in _ordered(list(composites.values()))),
    )


def _is_own(p: dict[str, Any]) -> bool:
    """Return whether an alarm reads what the canary prints: what AWS counts is not replayed."""
    stats = [m["MetricStat"]["Metric"] for m in p.get("Metrics", ()) if "MetricStat" in m]
    return any(read.get("Namespace") == OWN for read in stats or [p])


def _ordered(composites: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each composite after those in its rule and its suppressor."""
    left, ordered = list(composites), []
    while left:
        names = [p["AlarmName"] for p in left]
        free = [p for p in left if not any(_mentions(p, n) for n in names)]
        if not free:
            raise ValueError(f"composites in a circle: {names}")
        ordered += free
        left = [p for p in left if p not in free]
    return ordered


def _mentions(composite: dict[str, Any], name: str) -> bool:
    return f'("{name}")' in composite["AlarmRule"] or composite.get("ActionsSuppressor") == name


def _route(properties: dict[str, Any], topics: dict[str, str]) -> str:
    found = {topics[a["Ref"]] for a in properties.get("AlarmActions") or ()}
    if len(found) > 1:
        raise ValueError(f"{properties['AlarmName']}: two routes")
    return next(iter(found), "")


def _metric(p: dict[str, Any], topics: dict[str, str]) -> Metric:
    read, expression = p, ""
    if "Metrics" in p:
        stats = [m["MetricStat"] for m in p["Metrics"] if "MetricStat" in m]
        (expression,) = (m["Expression"] for m in p["Metrics"] if "Expression" in m)
        read = {**stats[0]["Metric"], "Period": stats[0]["Period"], "Statistic": stats[0]["Stat"]}
    if expression not in ("", "FILL(m, 0)"):
        raise ValueError(f"{p['AlarmName']}: {expression}")
    below = {"GreaterThanThreshold": False, "LessThanThreshold": True}[p["ComparisonOperator"]]
    dimensions = read.get("Dimensions") or ()
    return Metric(
        name=p["AlarmName"],
        series=(read["MetricName"], frozenset((d["Name"], d["Value"]) for d in dimensions)),
        total={"Sum": True, "Maximum": False}[read["Statistic"]],
        filled=bool(expression),
        below=below,
        threshold=float(p["Threshold"]),
        minutes=read["Period"] // 60,
        needed=p.get("DatapointsToAlarm", p["EvaluationPeriods"]),
        periods=p["EvaluationPeriods"],
        missing=p.get("TreatMissingData", "missing"),
        route=_route(p, topics),
    )


def _composite(p: dict[str, Any], topics: dict[str, str]) -> Composite:
    return Composite(
        name=p["AlarmName"],
        rule=p["AlarmRule"],
        route=_route(p, topics),
        suppressor=p.get("ActionsSuppressor", ""),
        wait=float(p.get("ActionsSuppressorWaitPeriod", 0)),
        extension=float(p.get("ActionsSuppressorExtensionPeriod", 0)),
    )


def series(name: str, **dimensions: str) -> Series:
    """Return the key of a series."""
    return name, frozenset(dimensions.items())


def loaded(path: str) -> Template:
    """Return the alarms of a template's file."""
    with open(path, encoding="utf-8") as file:
        return alarms_of(json.load(file))
