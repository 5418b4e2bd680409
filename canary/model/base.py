"""The base class of all types that rooms exchange, and the enumerations."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

import msgspec

CheckId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=80)]


class Frozen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A keyword-only value that never changes; an unknown key in TOML or JSON is refused."""


def parse_time(text: str) -> dt.datetime | None:
    """Return an ISO 8601 time in UTC, None for other text; a time without a zone is UTC."""
    try:
        found = dt.datetime.fromisoformat(text)
        return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    except (ValueError, OverflowError):  # an offset may lead beyond the year 9999
        return None


AHEAD = dt.timedelta(minutes=5)  # clocks of machines that are kept by NTP differ by far less


def is_ahead(moment: str, now: dt.datetime) -> bool:
    """Return whether an ISO 8601 moment lies in the future by more than `AHEAD`."""
    found = parse_time(moment)
    return found is not None and found - now > AHEAD


class Status(StrEnum):
    """The outcome of a check or step.

    FAIL means that the platform is wrong, ERROR that the canary could not judge, SKIP that the
    check or step was not tried.
    """

    PASS = "PASS"  # noqa: S105 - a status, not a password
    FAIL = "FAIL"
    ERROR = "ERROR"
    SKIP = "SKIP"

    @property
    def is_bad(self) -> bool:
        """Return whether this is FAIL or ERROR."""
        return self in (Status.FAIL, Status.ERROR)


class Severity(StrEnum):
    """The urgency of a failing check: critical pages, all others open a ticket."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class AlarmWindow(Frozen, frozen=True, kw_only=True):
    """An alarm's window: so many failing runs of the newest `periods` put a check down."""

    datapoints: Annotated[int, msgspec.Meta(ge=1, le=60)]
    periods: Annotated[int, msgspec.Meta(ge=1, le=60)]


class Load(StrEnum):
    """The cost of a check for the platform: a service may be unable to answer others meanwhile."""

    LIGHT = "light"
    BLOCKING = "blocking"


class Profile(StrEnum):
    """How much of CloudWatch an environment pays for (docs/decisions/0018).

    FULL: a metric and an alarm for each check. STANDARD: for critical checks, and an alarm for each
    suite. LEAN: only what is counted over all checks.
    """

    FULL = "full"
    STANDARD = "standard"
    LEAN = "lean"


class Role(StrEnum):
    """The part that a service plays in its platform, whatever its name is."""

    API = "api"  # stands before the others and hands requests on
    IDENTITY = "identity"  # judges keys
    MLFLOW = "mlflow"
    CACHE = "cache"
    DATABASE = "database"
    OTHER = "other"  # none of these, also where the name says one


class Suite(StrEnum):
    """The part of the report and of the score to which a check belongs."""

    INFRASTRUCTURE = "infrastructure"
    AUTHENTICATION = "authentication"
    REGISTRATION = "registration"
    ENDPOINTS = "endpoints"


class Confidence(StrEnum):
    """The certainty of a diagnosis.

    CERTAIN: the control plane shows the fault itself. LIKELY: the symptoms single it out.
    POSSIBLE: everything else.
    """

    CERTAIN = "CERTAIN"
    LIKELY = "LIKELY"
    POSSIBLE = "POSSIBLE"


class Change(StrEnum):
    """The change of a check since the previous run."""

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

    If there are too many checks, it decides which have an alarm and a metric: both must agree.
    """
    return SEVERITY_ORDER.index(severity), check_id
