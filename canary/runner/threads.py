"""A thread pool that starts a new thread when all are busy, so a hung job blocks nobody."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

Action = Callable[[], None]


class Workers:
    """Reuses idle threads, since starting one for each job costs more.

    Not an executor: an executor waits for a hung job, here another thread takes the next one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle = 0
        self._ended = False
        self._given: queue.SimpleQueue[tuple[Action, Action] | None] = queue.SimpleQueue()

    def do(self, job: Action, done: Action) -> None:
        """Run a job in a thread, then call `done`; neither may raise."""
        with self._lock:
            reused = self._idle > 0
            self._idle -= reused
        if reused:
            self._given.put((job, done))
        else:
            threading.Thread(target=self._work, args=(job, done), name="probe", daemon=True).start()

    def end(self) -> None:
        """Stop idle threads now and busy ones when their job returns."""
        with self._lock:
            self._ended = True
            for _ in range(self._idle):
                self._given.put(None)

    def _work(self, job: Action, done: Action) -> None:
        given: tuple[Action, Action] | None = (job, done)
        while given is not None:
            work, on_done = given
            work()
            with self._lock:  # idle before on_done, which may bring the next job
                leaving = self._ended
                self._idle += 1
            on_done()
            given = None if leaving else self._given.get()
