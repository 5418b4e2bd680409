"""`gate` against a local server that speaks Lambda's invoke API: status, patience, causes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from canary.cli.run import status_of
from tests.canary.cli.test_commands import call
from tests.canary.support.report_samples import could_not_tell, healthy, seed_day
from tests.canary.test_handler import ENVIRONMENT, PRINCIPALS

NAME = "hokusai-canary-nothing-answers"
WELL: dict[str, Any] = {"run_id": "r", "status": "PASS", "scores": {"overall": 100.0}}
BROKEN: dict[str, Any] = {
    **WELL,
    "status": "FAIL",
    "failed": ["registry.https-redirect"],
    "errors": [],
    "diagnoses": [
        {
            "cause": "listener-missing",
            "service": "registry",
            "resource": "hokusai-registry-development",
            "confidence": "CERTAIN",
            "explains": ["registry.https-redirect"],
        }
    ],
    "report": "s3://bucket/canary/runs/r.json",
}


class Function:
    """What the next invocations are answered with, and what was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], Any]] = []
        self.asked: list[tuple[str, Any]] = []


@pytest.fixture
def function() -> Iterator[tuple[Function, str]]:
    state = Function()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.asked.append((self.path, json.loads(body)))
            status, headers, answer = state.answers.pop(0)
            data = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def file(function: tuple[Function, str], tmp_path: Path) -> str:
    generated = [
        f'[principals.{p}]\ngenerated = "malformed"\n'
        for p in (*PRINCIPALS, "unknown", "malformed")
    ]
    path = tmp_path / "nothing-answers.toml"
    text = ENVIRONMENT.format(url="https://127.0.0.1:1") + "\n".join(generated)
    path.write_text(f'aws_endpoint_url = "{function[1]}"\n' + text)
    return str(path)


def busy() -> tuple[int, dict[str, str], Any]:
    headers = {"x-amzn-ErrorType": "TooManyRequestsException"}
    return 429, headers, {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"}


@pytest.mark.parametrize(
    ("summary", "arguments", "status"),
    [
        (WELL, (), 0),
        (BROKEN, (), 1),
        (BROKEN, ("--fail-on", "low"), 1),
        (BROKEN, ("--fail-on", "high"), 0),
        ({**WELL, "status": "ERROR", "errors": ["registry.health"]}, (), 3),
        # what was not tried is not well, whatever the severity of what kept it from being tried
        (
            {**WELL, "status": "ERROR", "skipped": ["registry.health"]},
            ("--fail-on", "critical"),
            3,
        ),
        # the light check before it failed and is muted: nothing is unknown
        ({**WELL, "not_asked": ["registry.health"]}, ("--fail-on", "low"), 0),
        ({**WELL, "status": "REFUSED", "reason": "no such check"}, (), 3),
        ({**WELL, "status": "STALE", "reason": "scheduled long ago"}, (), 3),
    ],
)
def test_the_exit_status_is_the_verdict_of_the_deployed_canary(
    function: tuple[Function, str],
    file: str,
    summary: dict[str, Any],
    arguments: tuple[str, ...],
    status: int,
) -> None:
    function[0].answers = [(200, {}, summary)]
    assert call("gate", "-e", file, *arguments).exit_code == status
    path, event = function[0].asked[0]
    assert path.endswith(f"/functions/{NAME}/invocations") and event == {"trigger": "gate"}


def test_what_broke_and_why_is_printed(function: tuple[Function, str], file: str) -> None:
    function[0].answers = [(200, {}, {**BROKEN, "not_asked": ["registry.ready"]})]
    text = call("gate", "-e", file).stdout
    assert "not asked, it would block: registry.ready" in text
    assert "cause: listener-missing in registry (certain)" in text
    assert "failed: registry.https-redirect" in text and "s3://bucket" in text
    function[0].answers = [(200, {}, BROKEN)]
    assert json.loads(call("gate", "-e", file, "--format", "json").stdout) == BROKEN


@pytest.mark.parametrize(("patience", "status"), [("20", 0), ("0", 3)])
def test_a_canary_that_is_busy_is_asked_again_for_a_while(
    function: tuple[Function, str], file: str, patience: str, status: int
) -> None:
    # the library itself asks twice before it gives up
    function[0].answers = [busy(), busy(), (200, {}, WELL)]
    done = call("gate", "-e", file, "--patience", patience)
    assert done.exit_code == status and "busy" in done.stderr


def test_a_function_that_ends_in_an_error_is_no_verdict_on_the_platform(
    function: tuple[Function, str], file: str
) -> None:
    function[0].answers = [(200, {"X-Amz-Function-Error": "Unhandled"}, {"errorMessage": "x"})]
    done = call("gate", "-e", file)
    assert done.exit_code == 3 and "ended in an error" in done.stderr


def test_no_such_function_is_said(function: tuple[Function, str], file: str) -> None:
    headers = {"x-amzn-ErrorType": "ResourceNotFoundException"}
    function[0].answers = [(404, headers, {"Message": f"Function not found: {NAME}"})]
    done = call("gate", "-e", file)
    assert done.exit_code == 3 and "Function not found" in done.stderr


def test_a_run_fails_on_the_severities_that_it_was_told_to_fail_on() -> None:
    assert [status_of(healthy(), s) for s in (None, "critical", "low")] == [0, 0, 0]
    assert status_of(seed_day(), None) == status_of(seed_day(), "critical") == 1
    assert status_of(could_not_tell(), "low") in (1, 3)


@pytest.mark.parametrize(("until", "status"), [("2020-01-01", 1), ("2999-01-01", 0)])
def test_a_mute_that_is_over_hides_nothing(
    function: tuple[Function, str], file: str, until: str, status: int
) -> None:
    mute = f'[[mutes]]\ncheck = "registry.https-redirect"\nuntil = {until}\nreason = "rebuilt"\n'
    Path(file).write_text(Path(file).read_text() + mute)
    function[0].answers = [(200, {}, BROKEN)]
    assert call("gate", "-e", file, "--fail-on", "low").exit_code == status


def test_a_rollout_is_waited_for_and_what_stands_after_it_is_judged(
    function: tuple[Function, str], file: str
) -> None:
    rollout = {"service": "registry", "deployment": "ecs-svc/7", "since": "s", "until": "u"}
    moving = {**BROKEN, "rollouts": [rollout]}
    function[0].answers = [(200, {}, moving), (200, {}, {**WELL, "rollouts": []})]
    done = call("gate", "-e", file, "--rollout-patience", "0.1")
    assert (done.exit_code, len(function[0].asked)) == (0, 2)
    assert "the rollout ecs-svc/7 of registry in progress; waiting" in done.stderr
    function[0].answers = [(200, {}, moving)]
    done = call("gate", "-e", file, "--rollout-patience", "0")
    assert done.exit_code == 1
    assert "judged before its end: the rollout ecs-svc/7 of registry" in done.stdout
