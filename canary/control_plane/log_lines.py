"""Which lines of a log are words of the program, and which of those who ask it."""

from __future__ import annotations

import functools
import re

from canary.control_plane.state import LogLine, Task

_METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT"
# the common and combined log formats, those of uvicorn, gunicorn, werkzeug, nginx and envoy: method
# and path, then the version of HTTP or a status; and the fields of an access log as JSON
_REQUEST = (
    rf"\b(?:{_METHODS})\s+/\S{{0,4000}}(?:\s+HTTP/\d|\"?\s+[1-5]\d\d\b)"
    r"|[\"']?\b(?:user[_-]?agent|http[_-]?method|request_?(?:method|uri|path)|remote_addr"
    r"|x[_-]forwarded[_-]for)\b[\"']?\s*[:=]"
)


@functools.cache
def _request() -> re.Pattern[str]:
    return re.compile(_REQUEST, re.IGNORECASE)


def is_request(message: str) -> bool:
    """Return whether a line tells of a request: its path and its headers are a visitor's words."""
    return _request().search(message) is not None


def is_of(line: LogLine, task: Task) -> bool:
    """Return whether a line is of a task's own stream; a line without a stream may be.

    The driver awslogs names a stream prefix/container/task-id (ECS, "Send logs to CloudWatch").
    """
    return not line.stream or line.stream.rpartition("/")[2] == task.arn.rpartition("/")[2]
