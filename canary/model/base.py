"""The base of every type that crosses a room, and the words that are enumerations."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import msgspec


class Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A keyword-only value that never changes; an unknown key in TOML or JSON is refused."""


def parse_time(text: str) -> dt.datetime | None:
    """Return an ISO 8601 moment in UTC, None for what is none; without a zone it is UTC already."""
    try:
        found = dt.datetime.fromisoformat(text)
        return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    except (ValueError, OverflowError):  # an offset may lead beyond the year 9999
        return None


class Status(StrEnum):
    """What became of a check or step.

    FAIL means that the platform is wrong, ERROR that the canary could not tell, SKIP that it was
    not tried (with the reason).
    """

    PASS = "PASS"  # noqa: S105 - a status, not a password
    FAIL = "FAIL"
    ERROR = "ERROR"
    SKIP = "SKIP"


class Severity(StrEnum):
    """How loudly a failing check calls: critical pages, low is a ticket."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Suite(StrEnum):
    """The part of the report, and the score, that a check belongs to."""

    INFRASTRUCTURE = "infrastructure"
    AUTHENTICATION = "authentication"
    REGISTRATION = "registration"
    ENDPOINTS = "endpoints"


class Confidence(StrEnum):
    """How sure a diagnosis is.

    CERTAIN: the control plane shows the fault itself. LIKELY: the symptoms single it out.
    POSSIBLE: everything else.
    """

    CERTAIN = "CERTAIN"
    LIKELY = "LIKELY"
    POSSIBLE = "POSSIBLE"


class Change(StrEnum):
    """What became of a check since the previous run."""

    BROKE = "BROKE"
    FIXED = "FIXED"
    STILL_FAILING = "STILL_FAILING"
    FLAKY = "FLAKY"
    SLOWER = "SLOWER"
    NEW = "NEW"
    REMOVED = "REMOVED"


SEVERITY_ORDER: tuple[Severity, ...] = (
    Severity.CRITICAL,
    Severity.HIGH,
    Severity.MEDIUM,
    Severity.LOW,
)


def by_severity(severity: Severity, check_id: str) -> tuple[int, str]:
    """Return the key that sorts checks: the most severe first, then by id.

    Of very many checks it decides who has an alarm and who has a metric: both must agree.
    """
    return SEVERITY_ORDER.index(severity), check_id
