"""When the runs of a process are due: what EventBridge Scheduler does for the function."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from canary.model import Frozen, Schedule
from canary.model.schedule import EVERY, SLOW, minutes_of_day, schedule_period

DAY = dt.timedelta(days=1)
START = "start"
"""The first run of a process: it asks every check, whatever was asked a moment ago."""


class Due(Frozen, frozen=True, kw_only=True):
    """A run that is due: its moment, and the event that the handler knows it by."""

    at: dt.datetime
    trigger: str
    only: tuple[str, ...] = ()

    @property
    def event(self) -> dict[str, object]:
        """Return the event of the schedule, as infra gives it to the function."""
        return {
            "trigger": self.trigger,
            "scheduled_at": self.at.isoformat(timespec="seconds"),
            "only": list(self.only),
        }


def is_known(expression: str) -> bool:
    """Return whether the moments of an expression can be told: a rate, or times of every day."""
    return expression.startswith("rate(") or bool(minutes_of_day(expression))


def following(expression: str, began: dt.datetime, after: dt.datetime) -> dt.datetime:
    """Return the first moment of an expression after another one.

    A rate counts from `began`, as a schedule's does from its creation; a cron expression means UTC.
    """
    minutes = minutes_of_day(expression)
    if not minutes:
        period = dt.timedelta(seconds=schedule_period(expression))
        return began + period * ((after - began) // period + 1)
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    moments = (
        day + dt.timedelta(minutes=minute)
        for day in (midnight, midnight + DAY)
        for minute in minutes
    )
    return next(moment for moment in moments if moment > after)


def due(
    schedule: Schedule, began: dt.datetime, last: Mapping[str, dt.datetime], now: dt.datetime
) -> tuple[Due, int]:
    """Return the next run, and how many were due before it and cannot be made up for.

    `last` is the moment of the last run by trigger. Of runs that were due while another one was
    under way only the last is carried out: what an earlier one would have seen is over.
    """
    each = [_of(*plan, began=began, last=last, now=now) for plan in _plans(schedule)]
    return min(each, key=lambda found: found[0].at)


def _plans(schedule: Schedule) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield trigger, expression and checks of each schedule, as infra makes them."""
    yield EVERY, schedule.expression, ()
    if schedule.slow_expression:
        yield SLOW, schedule.slow_expression, schedule.slow_checks


def _of(
    trigger: str,
    expression: str,
    only: tuple[str, ...],
    *,
    began: dt.datetime,
    last: Mapping[str, dt.datetime],
    now: dt.datetime,
) -> tuple[Due, int]:
    at, missed = following(expression, began, last.get(trigger, began)), 0
    while (later := following(expression, began, at)) <= now:
        at, missed = later, missed + 1
    return Due(at=at, trigger=trigger, only=only), missed
