"""The real clock."""

from __future__ import annotations

import datetime as dt
import time


class SystemClock:
    """Time as this machine has it."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def now(self) -> dt.datetime:
        """Return the time in UTC."""
        return dt.datetime.now(dt.UTC)
