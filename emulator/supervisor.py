"""Start and end child processes so that none outlives its account."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from emulator.settings import MARKER

PR_SET_PDEATHSIG = 1
FOLDER_PREFIX = "hokusai-sandbox-"
_libc = ctypes.CDLL(None, use_errno=True)


class Child(msgspec.Struct, kw_only=True):
    """A running child process."""

    name: str
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Return its process id, which is also its process group's."""
        return self.process.pid


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that forked it ends (prctl(2))."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def twin_id() -> str:
    """Return an id for this process, of its number and its start time."""
    return f"{os.getpid()}-{_start_ticks(os.getpid())}"


def twin_folder(twin: str) -> Path:
    """Create the account's temporary folder, readable only by its owner."""
    folder = Path(tempfile.gettempdir()) / f"{FOLDER_PREFIX}{twin}"
    folder.mkdir(mode=0o700)
    return folder


class Supervisor:
    """Starts and ends child processes of one account."""

    def __init__(self, twin: str, log_dir: Path) -> None:
        self._twin = twin
        self._log_dir = log_dir
        self.children: dict[str, Child] = {}
        # PDEATHSIG fires when the forking *thread* ends, and a request's thread ends with it:
        # one thread that lives as long as the twin does all the forking
        self._forker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forker")

    def start(self, name: str, argv: list[str], env: Mapping[str, str] | None = None) -> Child:
        """Start a process whose output goes to LOG_DIR/NAME.log."""
        environment = {**os.environ, MARKER: self._twin, **(env or {})}
        process = self._forker.submit(self._fork, name, argv, environment).result()
        child = Child(name=name, process=process)
        self.children[name] = child
        return child

    def _fork(
        self, name: str, argv: list[str], environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        with (self._log_dir / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                argv,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=die_with_parent,  # one prctl: no allocation, no lock
            )

    def running(self, name: str) -> bool:
        """Return whether a child was started and has not ended, by itself or by `end`."""
        child = self.children.get(name)
        return child is not None and child.process.poll() is None

    def end(self, name: str) -> None:
        """Kill one child, if it exists, and wait until it is gone."""
        child = self.children.pop(name, None)
        if child is not None:
            _signal_group(child.pid, signal.SIGKILL)
            child.process.wait()

    def stop(self) -> None:
        """Terminate all children, and kill them after a second."""
        for child in self.children.values():
            _signal_group(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + 1.0
        for child in self.children.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
        for child in self.children.values():
            _signal_group(child.pid, signal.SIGKILL)
            child.process.wait()
        self.children.clear()


def sweep() -> list[str]:
    """Remove processes and folders of accounts whose own process is gone; return them."""
    swept = []
    for pid, twin in _marked_processes():
        if not owner_alive(twin):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
                swept.append(f"process {pid}")
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        if not owner_alive(folder.name.removeprefix(FOLDER_PREFIX)):
            shutil.rmtree(folder, ignore_errors=True)
            swept.append(f"folder {folder}")
    return swept


def kill_marked(twin: str) -> None:
    """Kill every process that carries an account's id, except this one."""
    for pid, found in _marked_processes():
        if found == twin and pid != os.getpid():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _marked_processes() -> list[tuple[int, str]]:
    marker = f"{MARKER}=".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:  # another user's process, or gone by now
            continue
        for variable in variables:
            if variable.startswith(marker):
                found.append((int(entry.name), variable.removeprefix(marker).decode()))
    return found


def owner_alive(twin: str) -> bool:
    """Return whether the process of an account's id still runs."""
    pid, _, ticks = twin.partition("-")
    return pid.isdigit() and _start_ticks(int(pid)) == ticks


def _start_ticks(pid: int) -> str:
    """Return when a process started, in clock ticks since boot (field 22 of proc(5) stat)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return fields[19] if fields[0] != "Z" else ""


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
