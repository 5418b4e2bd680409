"""Read the last error lines of a failing service's log group, bounded and redacted."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable
from typing import Any

from canary.control_plane.state import LogLine
from canary.observe.calls import Permission, Reader
from canary.redaction.patterns import mask_foreign

ACTIONS = (
    Permission(
        action="logs:FilterLogEvents",
        resource="arn:aws:logs:{region}:{account}:log-group:{log_group}:*",
    ),
)
MAX_LINES = 50
MAX_SCANNED = 2000  # events read at most; a noisy log group must not delay the run
MAX_LENGTH = 400
WINDOW = dt.timedelta(minutes=30)
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
    """Return at most 50 error lines of the last half hour, newest last."""
    start = int((now - WINDOW).timestamp() * 1000)

    def fetch() -> tuple[LogLine, ...]:
        events: list[dict[str, Any]] = []
        paginator = reader.client("logs").get_paginator("filter_log_events")
        pages = paginator.paginate(
            logGroupName=group, startTime=start, PaginationConfig={"MaxItems": MAX_SCANNED}
        )
        for page in pages:
            events += [e for e in page.get("events", []) if _errors().search(e.get("message", ""))]
        events.sort(key=lambda e: int(e.get("timestamp") or 0))
        return tuple(_line(e, redact) for e in events[-MAX_LINES:])

    missing: dict[str, tuple[LogLine, ...]] = {"ResourceNotFoundException": ()}
    return reader.call("logs:FilterLogEvents", group, fetch, (), missing)


def _line(raw: dict[str, Any], redact: Callable[[str], str]) -> LogLine:
    at = dt.datetime.fromtimestamp(int(raw.get("timestamp") or 0) / 1000, dt.UTC)
    return LogLine(
        at=at.isoformat(timespec="seconds"),
        message=scrub(redact(str(raw.get("message", "")))),
        stream=str(raw.get("logStreamName", "")),
    )
