"""The sandbox's command line: what it says, how it exits, what it leaves behind."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator import state
from emulator.settings import MARKER
from sandbox.faults import FAULTS
from tests.sandbox.support import classic as names
from tests.sandbox.support.twin import RunningTwin, sandbox


def marked(twin: str) -> list[int]:
    """The processes that carry a twin's id."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            variables = (entry / "environ").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if f"{MARKER}={twin}".encode() in variables.split(b"\0"):
            found.append(int(entry.name))
    return found


def folder_of(running: RunningTwin) -> Path:
    return Path(running.state.log_dir).parent


@pytest.mark.parametrize("command", [["settle"], ["heal"], ["break", "redis-down"]])
def test_a_missing_state_file_is_said_in_one_line(command: list[str], tmp_path: Path) -> None:
    done = sandbox(*command, "--state", str(tmp_path / "none.json"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "no state file" in done.stderr


def test_a_state_file_that_is_none_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("{}")
    done = sandbox("settle", "--state", str(path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is not a sandbox state file" in done.stderr


def test_an_unknown_fault_is_said_in_one_line(twin: RunningTwin) -> None:
    done = sandbox("break", "no-such-fault", "--state", str(twin.state_file))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "unknown fault 'no-such-fault'" in done.stderr


def test_up_with_an_unknown_fault_starts_nothing(tmp_path: Path) -> None:
    done = sandbox("up", "--state", str(tmp_path / "s.json"), "--fault", "no-such-fault")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.slow
def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = sandbox("up", "--state", str(tmp_path / "s.json"), "--aws-port", str(port))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "in use" in done.stderr


def test_a_second_up_on_the_same_state_file_is_refused(twin: RunningTwin) -> None:
    done = sandbox("up", "--state", str(twin.state_file))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "already up" in done.stderr
    assert twin.state_file.exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["break"], "Missing argument 'ID'"),
        (["mend"], "No such command 'mend'"),
        (["settle", "--timeout", "soon"], "'soon' is not a valid float"),
        (["up", "--speed", "0"], "0.0 is not in the range 1<=x<=200"),
        (["up", "--speed", "nan"], "'nan' is not a number"),
        (["up", "--pace", "NaN"], "'NaN' is not a number"),
        (["settle", "--timeout", "nan"], "'nan' is not a number"),
        (["settle", "--timeout", "-1"], "-1.0 is not in the range x>=0"),
        (["heal", "--hard"], "No such option"),
    ],
)
def test_wrong_use_is_said_in_one_line(arguments: list[str], text: str) -> None:
    done = sandbox(*arguments)
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, "")
    assert text in done.stderr


def test_up_leaves_alone_what_is_no_state_file(tmp_path: Path) -> None:
    notes = tmp_path / "notes.json"
    notes.write_text('{"mine": true}')
    done = sandbox("up", "--state", str(notes))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is not a sandbox state file" in done.stderr
    assert notes.read_text() == '{"mine": true}'


def test_a_state_file_that_cannot_be_written_is_said_before_anything_starts(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    done = sandbox("up", "--state", str(tmp_path / "file" / "state.json"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "cannot write" in done.stderr


def test_a_state_file_is_taken_while_its_twin_still_comes_up(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with state.claim(path):
        done = sandbox("up", "--state", str(path))
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "already coming up" in done.stderr
    state.claim(path).close()


def test_a_process_of_the_same_number_is_not_the_twin(twin: RunningTwin, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text(twin.state_file.read_text().replace(twin.state.twin, f"{os.getpid()}-1"))
    done = sandbox("settle", "--state", str(path))
    assert done.returncode == 2 and "is gone" in done.stderr


def test_every_command_explains_itself() -> None:
    for command in ([], ["up"], ["settle"], ["break"], ["heal"], ["faults"]):
        done = sandbox(*command, "--help")
        assert done.returncode == 0
        assert "Usage:" in done.stdout


def test_faults_lists_the_library_a_line_each() -> None:
    done = sandbox("faults")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(FAULTS)


@pytest.mark.slow  # it needs a twin of its own
def test_a_terminated_twin_leaves_nothing_behind(
    start_twin: Callable[..., RunningTwin],
) -> None:
    running = start_twin()
    assert marked(running.state.twin)
    assert running.stop() == 0
    assert not running.state_file.exists()
    assert not folder_of(running).exists()
    assert marked(running.state.twin) == []


@pytest.mark.slow
def test_what_a_killed_twin_left_is_swept_by_the_next(
    start_twin: Callable[..., RunningTwin],
) -> None:
    killed = start_twin(name="killed.json")
    os.kill(killed.process.pid, signal.SIGKILL)
    killed.process.wait()
    following = start_twin(name="killed.json")
    assert marked(killed.state.twin) == []
    assert not folder_of(killed).exists()
    assert following.get(names.REGISTRY_HOST, "/health").status == 200


@pytest.mark.slow
def test_two_twins_run_side_by_side(
    twin: RunningTwin, start_twin: Callable[..., RunningTwin]
) -> None:
    other = start_twin("--fault", "api-scaled-to-zero")
    other.settle()
    assert other.get(names.REGISTRY_HOST, "/health").status == 503
    assert twin.get(names.REGISTRY_HOST, "/health").status in (200, 503)
    assert other.state.edge != twin.state.edge
