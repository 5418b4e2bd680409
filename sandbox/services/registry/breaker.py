"""The API's circuit breaker for MLflow, which its health documents feed and report."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

THRESHOLD = 5
RECOVERY_S = 60.0
SUCCESSES = 2
"""Successes in a row that close it again."""


@dataclass
class Breaker:
    """Opens after five failures; after recovery_s one question may go through again."""

    recovery_s: float = RECOVERY_S
    threshold: int = THRESHOLD
    state: str = "CLOSED"
    failures: int = 0
    successes: int = 0
    failed_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def blocks(self) -> bool:
        """Return whether MLflow must not be asked; an OPEN one goes HALF_OPEN in time."""
        with self._lock:
            if self.state == "OPEN" and time.monotonic() - self.failed_at > self.recovery_s:
                self.state = "HALF_OPEN"
            return self.state == "OPEN"

    def record(self, success: bool) -> None:
        """Record the result of one question."""
        with self._lock:
            if success:
                self._succeeded()
            else:
                self._failed()

    def reset(self) -> None:
        """Close the breaker by hand."""
        with self._lock:
            self.state, self.failures, self.successes, self.failed_at = "CLOSED", 0, 0, 0.0

    def document(self) -> dict[str, Any]:
        """Return what the health documents say of it."""
        with self._lock:
            failed = bool(self.failed_at)
            since = time.monotonic() - self.failed_at if failed else None
            waiting = self.state == "OPEN" and since is not None
            return {
                "state": self.state,
                "failure_count": self.failures,
                "consecutive_successes": self.successes,
                "time_since_last_failure": since,
                "time_until_retry": max(0.0, self.recovery_s - (since or 0.0)) if waiting else 0,
                "failure_threshold": self.threshold,
                "recovery_timeout": self.recovery_s,
            }

    def _succeeded(self) -> None:
        self.successes += 1
        if self.state == "HALF_OPEN" and self.successes >= SUCCESSES:
            self.state, self.failures = "CLOSED", 0
        elif self.state == "CLOSED":
            self.failures = max(0, self.failures - 1)

    def _failed(self) -> None:
        self.failures += 1
        self.successes = 0
        self.failed_at = time.monotonic()
        if self.state == "HALF_OPEN" or self.failures >= self.threshold:
            self.state = "OPEN"
