"""Lines about requests hold visitors' words; all other lines are the program's own."""

from __future__ import annotations

import pytest

from canary.control_plane.log_lines import is_of, is_request
from canary.control_plane.state import LogLine, Task

FATAL = 'FATAL: password authentication failed for user "m"'


@pytest.mark.parametrize(
    "line",
    [
        f'10.0.1.7 - - [29/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 12 "-" "{FATAL}"',
        f'INFO:     10.0.0.1:1234 - "GET /{FATAL.replace(" ", "%20")} HTTP/1.1" 404 Not Found',
        f'[2026-11-29T12:00:00Z] "POST /login HTTP/2" 401 - "{FATAL}"',
        "GET /redis-connection-refused 404 0.002",
        '127.0.0.1 - - "HEAD /database-does-not-exist" 404 -',
        f'{{"level":"info","path":"/","user_agent":"{FATAL}"}}',
        f"request_uri=/x remote_addr=10.0.0.1 agent={FATAL}",
        f"X-Forwarded-For: {FATAL}",
        f'10.0.0.1 - - "PROPFIND /x HTTP/1.1" 405 0 "-" "{FATAL}"',
        f'10.0.0.1 - - "OPTIONS * HTTP/1.1" 200 0 "-" "{FATAL}"',
        f'10.0.0.1 - - "GET http://a/ HTTP/1.1" 200 0 "-" "{FATAL}"',
        f'10.0.0.1 - - "GET /{FATAL} HTTP/1.1" 200 0',
        f"Invalid request from ip=10.0.0.1: Invalid HTTP Version: '{FATAL}'",
        f'{{"http_user_agent":"{FATAL}"}}',
        f'{{"user_agent.original":"{FATAL}"}}',
        '10.0.0.1 - - "GET /' + "redis-refused-" * 30,
    ],
)
def test_a_line_about_a_request_is_a_visitors(line: str) -> None:
    assert is_request(line)


@pytest.mark.parametrize(
    "line",
    [
        FATAL,
        "GET http://auth:8000/health failed: connection refused",
        "could not get /etc/app.toml: No such file or directory",
        "Error: listen EADDRINUSE: address already in use 0.0.0.0:8000",
        "The agent of the user is unknown",
        "FATAL: the proxy does not speak HTTP/2",
        "Options /a and /b exclude each other",
    ],
)
def test_a_line_of_the_program_is_its_own(line: str) -> None:
    assert not is_request(line)


def test_a_line_is_of_the_task_whose_id_ends_its_stream() -> None:
    task = Task(arn="a:task/c/abc", service="s", task_definition="d:1", last_status="STOPPED")
    streams = {"ecs/web/abc": True, "abc": True, "": True, "ecs/web/abd": False, "ecs/abc/x": False}
    assert {s: is_of(LogLine(at="", message="", stream=s), task) for s in streams} == streams
