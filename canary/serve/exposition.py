"""A run as metrics of Prometheus, in its base units; the names follow the table of metrics.

Source: prometheus.io, "Metric and label naming", "Exposition formats".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

import canary
from canary.metrics.measure import Point, measure, measure_explained
from canary.metrics.table import METRICS, Unit
from canary.model import Report, Status, parse_time
from canary.serve.status import Served

PREFIX = "hokusai_canary"
BASE = {
    Unit.COUNT: ("", 1.0),
    Unit.MILLISECONDS: ("_seconds", 1000.0),
    Unit.PERCENT: ("_ratio", 100.0),
}
"""Unit of CloudWatch -> the ending of the name, and what a value is divided by."""


def exposed(served: Served, environment: str) -> bytes:
    """Return everything that is known as text of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(tuple(families(served, environment))))
    return generate_latest(registry)


def families(served: Served, environment: str) -> Iterable[Metric]:
    """Return the families of metrics; before the first run there are those of the process."""
    info = GaugeMetricFamily(f"{PREFIX}_info", "The version.", labels=("environment", "version"))
    info.add_metric((environment, canary.__version__), 1.0)
    yield info
    for name, meaning, value in (
        ("runs", "Runs that this process carried out.", served.runs),
        ("runs_failed", "Runs that ended without a report, by a bug or a refusal.", served.failed),
        ("runs_missed", "Runs that were due while another one was under way.", served.missed),
        ("problems", "Parts of runs that could not be published.", served.problems),
    ):
        counter = CounterMetricFamily(f"{PREFIX}_{name}", meaning, labels=("environment",))
        counter.add_metric((environment,), float(value))
        yield counter
    if served.report is not None:
        yield from _of_report(served.report)


def _of_report(report: Report) -> Iterable[Metric]:
    run = report.run
    ended = parse_time(run.finished_at)
    last = GaugeMetricFamily(
        f"{PREFIX}_last_run_timestamp_seconds", "When the last run ended.", labels=("environment",)
    )
    if ended is not None:
        last.add_metric((run.environment,), ended.timestamp())
    yield last
    yield from _of_table((*measure(report), *measure_explained(report)))
    yield from _of_checks(report)
    labels = ("environment", "cause", "confidence", "service", "resource")
    causes = GaugeMetricFamily(
        f"{PREFIX}_cause",
        "1 for each cause that the last run named, first is 1.",
        labels=(*labels, "rank"),
    )
    for rank, found in enumerate(report.diagnoses, start=1):
        values = (found.cause, found.confidence.name, found.service, found.resource)
        causes.add_metric((run.environment, *values, str(rank)), 1.0)
    yield causes


def _of_table(points: tuple[Point, ...]) -> Iterable[Metric]:
    """Return a family for each row of the table of metrics that has values."""
    for row in METRICS:
        found = [point for point in points if point.metric == row.name]
        if not found:
            continue
        ending, divisor = BASE[row.unit]
        labels = [name.lower() for name in row.dimensions]
        family = GaugeMetricFamily(
            f"{PREFIX}_{snake(row.name)}{ending}", row.meaning, labels=labels
        )
        for point in found:
            family.add_metric([value for _, value in point.dimensions], point.value / divisor)
        yield family


def _of_checks(report: Report) -> Iterable[Metric]:
    names = ("environment", "check", "suite", "severity")
    status = GaugeMetricFamily(
        f"{PREFIX}_check_status",
        "1 for the status of each check, 0 for the others.",
        labels=(*names, "status"),
    )
    lasted = GaugeMetricFamily(
        f"{PREFIX}_check_duration_seconds", "How long the check took.", labels=names
    )
    for result in report.results:
        values = (
            report.run.environment,
            result.check_id,
            result.suite.value,
            result.severity.value,
        )
        for one in Status:
            status.add_metric((*values, one.value), float(result.status is one))
        if result.status in (Status.PASS, Status.FAIL):
            lasted.add_metric(values, result.duration_ms / 1000.0)
    yield status
    yield lasted


def snake(name: str) -> str:
    """Return the name of a metric of CloudWatch as Prometheus writes it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class _Collected(Collector):
    """Families that were made already."""

    def __init__(self, made: tuple[Metric, ...]) -> None:
        self._made = made

    def collect(self) -> Iterable[Metric]:
        """Return them."""
        return self._made
