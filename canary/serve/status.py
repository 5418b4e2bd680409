"""What the process knows of its runs: their thread writes it, that of the pages reads it."""

from __future__ import annotations

import datetime as dt
import threading

import msgspec

from canary.model import Frozen, Report, parse_time

LATE = 3
"""Periods without a run after which the process is not well."""
FIRST_S = 120.0
"""Seconds that the first run may take beyond its period."""


class Served(Frozen, frozen=True, kw_only=True):
    """The last report and counts since the process began."""

    began: dt.datetime
    report: Report | None = None
    runs: int = 0
    failed: int = 0
    missed: int = 0
    problems: int = 0

    def ill(self, now: dt.datetime, period_s: float) -> str:
        """Return why the process is not well, "" where it is: its runs do not come any more."""
        ended = parse_time(self.report.run.finished_at) if self.report else None
        age = (now - (ended or self.began)).total_seconds()
        limit = LATE * period_s if ended else period_s + FIRST_S
        if age <= limit:
            return ""
        return f"no run ended for {age:.0f} s, one is due every {period_s:.0f} s"


class Board:
    """Holds the present `Served`; a reader never sees half of a change."""

    def __init__(self, began: dt.datetime) -> None:
        self._lock = threading.Lock()
        self._served = Served(began=began)

    @property
    def now(self) -> Served:
        """Return what is known."""
        return self._served

    def ended(self, report: Report, problems: int) -> None:
        """Note a run that ended with a report."""
        with self._lock:
            self._served = msgspec.structs.replace(
                self._served,
                report=report,
                runs=self._served.runs + 1,
                problems=self._served.problems + problems,
            )

    def broke(self) -> None:
        """Note a run that ended without a report."""
        with self._lock:
            self._served = msgspec.structs.replace(
                self._served, runs=self._served.runs + 1, failed=self._served.failed + 1
            )

    def left_out(self, count: int) -> None:
        """Note runs that were due while another one was under way."""
        with self._lock:
            self._served = msgspec.structs.replace(self._served, missed=self._served.missed + count)
