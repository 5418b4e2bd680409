"""Parse schedule expressions such as rate(...), cron(...) and at(...).

Source: EventBridge Scheduler user guide, "Schedule types". Cron has six fields, minutes hours
day-of-month month day-of-week year; the cron of an alarm mute rule has the first five.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

_UNITS = {"minute": 60, "hour": 3600, "day": 86_400}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_MINUTE = timedelta(minutes=1)


class Field(msgspec.Struct, frozen=True):
    """The values that one cron field allows; `last` stands for L, `any` for * and ?."""

    values: frozenset[int]
    any: bool = False
    last: bool = False


class Expression(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed expression: exactly one of the three is set."""

    every_s: int = 0
    at: datetime | None = None
    """Without a time zone: local to the schedule's."""
    cron: tuple[Field, ...] = ()

    def fires_between(self, after: datetime, until: datetime, zone: str = "UTC") -> bool:
        """Return whether a cron or at expression fires in (after, until]."""
        return next(self.times(after, until, zone), None) is not None

    def times(self, after: datetime, until: datetime, zone: str = "UTC") -> Iterator[datetime]:
        """Yield the times at which a cron or at expression fires in (after, until], in UTC."""
        where = ZoneInfo(zone)
        if self.at is not None:
            moment = self.at.replace(tzinfo=where).astimezone(UTC)
            if after < moment <= until:
                yield moment
        elif self.cron:
            moment = after.replace(second=0, microsecond=0) + _MINUTE
            while moment <= until:
                if self._matches(moment.astimezone(where)):
                    yield moment
                moment += _MINUTE

    def _matches(self, local: datetime) -> bool:
        minute, hour, day, month, weekday, year = self.cron
        last_day = (local + timedelta(days=1)).month != local.month
        return (
            _allows(minute, local.minute)
            and _allows(hour, local.hour)
            and (_allows(day, local.day) or (day.last and last_day))
            and _allows(month, local.month)
            and _allows(weekday, local.isoweekday() % 7 + 1)
            and _allows(year, local.year)
        )


@functools.cache
def parse(text: str, fields: int = 6) -> Expression:
    """Parse an expression; raises ValueError with the text."""
    if match := re.fullmatch(r"rate\((\d+) (minute|hour|day)(s?)\)", text):
        count, unit, plural = int(match[1]), match[2], match[3]
        if count < 1 or (count == 1) == bool(plural):
            raise ValueError(f"Invalid Schedule Expression {text}.")
        return Expression(every_s=count * _UNITS[unit])
    if match := re.fullmatch(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", text):
        return Expression(at=datetime.fromisoformat(match[1]))
    if match := re.fullmatch(r"cron\((.+)\)", text):
        return Expression(cron=_cron(match[1].split(), fields, text))
    raise ValueError(f"Invalid Schedule Expression {text}.")


def _cron(parts: list[str], fields: int, text: str) -> tuple[Field, ...]:
    # one of day-of-month and day-of-week must be ? in the cron of six fields
    if len(parts) != fields or (fields == 6 and (parts[2] == "?") == (parts[4] == "?")):
        raise ValueError(f"Invalid Schedule Expression {text}.")
    minute, hour, day, month, weekday = parts[:5]
    year = parts[5] if fields == 6 else "*"
    try:
        return (
            _field(minute, 0, 59),
            _field(hour, 0, 23),
            _field(day, 1, 31),
            _field(_numbers(month, _MONTHS), 1, 12),
            _weekday(weekday, unix=fields == 5),
            _field(year, 1970, 2199),
        )
    except ValueError as error:
        raise ValueError(f"Invalid Schedule Expression {text}.") from error


def _weekday(text: str, *, unix: bool) -> Field:
    """Convert a weekday: 1 (Sunday) to 7 with six fields, 0 (Sunday) to 6 with five."""
    if not unix or text in ("*", "?"):
        return _field(_numbers(text, _DAYS), 1, 7)
    field = _field(_numbers(text, _DAYS, first=0), 0, 7)
    return Field(frozenset(value % 7 + 1 for value in field.values))


def _numbers(text: str, words: list[str], first: int = 1) -> str:
    for number, word in enumerate(words, first):
        text = re.sub(rf"\b{word}\b", str(number), text, flags=re.IGNORECASE)
    return text


def _field(text: str, low: int, high: int) -> Field:
    if text in ("*", "?"):
        return Field(frozenset(), any=True)
    if text == "L":
        return Field(frozenset(), last=True)
    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        begin, _, end = span.partition("-")
        start = low if begin == "*" else int(begin)
        stop = int(end) if end else (high if step or begin == "*" else start)
        if not low <= start <= stop <= high:
            raise ValueError(text)
        values.update(range(start, stop + 1, int(step or 1)))
    return Field(frozenset(values))


def _allows(field: Field, value: int) -> bool:
    return field.any or value in field.values
