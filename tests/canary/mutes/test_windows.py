"""Maintenance windows: the clocks of their time zone, right through summer time."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest

from canary.model import Day, Maintenance
from canary.mutes.windows import open_until, zone_problem

BERLIN = "Europe/Berlin"


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def window(start: str, minutes: int, *days: Day, zone: str = BERLIN) -> Maintenance:
    return Maintenance(
        start=start, minutes=minutes, days=days, time_zone=zone, reason="the database is patched"
    )


def bounds(made: Maintenance, day: str) -> list[tuple[str, str]]:
    """Return each opening of a window on a day of UTC, to the minute: first minute, end."""
    found: list[tuple[str, str]] = []
    for minute in range(24 * 60):
        now = at(day) + dt.timedelta(minutes=minute)
        end = open_until(made, now)
        if end is not None and (not found or found[-1][1] != f"{end:%dT%H:%M}"):
            found.append((f"{now:%dT%H:%M}", f"{end:%dT%H:%M}"))
    return found


@pytest.mark.parametrize(
    ("start", "day", "expected"),
    [
        ("02:00", "2026-01-15", [("15T01:00", "15T03:00")]),  # UTC+1
        ("02:00", "2026-07-15", [("15T00:00", "15T02:00")]),  # UTC+2
        # the night in which summer time begins: 02:00 to 03:00 is skipped
        ("01:00", "2026-03-29", [("29T00:00", "29T02:00"), ("29T23:00", "30T01:00")]),
        ("02:30", "2026-03-29", [("29T01:30", "29T03:30")]),
        ("03:00", "2026-03-29", [("29T01:00", "29T03:00")]),
        # the night in which it ends: 02:00 to 03:00 comes twice, and the first counts
        ("02:30", "2026-10-25", [("25T00:30", "25T02:30")]),
        ("03:00", "2026-10-25", [("25T02:00", "25T04:00")]),
    ],
)
def test_a_window_of_two_hours_lasts_two_hours_by_the_clocks_of_its_zone(
    start: str, day: str, expected: list[tuple[str, str]]
) -> None:
    assert bounds(window(start, 120), day) == expected


def test_a_window_is_open_on_its_days_alone_and_over_midnight() -> None:
    night = window("23:00", 120, Day.SATURDAY)
    assert bounds(night, "2026-11-28") == [("28T22:00", "29T00:00")]  # a Saturday
    assert bounds(night, "2026-11-29") == []
    late = window("23:30", 180, Day.SATURDAY, zone="UTC")
    assert bounds(late, "2026-11-28") == [("28T23:30", "29T02:30")]
    assert bounds(late, "2026-11-29") == [("29T00:00", "29T02:30")]  # Sunday, since Saturday


def test_the_day_is_that_of_the_zone() -> None:
    """Sunday morning in Auckland is Saturday in UTC."""
    made = window("01:00", 60, Day.SUNDAY, zone="Pacific/Auckland")
    assert bounds(made, "2026-11-28") == [("28T12:00", "28T13:00")]
    assert bounds(made, "2026-11-29") == []


def test_without_days_it_opens_every_day_and_its_end_is_not_part_of_it() -> None:
    made = window("04:00", 1, zone="UTC")
    assert [bounds(made, f"2026-11-{day}") for day in (23, 24)] == [
        [("23T04:00", "23T04:01")],
        [("24T04:00", "24T04:01")],
    ]


@pytest.mark.parametrize("name", ["Europe/Nowhere", "../../etc/passwd", "", "Europe", "/UTC"])
def test_an_unknown_time_zone_is_named(name: str) -> None:
    assert zone_problem(name) == f"time_zone: {name} is no time zone of the IANA database"
    assert zone_problem(BERLIN) == ""


def test_every_zone_of_the_database_can_be_used() -> None:
    """The function has no database of its own: the bundle brings it."""
    import tzdata

    assert tzdata.IANA_VERSION and BERLIN in zoneinfo.available_timezones()
