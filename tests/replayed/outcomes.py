"""What the canary prints of outcomes: its own history, cadence and metrics, point by point."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from canary.alarms.published import selection_of
from canary.comparison import history as past
from canary.metrics.measure import Point, measure, measure_explained, state_lost
from canary.model import Check, CheckHistory, Config, Report, Result, Run, Status
from canary.plan import is_due
from tests.replayed.template import series

ANNOUNCED_S = 5.0
MIDNIGHT = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
RUN = Run(
    id="", environment="", started_at="", finished_at="", duration_ms=0.0, version="",
    trigger="schedule", status=Status.PASS,
)  # fmt: skip
Outcome = Callable[[Check, int, random.Random], Status]
"""Check, minute -> what a request of this check would find; its needs are not its own."""


@dataclass(frozen=True, kw_only=True)
class Happens:
    """What happens to the platform and to the canary, minute by minute."""

    finds: Outcome
    runs: Callable[[int], bool] = lambda _: True
    store_lost: Callable[[int], bool] = lambda _: False
    slow: Callable[[int], bool] = lambda _: False  # a run waits for time-outs
    deploying: Callable[[int], bool] = lambda _: False


@dataclass(frozen=True, kw_only=True)
class Delays:
    """How late things are, in seconds; shares are of documents of points, and of runs."""

    ingestion: tuple[float, float] = (20.0, 120.0)
    late: float = 0.01
    much_later: tuple[float, float] = (60.0, 300.0)
    lost: float = 0.001
    missed_runs: float = 0.001
    healthy_run: tuple[float, float] = (6.0, 14.0)
    failing_run: tuple[float, float] = (10.0, 30.0)
    jitter: float = 3.0  # of the scheduler, around its own second of the minute


@dataclass
class Canary:
    """A canary that runs once a minute: outcomes in, points with their arrival out."""

    config: Config
    happens: Happens
    chance: random.Random
    delays: Delays = Delays()
    history: dict[str, CheckHistory] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Choose the second of the minute, and make a good result of each check."""
        self._second = self.chance.uniform(self.delays.jitter, 60 - self.delays.jitter)
        self._good = {c.id: _result(c) for c in self.config.checks}
        self._order = needs_first(self.config.checks)
        self._last = dict(self._good)
        self._selection = selection_of(self.config)  # a cheaper profile prints other points
        for check in self.config.checks:  # a platform that has been well for an hour
            at = MIDNIGHT - dt.timedelta(seconds=self.chance.uniform(0, check.every))
            known = CheckHistory(
                outcomes="P" * 60,
                first_attempts="P" * 60,
                last_run_at=at.isoformat(),
                last_status=Status.PASS,
            )
            self.history[check.id] = known

    def run(self, minute: int) -> Iterator[tuple[Point, int, float]]:
        """Yield the points of one run: point, minute that it counts for, second of its arrival."""
        d = self.delays
        if self.happens.deploying(minute):  # a pipeline says so itself
            where = ("Environment", self.config.environment.name)
            point = Point(metric="DeployInProgress", value=1.0, dimensions=(where,))
            yield point, minute, minute * 60 + ANNOUNCED_S
        if not self.happens.runs(minute) or self.chance.random() < d.missed_runs:
            return
        fired = minute * 60 + self._second + self.chance.uniform(-d.jitter, d.jitter)
        slow = self.happens.slow(minute)
        ended = fired + self.chance.uniform(*(d.failing_run if slow else d.healthy_run))
        lost = self.happens.store_lost(minute)
        report = self._report(minute, fired, lost)
        if not lost:
            self.history = report.history
        for group in (
            measure(report, self._selection),
            measure_explained(report, self._selection),
            state_lost(report, self._selection) if lost else (),
        ):
            arrivals: dict[tuple[tuple[str, str], ...], float | None] = {}
            for point in group:
                if point.dimensions not in arrivals:
                    arrivals[point.dimensions] = self._arrival(ended)
                arrives = arrivals[point.dimensions]
                if arrives is not None:
                    yield point, minute, arrives
            ended += 1

    def _arrival(self, ended: float) -> float | None:
        """Return when a document of points can be read, None if it is lost."""
        d = self.delays
        if self.chance.random() < d.lost:
            return None
        more = self.chance.uniform(*d.much_later) if self.chance.random() < d.late else 0.0
        return ended + self.chance.uniform(*d.ingestion) + more

    def _report(self, minute: int, fired: float, lost: bool) -> Report:
        now = MIDNIGHT + dt.timedelta(seconds=fired)
        found: dict[str, Result] = {}
        for check in self._order:
            found[check.id] = self._result(check, minute, now, found)
        self._last = found
        results = tuple(found[c.id] for c in self.config.checks)
        history = past.updated(self.history, results, now.isoformat(), latency_valid=True)
        return Report(
            run=replace(RUN, environment=self.config.environment.name),
            scores={},
            results=results,
            history=history,
        )

    def _result(
        self, check: Check, minute: int, now: dt.datetime, found: dict[str, Result]
    ) -> Result:
        if not is_due(check, self.history.get(check.id), now):
            return replace(self._last[check.id], reused=True)
        if any(found[n].status is not Status.PASS for n in check.needs if n in found):
            return replace(self._good[check.id], status=Status.SKIP)
        status = self.happens.finds(check, minute, self.chance)
        good = self._good[check.id]
        return good if status is Status.PASS else replace(good, status=status)


def point_series(point: Point) -> tuple[str, frozenset[tuple[str, str]]]:
    """Return the series of a point."""
    return series(point.metric, **dict(point.dimensions))


def _result(check: Check) -> Result:
    return Result(
        check_id=check.id, title=check.title, suite=check.suite, kind=check.kind,
        service=check.service, severity=check.severity, status=Status.PASS, needs=check.needs,
        load=check.load,
    )  # fmt: skip


def needs_first(checks: tuple[Check, ...]) -> list[Check]:
    """Return checks so that each comes after those that it needs."""
    left, order, done = list(checks), [], set[str]()
    while left:
        free = [c for c in left if done.issuperset(c.needs)]
        order += free
        done |= {c.id for c in free}
        left = [c for c in left if c.id not in done]
    return order
