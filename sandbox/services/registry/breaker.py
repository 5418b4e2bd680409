"""The API's circuit breaker for MLflow, which `/health/mlflow` reports."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

THRESHOLD = 3
RECOVERY_S = 30.0


@dataclass
class Breaker:
    """Counts consecutive failures; open from the third until recovery_s have passed."""

    recovery_s: float = RECOVERY_S
    failures: int = 0
    opened_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, success: bool) -> None:
        """Record the result of one call."""
        with self._lock:
            self.failures = 0 if success else self.failures + 1
            if self.failures >= THRESHOLD:
                self.opened_at = time.monotonic()

    def reset(self) -> None:
        """Close the breaker by hand."""
        self.record(success=True)

    @property
    def state(self) -> str:
        """CLOSED, OPEN or HALF_OPEN."""
        if self.failures < THRESHOLD:
            return "CLOSED"
        waited = time.monotonic() - self.opened_at
        return "HALF_OPEN" if waited >= self.recovery_s else "OPEN"
