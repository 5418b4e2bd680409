"""Periods of schedules; alarms, the heartbeat and late runs are judged by them.

Source: EventBridge Scheduler User Guide, "Schedule types".
"""

from __future__ import annotations

import re

EVERY, SLOW = "schedule", "schedule-slow"
"""The triggers of a schedule's runs, and of those of expensive checks."""
MINUTE = 60
DAY_MINUTES = 1440
UNITS = {"minute": 60, "hour": 3600, "day": 86400}
RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")
CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/([1-9]\d*))?")


def schedule_period(expression: str) -> int:
    """Return the longest time between two runs in seconds; a minute if it is not known."""
    return longest_gap(expression) or MINUTE


def longest_gap(expression: str) -> int | None:
    """Return the most seconds between two runs; None unless it is a rate or a daily cron.

    A cron expression that leaves out days has gaps that are too long for a heartbeat.
    """
    return max(gaps(expression), default=None)


def gaps(expression: str) -> tuple[int, ...]:
    """Return the seconds between runs, each once, shortest first; () where they are not known."""
    rate = RATE.fullmatch(expression)
    if rate:
        return (int(rate[1]) * UNITS[rate[2]],)
    runs = [60 * minute for minute in minutes_of_day(expression)]
    if not runs:
        return ()
    following = [*runs[1:], runs[0] + 60 * DAY_MINUTES]
    return tuple(sorted({b - a for a, b in zip(runs, following, strict=True)}))


def minutes_of_day(expression: str) -> tuple[int, ...]:
    """Return the minutes of the day at which a daily cron runs, earliest first; else ()."""
    cron = CRON.fullmatch(expression)
    if not cron or any(field not in ("*", "?") for field in cron.groups()[2:]):
        return ()
    minutes, hours = _values(cron[1], 60), _values(cron[2], 24)
    return tuple(sorted(60 * hour + minute for hour in hours for minute in minutes))


def is_schedule(expression: str) -> bool:
    """Return whether the scheduler accepts it: a rate, or a cron expression of six fields.

    Exactly one of the two fields of days is "?", and no other field is.
    """
    cron = CRON.fullmatch(expression)
    if not cron:
        return bool(RATE.fullmatch(expression))
    minute, hour, day, month, weekday, year = cron.groups()
    days = [day, weekday].count("?") == 1 and "?" not in (month, year)
    return days and bool(_values(minute, 60)) and bool(_values(hour, 24))


def _values(field: str, end: int) -> set[int]:
    """Return the values of a cron field ("5", "*/10", "8-18", "0,30"), none for other text."""
    found: set[int] = set()
    for part in field.split(","):
        match = PART.fullmatch(part)
        if not match:
            return set()
        first, last, step = match.groups()
        start = int(first or 0)
        # "5/10" goes on to the end, "5" stands alone
        stop = int(last) if last else end - 1 if step or first is None else start
        if start > stop or stop >= end:
            return set()
        found |= set(range(start, stop + 1, int(step or 1)))
    return found
