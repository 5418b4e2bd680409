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
        # errors of nginx and Apache
        f'open() "/x" failed, client: 1.2.3.4, server: _, request: "GET /{FATAL} HTTP/1.1"',
        f'upstream timed out, client: ::1, server: _, request: "GET /{FATAL}',
        f'7#7: *1 too large body: 9 bytes, client: 1.2.3.4, server: a, host: "{FATAL}"',
        f"[pid 7] [client 1.2.3.4:5] AH00126: Invalid URI in request GET /{FATAL} HTTP/1.1",
        f"[pid 7] [client ::1] AH01630: client denied: /x, referer: http://{FATAL}/",
        # envoy, the load balancers
        f'[2026-11-29T10:00:00.000Z] "GET /x HTTP/2" 503 UF 0 91 3 - "-" "{FATAL}" "id"',
        f'https 2026-11-29T10:00:00Z app/lb 1.2.3.4:5 - 200 "GET https://a/ HTTP/1.1" "{FATAL}"',
        # JSON and logfmt
        f'{{"method":"GET","path":"/{FATAL}","status":200}}',
        f'{{"http":{{"method":"GET","url":"/x"}},"msg":"{FATAL}"}}',
        f'{{"uri":"/{FATAL}","verb":"POST"}}',
        f'{{"cs-uri-stem":"/x","cs(User-Agent)":"{FATAL}"}}',
        f'method=GET path="/{FATAL}" status=500',
        f"level=info http.url=/{FATAL} http.status_code=500",
        # of frameworks, which tell no more than what was asked
        f"code 400, message Bad request syntax ('{FATAL}')",
        f"WARNING:  Invalid HTTP request received. {FATAL}",
        f"[7] [ERROR] Error handling request /{FATAL}",
        f"ERROR in app: Exception on /{FATAL} [GET]",
        f"Not Found: /{FATAL}",
        f"WARNING:django.request:Not Found: /{FATAL}",
        f"[29/Nov/2026 12:00:00] ERROR [django.request:241] Internal Server Error: /{FATAL}",
        f"Forbidden (CSRF token missing): /{FATAL}",
        f"Invalid HTTP_HOST header: '{FATAL}'.",
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
        f"ERROR in app: Exception on /x [GET]\nTraceback (most recent call last):\n{FATAL}",
        '{"level":"error","msg":"could not connect to the database"}',
        "HTTPConnectionPool(host='mlflow'): Max retries exceeded with url: /health",
        "Not Found: the file /etc/app.toml",
        "FileNotFoundError: Not Found: /mnt/models",
        "ConfigError Unauthorized: /etc/keys.json",
        'botocore.exceptions.ConnectTimeoutError: method="POST" url="https://s3/bucket"',
        '{"level":"error","msg":"connection refused","http.url":"http://mlflow:5000/health"}',
        '{"http.method":"GET","http.url":"http://mlflow:5000","http.status_code":503}',
    ],
)
def test_a_line_of_the_program_is_its_own(line: str) -> None:
    assert not is_request(line)


def test_a_line_is_of_the_task_whose_id_ends_its_stream() -> None:
    task = Task(arn="a:task/c/abc", service="s", task_definition="d:1", last_status="STOPPED")
    streams = {"ecs/web/abc": True, "abc": True, "": True, "ecs/web/abd": False, "ecs/abc/x": False}
    assert {s: is_of(LogLine(at="", message="", stream=s), task) for s in streams} == streams


@pytest.mark.parametrize(
    "method",
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"],
)
def test_each_method_of_http_begins_a_request(method: str) -> None:
    assert is_request(f"{method} /redis-refused 404 0.002")
    assert is_request(f'{{"method":"{method}","path":"/{FATAL}"}}')
    assert not is_request(f'{{"method":"{method}X","path":"/{FATAL}"}}')
    assert not is_request(f'{{"method":"{method}","port":"/{FATAL}"}}')


@pytest.mark.parametrize(
    "field",
    ["user_agent", "userAgent", "http_method", "httpMethod", "request_method", "requestPath",
     "remote_addr", "x_forwarded_for", "cs-uri-query", "http.target", "http.route", "http.path"],
)  # fmt: skip
def test_each_field_of_an_access_log_tells_of_a_request(field: str) -> None:
    assert is_request(f"{field}={FATAL}") and is_request(f'{{"{field}": "{FATAL}"}}')
    assert not is_request(f"{field} {FATAL}")


@pytest.mark.parametrize("field", ["path", "uri", "url"])
def test_a_path_alone_is_no_request(field: str) -> None:
    assert not is_request(f"{field}=/etc/app.toml {FATAL}")
    assert is_request(f"verb=GET {field}=/etc/app.toml {FATAL}")


@pytest.mark.parametrize(
    ("line", "visitors"),
    [
        ("method=GET status=500", False),  # no path of a visitor beside it
        ('path="/x" status=500', False),
        ('method=GET path="/x"', True),
        ('verb=TRACE uri="/x"', True),
        ("http_method=GET", True),
        ("cs(User-Agent)=x", True),
        ("myhttp_methods=GET", False),
    ],
)
def test_a_method_and_a_path_together_are_a_request(line: str, visitors: bool) -> None:
    assert is_request(line) is visitors
