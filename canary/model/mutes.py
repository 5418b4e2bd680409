"""Mutes: which checks wake nobody, until when, and who said so."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

import msgspec

from canary.model.base import CheckId, Frozen, Suite

Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=300)]
LONGEST_WINDOW = 720
"""Minutes of a maintenance window: a longer one could follow itself every day."""


class Day(StrEnum):
    """A day of the week, in the order of `datetime.date.weekday`."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


class Scope(Frozen, frozen=True, kw_only=True):
    """The checks of a mute: one of the four is given; none of them means every check."""

    check: CheckId = ""
    suite: Suite | None = None
    service: str = ""
    # of the ids of checks; "*" stands for any characters
    pattern: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9.*-]+$", max_length=80)] = ""


class Mute(Scope, frozen=True, kw_only=True):
    """Checks that run and are reported, but alarm nobody to the end of a day in UTC."""

    until: dt.date
    reason: Reason


class Maintenance(Scope, frozen=True, kw_only=True):
    """A window that comes again: it begins at a time of the day in a time zone, and lasts."""

    days: tuple[Day, ...] = ()  # on which it begins; none: every day
    start: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]  # "02:00"
    minutes: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_WINDOW)]
    # of the IANA database, "Europe/Berlin": summer time is followed
    time_zone: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "UTC"
    reason: Reason


class StoredMute(Scope, frozen=True, kw_only=True, omit_defaults=True):
    """A mute that somebody typed; `since` and `until` are ISO 8601 in UTC."""

    since: Annotated[str, msgspec.Meta(max_length=40)]
    until: Annotated[str, msgspec.Meta(max_length=40)]
    reason: Reason
    by: Annotated[str, msgspec.Meta(max_length=100)] = ""  # as that machine calls them: no proof


class MuteInForce(Frozen, frozen=True, kw_only=True):
    """A mute that holds in a run: what it covers, its end, its reason, and who set it."""

    what: str  # "registry.health", "suite registration", "service auth", "registry.*"
    until: str  # ISO 8601: a moment, or a day to its end
    reason: str
    by: str = ""  # "" for one of the environment's file
