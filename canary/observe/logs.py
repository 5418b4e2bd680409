"""Read the last error lines of a failing service's log group, bounded and redacted."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from canary.control_plane.state import LogLine
from canary.observe.calls import Permission, Reader
from canary.redaction.patterns import mask_foreign

# the action names a prefix, so that no single group can be its resource
GROUPS = Permission(
    action="logs:DescribeLogGroups", resource="arn:aws:logs:{region}:{account}:log-group:*"
)
ACTIONS = (
    Permission(
        action="logs:FilterLogEvents",
        resource="arn:aws:logs:{region}:{account}:log-group:{log_group}:*",
    ),
    GROUPS,
)
MAX_LINES = 50
MAX_SCANNED = 2000  # events read at most; a noisy log group must not delay the run
MAX_LENGTH = 400
MAX_READ = 8_000  # bytes kept of an event, which may have 256 KB: enough to mask it whole
WINDOW_S = 1800
# FilterLogEvents gives the oldest first: the newest are found from now backwards, in seconds.
_BACK_S = (0, 15, 60, 300, WINDOW_S)
Json = dict[str, Any]
_ERRORS = (
    r"error|exception|traceback|fatal|critical|refused|timed? ?out|timeout|denied|not found"
    r"|no such|missing|unable|cannot|can't|failed|failure|invalid|exec format|undefined|killed"
    r"|unreachable|not known|reset|rejected|warn|localhost|\b5\d\d\b"
)


@functools.cache
def _errors() -> re.Pattern[str]:
    """Return the pattern of error lines, compiled at its first use and not at the cold start."""
    return re.compile(_ERRORS, re.IGNORECASE)


def scrub(text: str) -> str:
    """Return a line without what could be a secret, and without control characters."""
    return "".join(c if c.isprintable() else " " for c in mask_foreign(text)).strip()[:MAX_LENGTH]


def read(
    reader: Reader, group: str, now: dt.datetime, redact: Callable[[str], str]
) -> tuple[LogLine, ...]:
    """Return at most 50 error lines of the last half hour, the newest ones, newest last."""

    def fetch() -> tuple[LogLine, ...]:
        found: list[Json] = []
        scanned = 0
        for least, most in pairwise(_BACK_S):
            left = MAX_SCANNED - scanned
            events, more = _window(reader, group, (now, least, most), left)
            scanned += len(events)
            telling = [e for e in events if _errors().search(str(e.get("message", "")))]
            if not (more and found):  # of a window that was cut only the oldest events are known
                found = [*telling, *found]
            if more:
                reader.bounded("logs:FilterLogEvents", group, MAX_SCANNED, "events")
            if more or len(found) > MAX_LINES:
                break
        return tuple(log_line(e, redact) for e in found[-MAX_LINES:])

    missing: dict[str, tuple[LogLine, ...]] = {"ResourceNotFoundException": ()}
    return reader.call("logs:FilterLogEvents", group, fetch, (), missing)


def _window(
    reader: Reader, group: str, window: tuple[dt.datetime, int, int], limit: int
) -> tuple[list[Json], bool]:
    """Return the events of a window, oldest first, and whether there are more than the limit."""
    now, least, most = window
    end = int(now.timestamp() * 1000) - least * 1000
    # what is logged during the reading belongs to the newest window
    times = {"startTime": end - (most - least) * 1000} | ({"endTime": end - 1} if least else {})
    pages = (
        reader.client("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName=group, PaginationConfig={"MaxItems": limit + 1}, **times)
    )
    events = [_short(e) for page in pages for e in page.get("events", [])]
    events.sort(key=lambda e: int(e.get("timestamp") or 0))
    return events[:limit], len(events) > limit


def _short(event: Json) -> Json:
    """Return an event with the beginning of its message: the whole ones may not fit in memory."""
    return {**event, "message": _beginning(event)}


def _beginning(event: Json) -> str:
    """Return the beginning of an event's message; an emoji has four bytes."""
    text = str(event.get("message", ""))[:MAX_READ]
    return text.encode("utf-8", "replace")[:MAX_READ].decode("utf-8", "ignore")


def missing(reader: Reader) -> tuple[str, ...]:
    """Return the environment's log groups that do not exist."""
    named = sorted({s.log_group for s in reader.environment.services.values() if s.log_group})
    found: list[str] = []
    for group in named:
        there = exists(reader, group)
        if there is None:
            reader.miss("missing_log_groups")
        elif not there:
            found.append(group)
    return tuple(found)


def exists(reader: Reader, group: str) -> bool | None:
    """Return whether a log group of the environment's region exists, None if nobody could tell."""
    known = reader.pages("logs:DescribeLogGroups", "logGroups", group, logGroupNamePrefix=group)
    return None if known is None else group in {g.get("logGroupName") for g in known}


def log_line(raw: Json, redact: Callable[[str], str]) -> LogLine:
    """Return an event of a log group as a redacted line."""
    at = dt.datetime.fromtimestamp(int(raw.get("timestamp") or 0) / 1000, dt.UTC)
    return LogLine(
        at=at.isoformat(timespec="seconds"),
        message=scrub(redact(_beginning(raw))),
        stream=str(raw.get("logStreamName", "")),
    )
