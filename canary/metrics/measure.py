"""Calculate the metric values of a run from its report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from canary.comparison import history as past
from canary.comparison.history import LETTER
from canary.comparison.windows import DOWN, DOWN_BLOCKING, DOWN_CRITICAL, Window
from canary.metrics.table import BY_NAME, MOST_OWN, Metric
from canary.model import CheckHistory, Frozen, Report, Result, Severity, Status, by_severity
from canary.report.score import OVERALL

RECENT = DOWN.runs + 1
"""Runs for which a check that failed keeps its metric: longer than an alarm looks back."""


class Point(Frozen, frozen=True, kw_only=True):
    """One value of one metric; `dimensions` are in the table's order."""

    metric: str
    value: float
    dimensions: tuple[tuple[str, str], ...]

    @property
    def definition(self) -> Metric:
        """Return the metric's row of the table."""
        return BY_NAME[self.metric]


def measure(report: Report) -> tuple[Point, ...]:
    """Return the points of a judged run; a check whose result is reused gives none.

    They are what alarms on the platform and the heartbeat need, and no diagnosis changes them.
    """
    environment = report.run.environment
    points = [_point(name, value, environment) for name, value in _of_run(report)]
    points += [
        _point("Score", score.percent, environment, suite)
        for suite, score in report.scores.items()
        if suite != OVERALL
    ]
    points += [
        _point("CheckFailed", float(r.status is Status.FAIL), environment, r.check_id)
        for r in _with_a_metric(report)
        if not r.reused and r.status in (Status.PASS, Status.FAIL)
    ]
    return tuple(points)


def measure_explained(report: Report) -> tuple[Point, ...]:
    """Return the points that are known only after the failures of a run were explained."""
    values = {
        "RunDuration": report.run.duration_ms,
        "ReadingsDenied": float(_denied(report)),
        "StateLost": float(bool(report.comparison.note)),
    }
    return tuple(_point(name, value, report.run.environment) for name, value in values.items())


def _with_a_metric(report: Report) -> Iterable[Result]:
    """Return all results, or of very many the most severe and those that failed recently."""
    if len(report.results) <= MOST_OWN:
        return report.results
    ranked = sorted(report.results, key=lambda r: by_severity(r.severity, r.check_id))
    late = (r for r in ranked[MOST_OWN:] if _failed_recently(report, r))
    return (*ranked[:MOST_OWN], *late)


def _failed_recently(report: Report, result: Result) -> bool:
    """Return whether the check fails or recently did, so that its metric ends with a pass."""
    known = _history(report.history, result).outcomes[-RECENT:]
    return result.status is Status.FAIL or "F" in known


def _point(name: str, value: float, *values: str) -> Point:
    names = BY_NAME[name].dimensions
    return Point(metric=name, value=value, dimensions=tuple(zip(names, values, strict=True)))


def _of_run(report: Report) -> Iterator[tuple[str, float]]:
    unmuted = [r for r in report.results if not r.muted]
    ran = [r for r in report.results if not r.reused]
    judged = [r for r in ran if not r.muted]  # a mute also applies to the alarm on ERROR
    critical = [r for r in unmuted if r.severity is Severity.CRITICAL]
    yield "RunCompleted", 1.0
    yield "RequestsSent", float(report.run.requests)
    yield "CriticalFailed", _count(critical, Status.FAIL)
    yield "CriticalDown", _down(critical, report.history, DOWN_CRITICAL)
    yield "ChecksDown", _down(unmuted, report.history, DOWN)
    waiting = [r for r in unmuted if r.reused and _errs_again(report.history, r)]
    yield "ChecksErrored", _count(judged, Status.ERROR) + len(waiting)
    yield "ChecksSkipped", _count(ran, Status.SKIP)
    unstable = [r for r in unmuted if past.is_unstable(_history(report.history, r))]
    yield "UnstableChecks", float(len(unstable))
    yield "CleanupResidue", float(sum(not r.removed for r in report.residue))
    yield "OrphansRemoved", float(sum(r.removed for r in report.residue))
    yield "RunsStarved", float(report.run.cpu_starved)


def _count(results: list[Result], status: Status) -> float:
    return float(sum(r.status is status for r in results))


def _down(results: list[Result], history: dict[str, CheckHistory], window: Window) -> float:
    """Return how many checks are down in the window; blocking ones have a window of their own."""
    windows = ((r, DOWN_BLOCKING if r.blocking else window) for r in results)
    return float(sum(past.is_down(_history(history, r), own) for r, own in windows))


def _errs_again(history: dict[str, CheckHistory], result: Result) -> bool:
    """Return whether a blocking check could not be judged twice in a row.

    It keeps its cadence, so that an alarm on some minutes in a row would never hear of it.
    """
    known = _history(history, result).outcomes.replace("S", "")
    twice = LETTER[Status.ERROR] * DOWN_BLOCKING.runs
    return result.blocking and result.status is Status.ERROR and known.endswith(twice)


def _history(history: dict[str, CheckHistory], result: Result) -> CheckHistory:
    return history.get(result.check_id, CheckHistory())


def _denied(report: Report) -> int:
    unavailable = (report.platform or {}).get("unavailable", ())
    return sum(bool(u.get("denied")) for u in unavailable)
