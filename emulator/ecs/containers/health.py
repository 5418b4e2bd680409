"""The state of a container's health check, which is made again and again."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor

from emulator.ecs.containers.check import Check

EAGER_S = 0.3  # between checks until the first pass
SHORTEST_S = 0.5  # between checks that are a process


class Prober:
    """Makes the checks of all containers, a few at a time."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="container-health")

    def ask(self, check: Check) -> Future[bool]:
        """Begin to make one check."""
        return self._pool.submit(check.passes)

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class ContainerHealth:
    """The state of one container's check: UNKNOWN, HEALTHY or UNHEALTHY."""

    def __init__(self, check: Check, speed: float) -> None:
        started = time.monotonic()
        self._check = check
        shortest = 0.0 if check.request else SHORTEST_S
        self._interval = max(check.given.interval_s / speed, shortest)
        self._eager = max(min(EAGER_S, self._interval), shortest)
        self._start_period_ends = started + check.given.start_period_s / speed
        self._next = started
        self._failures = 0
        self._pending: Future[bool] | None = None
        self.status = "UNKNOWN"

    def step(self, prober: Prober) -> None:
        """Collect a finished check and begin the next one when its time has come."""
        if self._pending is not None and self._pending.done():
            passed, self._pending = self._pending.result(), None
            self._judge(passed)
        moment = time.monotonic()
        if self._pending is None and moment >= self._next:
            self._next = moment + (self._eager if self.status == "UNKNOWN" else self._interval)
            self._pending = prober.ask(self._check)

    def _judge(self, passed: bool) -> None:
        if passed:
            self._failures, self.status = 0, "HEALTHY"
        elif self.status == "HEALTHY" or time.monotonic() >= self._start_period_ends:
            self._failures += 1
            if self._failures >= self._check.given.retries:
                self.status = "UNHEALTHY"
