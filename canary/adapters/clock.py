"""The system clock."""

from __future__ import annotations

import datetime as dt
import time


class SystemClock:
    """The time of this machine."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def now(self) -> dt.datetime:
        """Return the time in UTC."""
        return dt.datetime.now(dt.UTC)
