"""`gate` where the run is spread over functions: one execution of the state machine, awaited."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.canary.cli.test_commands import call
from tests.canary.test_handler import ENVIRONMENT, PRINCIPALS

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:hokusai-canary-nothing-answers"
WELL = {"run_id": "r", "status": "PASS", "scores": {"overall": 100.0}, "report": "s3://b/r.json"}
BROKEN = {**WELL, "status": "FAIL", "failed": ["registry.health"]}


class Machine:
    """A state machine by its three calls: each execution is looked at `looks` times, then ends."""

    def __init__(self) -> None:
        self.busy = 0  # how often somebody else's execution is still there
        self.ends: list[dict[str, Any]] = []
        self.looks = 1
        self.started: list[dict[str, Any]] = []
        self._looked = 0

    def answer(self, call: str, asked: dict[str, Any]) -> dict[str, Any]:
        if call == "ListExecutions":
            self.busy -= 1
            return {"executions": [{"name": "another"}] if self.busy >= 0 else []}
        if call == "StartExecution":
            self.started.append(asked)
            self._looked = 0
            return {"executionArn": f"{ARN}:{asked['name']}", "startDate": 0}
        self._looked += 1
        if self._looked <= self.looks:
            return {"status": "RUNNING"}
        return self.ends.pop(0)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[tuple[Machine, str]]:
    state = Machine()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            call = self.headers["X-Amz-Target"].rpartition(".")[2]
            data = json.dumps(state.answer(call, asked)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state, _file(tmp_path, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def _file(folder: Path, url: str) -> str:
    generated = [
        f'[principals.{p}]\ngenerated = "malformed"\n'
        for p in (*PRINCIPALS, "unknown", "malformed")
    ]
    path = folder / "nothing-answers.toml"
    text = ENVIRONMENT.format(url="https://127.0.0.1:1") + "\n".join(generated)
    path.write_text(f'aws_endpoint_url = "{url}"\n{text}[deployment]\nscale = "map"\n')
    return str(path)


def ended(output: Any, status: str = "SUCCEEDED", **more: str) -> dict[str, Any]:
    return {"status": status, "output": json.dumps(output), **more}


@pytest.mark.parametrize(("summary", "status"), [(WELL, 0), (BROKEN, 1)])
def test_an_execution_is_started_and_its_summary_is_the_verdict(
    machine: tuple[Machine, str], summary: dict[str, Any], status: int
) -> None:
    state, file = machine
    state.ends = [ended(summary)]
    done = call("gate", "-e", file)
    assert done.exit_code == status and "s3://b/r.json" in done.stdout
    [started] = state.started
    assert started["stateMachineArn"] == ARN
    assert json.loads(started["input"]) == {"mode": "plan", "trigger": "gate"}


def test_it_waits_for_an_execution_that_is_under_way(machine: tuple[Machine, str]) -> None:
    state, file = machine
    state.busy, state.ends = 1, [ended(WELL)]
    done = call("gate", "-e", file)
    assert done.exit_code == 0 and "busy" in done.stderr and len(state.started) == 1


def test_an_execution_that_met_the_scheduled_one_is_started_again(
    machine: tuple[Machine, str],
) -> None:
    state, file = machine
    throttled = ended(
        None, "FAILED", error="Lambda.TooManyRequestsException", cause="Rate exceeded"
    )
    state.ends = [throttled, ended(WELL)]
    done = call("gate", "-e", file)
    assert done.exit_code == 0 and len(state.started) == 2


@pytest.mark.parametrize(
    ("end", "says"),
    [
        (ended(None, "FAILED", error="States.Runtime", cause="no such path"), "no such path"),
        (ended(None, "TIMED_OUT"), "ended TIMED_OUT"),
        (ended(["no", "summary"]), "returned no summary"),
    ],
)
def test_an_execution_that_fails_is_no_verdict_on_the_platform(
    machine: tuple[Machine, str], end: dict[str, Any], says: str
) -> None:
    state, file = machine
    state.ends = [end]
    done = call("gate", "-e", file)
    assert done.exit_code == 3 and says in done.stderr


def test_a_machine_that_stays_busy_is_given_up(machine: tuple[Machine, str]) -> None:
    state, file = machine
    state.busy = 99
    done = call("gate", "-e", file, "--patience", "0")
    assert done.exit_code == 3 and "busy" in done.stderr and state.started == []
