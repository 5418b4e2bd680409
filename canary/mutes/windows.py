"""Maintenance windows: whether one is open, in a time zone with summer time.

A window begins when the clocks of its time zone show its start, and lasts so many minutes of real
time. A start that summer time skips (02:30 in the night in which it begins) is the moment at which
the clock would have shown it; of a start that comes twice the first one counts.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo

from canary.model import Day, Maintenance

DAYS = tuple(Day)


def zone_problem(name: str) -> str:
    """Return why a time zone cannot be used, "" if it can."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return f"time_zone: {name} is no time zone of the IANA database"
    return ""


def open_until(window: Maintenance, now: dt.datetime) -> dt.datetime | None:
    """Return when a window that is open at `now` (UTC) closes, None if it is not open.

    Raises ZoneInfoNotFoundError or ValueError for a time zone that is not known here.
    """
    zone = zoneinfo.ZoneInfo(window.time_zone)
    today = now.astimezone(zone).date()
    # a window of at most twelve hours began today or yesterday, by the clocks of its time zone
    for day in (today, today - dt.timedelta(days=1)):
        if window.days and DAYS[day.weekday()] not in window.days:
            continue
        begin = _moment(day, window.start, zone)
        end = begin + dt.timedelta(minutes=window.minutes)
        if begin <= now < end:
            return end
    return None


def _moment(day: dt.date, start: str, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """Return in UTC when the clocks of a zone show a time on a day."""
    local = dt.datetime.combine(day, dt.time.fromisoformat(start), tzinfo=zone)
    return local.astimezone(dt.UTC)
