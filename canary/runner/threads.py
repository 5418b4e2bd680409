"""Threads that carry out one job after another; one that hangs in a job is simply not idle."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

Action = Callable[[], None]


class Workers:
    """As many threads as jobs were ever under way at once: starting one for each job costs more.

    Not an executor: an executor waits for a job that hangs, here a further thread takes the next.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle = 0
        self._ended = False
        self._given: queue.SimpleQueue[tuple[Action, Action] | None] = queue.SimpleQueue()

    def do(self, job: Action, done: Action) -> None:
        """Carry a job out in a thread, then call `done`; neither may raise."""
        with self._lock:
            reused = self._idle > 0
            self._idle -= reused
        if reused:
            self._given.put((job, done))
        else:
            threading.Thread(target=self._work, args=(job, done), name="probe", daemon=True).start()

    def end(self) -> None:
        """Let every thread go, those that still hang as soon as they come back."""
        with self._lock:
            self._ended = True
            for _ in range(self._idle):
                self._given.put(None)

    def _work(self, job: Action, done: Action) -> None:
        given: tuple[Action, Action] | None = (job, done)
        while given is not None:
            carry_out, tell = given
            carry_out()
            with self._lock:  # idle before it is told: whoever is told may bring the next job
                leaving = self._ended
                self._idle += 1
            tell()
            given = None if leaving else self._given.get()
