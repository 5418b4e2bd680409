"""The thread that fires due schedules.

Scheduler hands an event to its target asynchronously with the schedule's role; what the target then
does with it is not Scheduler's business. A delivery that is refused is tried again and ends in the
schedule's dead-letter queue.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from emulator.periodic import PeriodicThread
from emulator.schedule_expressions import parse
from emulator.scheduler.targets import Delivery, deliver
from emulator.settings import ACCOUNT, REGION

_TICK_S = 1.0
_log = logging.getLogger(__name__)


class _Watch(msgspec.Struct):
    """State of one schedule in the loop."""

    expression: str
    last: float
    """Virtual seconds of the last round, or of the last firing of a rate."""


class SchedulerLoop(PeriodicThread):
    """A thread that fires enabled schedules; `fire_due` is one round.

    `speed` divides every interval: at 60, `rate(1 minute)` fires each second. The scheduled time
    that a target is told is the real one. `jitter` gives seconds to be late by, before division:
    AWS fires anywhere within the minute.
    """

    def __init__(
        self,
        speed: float = 1.0,
        region: str = REGION,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = lambda: 0.0,
    ) -> None:
        super().__init__("scheduler", min(max(_TICK_S / speed, 0.05), 0.5), self.fire_due)
        self._speed = speed
        self._region = region
        self._clock = clock
        self._jitter = jitter
        self._began = clock()
        self._watched: dict[str, _Watch] = {}

    def fire_due(self) -> int:
        """Fire the schedules that are due since the last round; return their number."""
        schedules = {schedule.arn: schedule for schedule in self._schedules()}
        for gone in self._watched.keys() - schedules.keys():
            del self._watched[gone]
        return sum(self._guarded(schedule) for schedule in schedules.values())

    def _schedules(self) -> list[Any]:
        from moto.scheduler.models import scheduler_backends

        groups = tuple(scheduler_backends[ACCOUNT][self._region].schedule_groups.values())
        return [schedule for group in groups for schedule in tuple(group.schedules.values())]

    def _guarded(self, schedule: Any) -> int:
        try:
            return self._look(schedule)
        except Exception as error:  # one bad schedule must not keep the others from firing
            _log.warning("schedule %s: %s", schedule.name, error)
            return 0

    def _look(self, schedule: Any) -> int:
        now = self._virtual()
        expression = parse(schedule.schedule_expression)
        watch = self._watched.get(schedule.arn)
        if watch is None or watch.expression != schedule.schedule_expression:
            # a rate fires at once when it begins, a cron at its next minute
            begin = now - expression.every_s if expression.every_s else now
            watch = self._watched[schedule.arn] = _Watch(schedule.schedule_expression, begin)
        due = self._due(expression, schedule, watch, now)
        if schedule.state != "ENABLED" or not self._in_season(schedule):
            return 0
        for _ in range(due):
            self._fire(schedule)
        return due

    def _due(self, expression: Any, schedule: Any, watch: _Watch, now: float) -> int:
        if expression.every_s:
            if now - watch.last < expression.every_s:
                return 0
            # intervals that were missed (a sleeping machine) are not made up for
            missed = (now - watch.last) // expression.every_s
            watch.last += missed * expression.every_s
            return 1
        after, until = (datetime.fromtimestamp(t, UTC) for t in (watch.last, now))
        zone = schedule.schedule_expression_timezone or "UTC"
        times = list(expression.times(after, until, zone))
        watch.last = now
        return len(times)

    def _fire(self, schedule: Any) -> None:
        moment = datetime.fromtimestamp(self._clock(), UTC).replace(microsecond=0)
        delivery = Delivery(
            schedule_arn=schedule.arn,
            target=schedule.target,
            scheduled_time=moment.isoformat().replace("+00:00", "Z"),
            execution_id=str(uuid.uuid4()),
            region=self._region,
        )
        delay = self._jitter() / self._speed
        timer = threading.Timer(delay, deliver, (delivery, self._speed))
        timer.daemon = True
        timer.start()

    def _in_season(self, schedule: Any) -> bool:
        now = self._clock()
        begin, end = _seconds(schedule.start_date), _seconds(schedule.end_date)
        return (begin is None or begin <= now) and (end is None or now < end)

    def _virtual(self) -> float:
        return self._began + (self._clock() - self._began) * self._speed


def _seconds(value: Any) -> float | None:
    if value in (None, ""):
        return None
    if isinstance(value, str):
        return datetime.fromisoformat(value).timestamp()
    return float(value)
