"""One execution environment from its cold start to its end, however badly that goes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.lambda_host.environment import Environment, Paths
from emulator.lambda_host.function import Function
from emulator.lambda_host.runtime_dir import make_runtime_dir
from tests.emulator.support.emulated import until

Make = Callable[[str], Environment]
TIMEOUT_S = 1.0


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Environment] = []

    def environment(code: str) -> Environment:
        task, scratch = tmp_path / "task", tmp_path / "scratch"
        task.mkdir()
        scratch.mkdir()
        (task / "app.py").write_text(code)
        function = Function(
            arn="arn:aws:lambda:us-east-1:123456789012:function:f", name="f", version="$LATEST",
            handler="app.handler", runtime="python3.13", role="", account="", region="us-east-1",
            sha="", memory_mb=256, timeout_s=TIMEOUT_S, environment=(), log_group="/f",
            log_format="Text", log_level="",
        )  # fmt: skip
        runtime = make_runtime_dir(sys.executable, tmp_path / "runtime")
        made.append(Environment(function, Paths(sys.executable, runtime, task, scratch), {}))
        return made[-1]

    yield environment
    for one in made:
        one.stop()


SLOW_ONCE = """
import os, pathlib, time
first = pathlib.Path(os.environ["TMPDIR"], "first")
if not first.exists():
    first.touch()
    time.sleep(60)
def handler(event, context):
    return "here"
"""


def test_an_initialization_that_was_too_slow_is_begun_anew(make: Make, tmp_path: Path) -> None:
    environment = make(SLOW_ONCE)
    began = tmp_path / "scratch" / "first"
    assert not environment.start(0.01)
    assert until(began.exists)
    assert environment.start(30)
    assert environment.invoke("id", b"{}", TIMEOUT_S).payload == b'"here"'


def test_one_that_is_too_slow_again_has_timed_out(make: Make) -> None:
    environment = make("import time\ntime.sleep(60)\ndef handler(event, context): pass")
    assert not environment.start(0.1)
    assert not environment.start(0.1)
    outcome = environment.invoke("id", b"{}", 0.001)
    assert (outcome.status, outcome.error_type) == ("timeout", "Sandbox.Timedout")
    assert outcome.duration_ms == TIMEOUT_S * 1000
    assert not environment.alive


LEAVES_A_CHILD = """
import os, subprocess, time
def handler(event, context):
    child = subprocess.Popen(["setsid", "sleep", "61"])
    open(os.path.join(os.environ["TMPDIR"], "child"), "w").write(str(child.pid))
    time.sleep(event)
"""


@pytest.mark.parametrize("seconds", [b"60", b"0"])
def test_nothing_that_a_function_started_outlives_its_environment(
    make: Make, tmp_path: Path, seconds: bytes
) -> None:
    environment = make(LEAVES_A_CHILD)
    assert environment.start(30)
    environment.invoke("id", seconds, TIMEOUT_S)
    environment.stop()
    child = (tmp_path / "scratch" / "child").read_text()
    assert until(lambda: _gone(child), 2.0)


def _gone(pid: str) -> bool:
    try:
        state = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    time.sleep(0.01)
    return state == "Z"
