"""Run a command in a thread, so that a signal ends the process in a bounded time.

A look-up or a read that hangs cannot be interrupted in its own thread. The main thread waits for
the command or for a signal, gives a run its time to clean up, and ends the process.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import NoReturn

from canary.adapters.streams import CANNOT_WRITE, OutputError, streams

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AGAIN_S = 1.0
"""Seconds after which a second signal is meant: `timeout` and terminals send one twice at once."""
MARGIN_S = 2.0
"""Seconds beyond its own limit after which an interrupted command is no longer waited for."""
HURRY_S = 1.0
SAY_S = 0.5
"""Seconds for a line on stderr: a pipe that nobody reads must not keep the process."""
SHOW_CURSOR = "\x1b[?25h"


class Interruption:
    """What a signal does to the command under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop: Callable[[], None] | None = None
        self._changing = threading.Lock()
        self.limit_s = 0.0
        """Within how many seconds a command that is stopped now has cleaned up; 0: none is."""
        self.left_behind = ""
        """What a signal leaves behind at this moment, for the line that says so."""

    @contextlib.contextmanager
    def stoppable(self, stop: Callable[[], None], limit_s: float) -> Iterator[None]:
        """Let a signal call `stop` and wait for the command, as long as this context is open."""
        with self._lock:
            self._stop, self.limit_s = stop, limit_s
        try:
            yield
        finally:
            with self._lock:
                self._stop, self.limit_s = None, 0.0

    @contextlib.contextmanager
    def whole(self) -> Iterator[None]:
        """Let a signal wait for a short change that is made whole or not at all."""
        with self._changing:
            yield

    def stop(self) -> bool:
        """Stop what is under way; return whether anything is that has to be waited for."""
        with self._lock:
            if self._stop is not None:
                self._stop()
            return self._stop is not None

    def wait_until_whole(self) -> None:
        """Wait for a change under way; a disk that hangs is not waited for."""
        self._changing.acquire(timeout=MARGIN_S)


interruption = Interruption()
News = tuple[bool, int]
"""Whether it is a signal, and the number of the signal or the command's exit status."""


def run_command(command: Callable[[], object]) -> NoReturn:
    """Run a command and end the process: with its status, or with 128 + the number of a signal."""
    news: queue.SimpleQueue[News] = queue.SimpleQueue()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a job in the background
            signal.signal(number, lambda got, _frame: news.put((True, got)))
    streams.replace()

    def work() -> None:
        news.put((False, streams.status(_status(command))))

    try:
        threading.Thread(target=work, name="command", daemon=True).start()
    except RuntimeError as error:  # the machine has no thread left
        print(error, file=sys.stderr)
        sys.exit(CANNOT_WRITE)
    signalled, value = news.get()
    if signalled:
        _interrupt(value, news)
        # The interrupted thread may hold any lock, and would be waited for at a normal end.
        os._exit(128 + value)
    if any(t is not threading.main_thread() and not t.daemon for t in threading.enumerate()):
        # Python waits for every thread of a pool, even for one that hangs in a look-up.
        os._exit(value)
    sys.exit(value)


def _status(command: Callable[[], object]) -> int:
    """Return the exit status of a command, however it ends."""
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except OutputError:  # `streams` has kept why, and gives the status
        return CANNOT_WRITE
    except OSError as error:  # before the command line is there: too few files to import it
        print(f"{error.filename or 'the command line'}: {error.strerror}", file=sys.stderr)
        return CANNOT_WRITE
    except MemoryError:
        print("not enough memory", file=sys.stderr)
        return CANNOT_WRITE
    except BaseException:  # noqa: BLE001 - the last boundary: a bug is printed, with its own status
        traceback.print_exc()
        return CANNOT_WRITE
    return 0


def _interrupt(number: int, news: queue.SimpleQueue[News]) -> None:
    """Stop the command, and wait for its clean-up; a second signal shortens the wait."""
    name, began = f"interrupted by {signal.Signals(number).name}", time.monotonic()
    limit_s = interruption.limit_s
    if limit_s:
        _say(f"{name}: cleaning up, for at most {limit_s:.0f} s")
    if not interruption.stop():
        interruption.wait_until_whole()
        _say("; ".join(part for part in (name, interruption.left_behind) if part))
        return
    until = began + limit_s + MARGIN_S
    while True:
        try:
            signalled, _ = news.get(timeout=max(until - time.monotonic(), 0.0))
        except queue.Empty:
            _say("the clean-up did not end in its time, objects of this run may be left behind")
            return
        if not signalled:
            return
        if time.monotonic() - began > AGAIN_S:
            interruption.stop()
            until = min(until, time.monotonic() + HURRY_S)


def _say(line: str) -> None:
    """Print a line to stderr; on a terminal also show the cursor, which a bar may have hidden."""

    def work() -> None:
        shown = SHOW_CURSOR if sys.stderr.isatty() else ""
        print(f"{shown}{line}", file=sys.stderr, flush=True)

    thread = threading.Thread(target=work, name="say", daemon=True)
    thread.start()
    thread.join(SAY_S)
