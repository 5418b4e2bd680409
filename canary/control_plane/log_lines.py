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
    r"|\bInvalid request from ip=|\bInvalid HTTP request received"  # gunicorn, uvicorn
    r"|\bcode [1-5]\d\d, message "  # http.server, werkzeug
    r"|\bclient: [\da-fA-F.:]+, server: |\[client [\da-fA-F.:]+\]"  # errors of nginx and Apache
    # of gunicorn, Flask and Django, where the line tells no more than what was asked
    r"|\bError handling request /[^\n]*\Z|\bException on /[^\n]{0,4000} \[[A-Z]+\]\s*\Z"
    r"|(?:^|\b(?:WARNING|ERROR)\W{1,4}(?:[\w.:]{1,80}\W{1,4})?)"
    r"(?:Not Found|Bad Request|Unauthorized|Forbidden[^\n:]{0,80}|Internal Server Error"
    r"|Method Not Allowed[^\n:]{0,20}): /[^\n]*\Z|\bInvalid HTTP_HOST header: "
)
# the fields of an access log as JSON or logfmt
_FIELDS = (
    r"[\"']?(?:\b|_)(?:user[_-]?agent(?:[_.]original)?|http[_-]?method"
    r"|request_?(?:method|uri|path)|remote_addr|x[_-]forwarded[_-]for|cs-uri-[a-z]+"
    r"|http\.(?:target|route|path))\b[\"']?\s*[:=]"
    r"|\bcs\(User-Agent\)"
)
# beside each other: a client that tells what it asked for names a whole address
_METHOD = rf"\b(?:method|verb)[\"']?\s*[:=]\s*[\"']?(?:{_METHODS})\b"
_HTTP_PATH = r"\bhttp\.url[\"']?\s*[:=]\s*[\"']?/"
_PATH = r"\b(?:path|uri|url)[\"']?\s*[:=]\s*[\"']?/"


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], ...], ...]:
    """Return groups of patterns; a line that fits all of a group tells of a request."""
    fields, method, path = (re.compile(p, re.IGNORECASE) for p in (_FIELDS, _METHOD, _PATH))
    return (re.compile(_REQUEST),), (fields,), (method, path), (re.compile(_HTTP_PATH),)


def is_request(message: str) -> bool:
    """Return whether a line tells of a request: its path and its headers are a visitor's words."""
    return any(all(p.search(message) for p in group) for group in _patterns())


def is_of(line: LogLine, task: Task) -> bool:
    """Return whether a line is of a task's own stream; a line without a stream may be.

    The driver awslogs names a stream prefix/container/task-id (ECS, "Send logs to CloudWatch").
    """
    return not line.stream or line.stream.rpartition("/")[2] == task.arn.rpartition("/")[2]
