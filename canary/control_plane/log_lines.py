"""Which lines of a log are words of the program, and which of those who ask it."""

from __future__ import annotations

import functools
import re

from canary.control_plane.state import LogLine, Task

_METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT"
# the common and combined log formats, those of uvicorn, gunicorn, werkzeug, nginx and envoy: any
# method, what is asked, then the version of HTTP; a known method and a path, then a status or the
# end of a line that was cut
_REQUEST = (
    r"[\"'\[( ][A-Z][A-Z0-9$_.\-]{2,19}\s+[^\s][^\n]{0,4000}?\sHTTP/\d"
    rf"|^[A-Z]{{3,19}}\s+/[^\n]{{0,4000}}?\sHTTP/\d"
    rf"|\b(?:{_METHODS})\s+/\S{{0,4000}}(?:\"?\s+[1-5]\d\d\b|$)"
    r"|\bInvalid request from ip="  # gunicorn, of what it could not read
)
# the fields of an access log as JSON or logfmt
_FIELDS = (
    r"[\"']?(?:\b|_)(?:user[_-]?agent(?:[_.]original)?|http[_-]?method"
    r"|request_?(?:method|uri|path)|remote_addr|x[_-]forwarded[_-]for)\b[\"']?\s*[:=]"
)


@functools.cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(_REQUEST), re.compile(_FIELDS, re.IGNORECASE)


def is_request(message: str) -> bool:
    """Return whether a line tells of a request: its path and its headers are a visitor's words."""
    return any(pattern.search(message) for pattern in _patterns())


def is_of(line: LogLine, task: Task) -> bool:
    """Return whether a line is of a task's own stream; a line without a stream may be.

    The driver awslogs names a stream prefix/container/task-id (ECS, "Send logs to CloudWatch").
    """
    return not line.stream or line.stream.rpartition("/")[2] == task.arn.rpartition("/")[2]
