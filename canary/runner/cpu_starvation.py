"""Detect that the canary had too little CPU, so that it measured its own throttling."""

from __future__ import annotations

import threading
import time

from canary.probes.base.api import Clock

TICK = 0.05
LATE = 0.03
"""Seconds that a tick may come late before it counts; a healthy core wakes within 2 ms."""
LATE_SHARE = 0.2
BUSY_SHARE = 0.9
FEWEST_TICKS = 4


class CpuStarvation:
    """Wakes every 50 ms while the probes run and counts how often it woke late.

    CPU time against wall time alone cannot tell: a function with a seventh of a core that uses all
    of it looks as idle as one that waits. Late wake-ups show both throttling and a blocked
    interpreter (measured: with an eighth of a core a 20 ms answer reads as 100 ms).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stop = threading.Event()
        self._late = self._ticks = 0
        self._thread = threading.Thread(target=self._tick, name="cpu-starvation", daemon=True)

    def __enter__(self) -> CpuStarvation:
        self._cpu, self._wall = time.process_time(), self._clock.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._cpu = time.process_time() - self._cpu
        self._wall = self._clock.monotonic() - self._wall

    def _tick(self) -> None:
        while True:
            before = self._clock.monotonic()
            if self._stop.wait(TICK):
                return
            self._ticks += 1
            self._late += self._clock.monotonic() - before > TICK + LATE

    @property
    def starved(self) -> bool:
        """Return whether the latencies of this run are not valid."""
        return is_starved(self._late, self._ticks, self._cpu, self._wall)


def is_starved(late: int, ticks: int, cpu: float, wall: float) -> bool:
    """Return whether many ticks came late, or nearly all of one core was in use."""
    if ticks < FEWEST_TICKS:
        return False
    return late / ticks > LATE_SHARE or cpu / wall > BUSY_SHARE
