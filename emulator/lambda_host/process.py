"""Start, watch, freeze, thaw and kill the process of an execution environment."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# The kernel's parent-death signal follows the *thread* that made the child; request threads end.
# So all children are made by one thread that lives as long as this process.
_maker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lambda-maker")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Process:
    """A child in a process group of its own whose output is read line by line.

    mark is one of its variables; it identifies the process and its children.
    """

    def __init__(self, command: list[str], cwd: Path, env: dict[str, str], mark: str = "") -> None:
        self._mark = mark.encode()
        self._lines: list[str] = []
        self._lock = threading.Lock()
        self._tail = b""
        self._popen = _maker.submit(
            subprocess.Popen,
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            bufsize=0,
        ).result()
        self.pid: int = self._popen.pid

    def watch(self, on_exit: Callable[[], None]) -> None:
        """Read the output until its end, then call a function."""

        def read() -> None:
            while self._read_some():
                pass
            self._popen.wait()
            on_exit()

        threading.Thread(target=read, name=f"lambda-out-{self.pid}", daemon=True).start()

    def _read_some(self) -> bool:
        fd = self._fd()
        select.select([fd], [], [])
        with self._lock:  # held while a chunk is read and split, so `lines` never misses one
            chunk = os.read(fd, 65_536)
            *whole, self._tail = (self._tail + chunk).split(b"\n")
            if not chunk and self._tail:
                whole, self._tail = [*whole, self._tail], b""
            self._lines += [line.decode(errors="replace") for line in whole]
        return bool(chunk)

    def lines(self) -> list[str]:
        """Return the lines written since the last call, with all that the process has flushed."""
        for _ in range(1000):
            with self._lock:
                if not self._waiting():
                    taken, self._lines = self._lines, []
                    return taken
            select.select([], [], [], 0.001)
        return []

    def _waiting(self) -> int:
        """Return the bytes in the pipe."""
        try:
            size = fcntl.ioctl(self._fd(), termios.FIONREAD, b"\0" * 4)
        except (OSError, ValueError):
            return 0
        return int(struct.unpack("i", size)[0])

    def _fd(self) -> int:
        assert self._popen.stdout is not None
        return self._popen.stdout.fileno()

    @property
    def alive(self) -> bool:
        """Return whether the process runs or is frozen."""
        return self._popen.poll() is None

    @property
    def exit_text(self) -> str:
        """Return how the process ended in Lambda's wording, such as `signal: killed`."""
        code = self._popen.wait(5)
        if code >= 0:
            return f"exit status {code}"
        name = signal.strsignal(-code) or str(-code)
        return f"signal: {name.lower()}"

    def memory_mb(self, peak: bool = False) -> int:
        """Return resident memory now or its maximum, in MB; 0 after the process has ended."""
        try:
            if not peak:
                pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
                return pages * _PAGE // 2**20
            status = Path(f"/proc/{self.pid}/status").read_text()
        except (OSError, IndexError):
            return 0
        high = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
        return int(next(high, "0")) // 1024

    def freeze(self) -> None:
        """Stop the process and its threads between invocations, as Lambda does."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the process continue."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill the process and its children."""
        self._signal(signal.SIGKILL)
        self._popen.wait(5)
        for pid in _marked(self._mark):  # in groups of their own, or left by a process that ended
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.alive:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                return


def _marked(mark: bytes) -> list[int]:
    """Return the processes that carry a variable."""
    found = []
    for entry in Path("/proc").iterdir() if mark else ():
        with contextlib.suppress(OSError):  # another user's process, or gone by now
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found
