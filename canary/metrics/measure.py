"""Calculate the metric values of a run from its report."""

from __future__ import annotations

from collections.abc import Iterator

from canary.comparison import history as past
from canary.comparison.history import LETTER
from canary.comparison.windows import BLIND, DOWN, DOWN_BLOCKING, window_of
from canary.metrics.profile import EVERYTHING, Selection
from canary.metrics.table import BY_NAME, Metric
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


def measure(report: Report, selection: Selection = EVERYTHING) -> tuple[Point, ...]:
    """Return the points of a judged run; a check whose result is reused gives none.

    They are what alarms on the platform and the heartbeat need, and no diagnosis changes them.
    """
    environment = report.run.environment
    own = _own(report, selection)
    points = [_point(name, value, environment) for name, value in _of_run(report)]
    points += [
        _point("Score", score.percent, environment, suite)
        for suite, score in report.scores.items()
        if suite != OVERALL
    ]
    points += _of_suites(report, own)
    points += [
        _point("CheckFailed", float(_counts(r)), environment, r.check_id)
        for r in report.results
        if (r.check_id in own or _failed_recently(report, r))
        and not r.reused
        and not r.waits
        and r.status in (Status.PASS, Status.FAIL)
    ]
    return tuple(p for p in points if selection.has(p.metric))


def measure_explained(report: Report, selection: Selection = EVERYTHING) -> tuple[Point, ...]:
    """Return the points that are known only after the failures of a run were explained."""
    values = {
        "RunDuration": report.run.duration_ms,
        "ReadingsDenied": float(_denied(report)),
        "StateLost": float(bool(report.comparison.note)),
    }
    return tuple(
        _point(name, value, report.run.environment)
        for name, value in values.items()
        if selection.has(name)
    )


def state_lost(report: Report, selection: Selection = EVERYTHING) -> tuple[Point, ...]:
    """Return the point of a run that could not become the latest one; its window begins anew."""
    point = _point("StateLost", 1.0, report.run.environment)
    return (point,) if selection.has(point.metric) else ()


def _own(report: Report, selection: Selection) -> frozenset[str]:
    """Return the checks with a metric in every run; the others have one while they fail."""
    ranked = sorted(report.results, key=lambda r: by_severity(r.severity, r.check_id))
    return frozenset(r.check_id for r in selection.own(ranked))


def _of_suites(report: Report, own: frozenset[str]) -> list[Point]:
    """Return how many checks of each suite are down that have no alarm of their own."""
    unmuted = [r for r in report.results if not r.muted]
    critical = [r for r in unmuted if r.severity is Severity.CRITICAL]
    paged = _down(critical, report.history) > 0
    found: dict[str, float] = {}
    for suite in sorted({r.suite for r in report.results}):
        rest = [r for r in unmuted if r.suite is suite and r.check_id not in own]
        found[suite.value] = 0.0 if paged else _down(rest, report.history)
    return [_point("SuiteDown", n, report.run.environment, suite) for suite, n in found.items()]


def _failed_recently(report: Report, result: Result) -> bool:
    """Return whether the check fails or recently did, so that its metric ends with a pass."""
    known = _history(report.history, result).outcomes[-RECENT:]
    return result.status is Status.FAIL or "F" in known


def _counts(result: Result) -> bool:
    """Return whether a failure counts in alarms; a mute that ends needs no deployment."""
    return result.status is Status.FAIL and not result.muted


def _point(name: str, value: float, *values: str) -> Point:
    names = BY_NAME[name].dimensions
    return Point(metric=name, value=value, dimensions=tuple(zip(names, values, strict=True)))


def _of_run(report: Report) -> Iterator[tuple[str, float]]:
    unmuted = [r for r in report.results if not r.muted]
    ran = [r for r in report.results if not r.reused]
    judged = [r for r in ran if not r.muted]  # a mute also applies to the alarm on ERROR
    critical = [r for r in unmuted if r.severity is Severity.CRITICAL]
    told = [r for r in critical if not r.waits]  # a rollout explains the others
    yield "RunCompleted", float(not _saw_nothing(ran))
    yield "RequestsSent", float(report.run.requests)
    yield "CriticalFailed", _count(told, Status.FAIL)
    yield "CriticalDown", _critical_down(critical, report.history)
    yield "ChecksDown", _down(unmuted, report.history)
    yield "ChecksBlind", float(len(blinded(report)))
    waiting = [r for r in unmuted if r.reused and _errs_again(report.history, r)]
    yield "ChecksErrored", _count(judged, Status.ERROR) + len(waiting)
    yield "ChecksSkipped", _count(ran, Status.SKIP)
    unstable = [r for r in unmuted if past.is_unstable(_history(report.history, r))]
    yield "UnstableChecks", float(len(unstable))
    yield "CleanupResidue", float(sum(not r.removed for r in report.residue))
    yield "OrphansRemoved", float(sum(r.removed for r in report.residue))
    yield "RunsStarved", float(report.run.cpu_starved)


def _saw_nothing(ran: list[Result]) -> bool:
    """Return whether a run judged no critical check of those that it carried out.

    Where none is critical, none of all. What is muted counts nowhere: who muted it knows.
    """
    awake = [r for r in ran if not r.muted]
    wanted = [r for r in awake if r.severity is Severity.CRITICAL] or awake
    return bool(wanted) and all(r.status in (Status.SKIP, Status.ERROR) for r in wanted)


def _count(results: list[Result], status: Status) -> float:
    return float(sum(r.status is status for r in results))


def _down(results: list[Result], history: dict[str, CheckHistory]) -> float:
    """Return how many checks are down, each in its own window."""
    windows = ((r, window_of(r.severity, r.load, r.alarm)) for r in results)
    return float(sum(past.is_down(_history(history, r), own) for r, own in windows))


def _critical_down(results: list[Result], history: dict[str, CheckHistory]) -> float:
    """Return how many critical checks are down; one at least while their outage goes on."""
    beside = (r for r in results if not r.blocking)
    known = ((_history(history, r), window_of(r.severity, r.load, r.alarm)) for r in beside)
    return max(_down(results, history), float(past.is_one_outage(known)))


def blinded(report: Report) -> tuple[Result, ...]:
    """Return the critical checks that were not tried for three runs, and nobody is woken for it.

    A skip is explained where a critical check that it waits for fails: that one pages.
    """
    known = {r.check_id: r for r in report.results}
    return tuple(
        r
        for r in report.results
        if r.severity is Severity.CRITICAL
        and not r.muted
        and r.status is Status.SKIP
        and _is_unseen(report.history, r)
        and not _explained(r, known)
    )


def _is_unseen(history: dict[str, CheckHistory], result: Result) -> bool:
    """Return whether a check was neither good nor bad in its last three runs."""
    known = _history(history, result).outcomes[-BLIND:]
    return len(known) == BLIND and not set(known) - {LETTER[Status.SKIP], LETTER[Status.ERROR]}


def _explained(result: Result, known: dict[str, Result]) -> bool:
    """Return whether a need of the check, or a need of that, fails and wakes somebody."""
    open_ids, seen = list(result.needs), set[str]()
    while open_ids:
        need = known.get(open_ids.pop())
        if need is None or need.check_id in seen:
            continue
        seen.add(need.check_id)
        open_ids += need.needs
        if need.status is Status.FAIL and need.severity is Severity.CRITICAL and not need.muted:
            return True
    return False


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
