"""Run a container's health check as an HTTP request to the task's own address."""

from __future__ import annotations

import http.client
import time
from concurrent.futures import Future, ThreadPoolExecutor

from emulator.ecs.definition import HealthCheck
from emulator.network.addresses import loopback

LONGEST_TIMEOUT_S = 2.0
EAGER_S = 0.3  # between probes until the first pass


class Prober:
    """Probes of all tasks, a few at a time."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="container-health")

    def ask(self, address: str, check: HealthCheck) -> Future[bool]:
        """Start one probe."""
        return self._pool.submit(_get, address, check)

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _get(address: str, check: HealthCheck) -> bool:
    """Send the request as `curl -f` does; a status below 400 passes."""
    timeout = min(check.timeout_s, LONGEST_TIMEOUT_S)
    connection = http.client.HTTPConnection(loopback(address), check.port, timeout=timeout)
    try:
        connection.request("GET", check.path, headers={"User-Agent": "curl/8.5.0"})
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class ContainerHealth:
    """The state of one container's check: UNKNOWN, HEALTHY or UNHEALTHY."""

    def __init__(self, check: HealthCheck, speed: float, started: float) -> None:
        self._check = check
        self._interval = check.interval_s / speed
        self._start_period_ends = started + check.start_period_s / speed
        self._next = started
        self._failures = 0
        self._pending: Future[bool] | None = None
        self.status = "UNKNOWN"

    def step(self, prober: Prober, address: str) -> None:
        """Collect a finished probe and start the next one when its time has come."""
        if self._pending is not None and self._pending.done():
            passed, self._pending = self._pending.result(), None
            self._judge(passed)
        moment = time.monotonic()
        if self._pending is None and moment >= self._next:
            wait = EAGER_S if self.status == "UNKNOWN" else self._interval
            self._next = moment + min(wait, self._interval)
            self._pending = prober.ask(address, self._check)

    def _judge(self, passed: bool) -> None:
        if passed:
            self._failures, self.status = 0, "HEALTHY"
        elif self.status == "HEALTHY" or time.monotonic() >= self._start_period_ends:
            self._failures += 1
            if self._failures >= self._check.retries:
                self.status = "UNHEALTHY"
