"""How late the points of a run can be read.

Sources: EventBridge Scheduler ("60 second precision"); CloudWatch Logs, "Setting alarms on metrics
created with the embedded metric format" (points may come late, so alarms need M of N).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from canary.model import Frozen


class Delays(Frozen, frozen=True, kw_only=True):
    """Seconds, as ranges; shares are of the documents in which points are printed."""

    ingestion: tuple[float, float] = (20.0, 120.0)
    late: float = 0.01
    late_by: tuple[float, float] = (60.0, 300.0)
    lost: float = 0.001
    run: tuple[float, float] = (6.0, 14.0)
    failing_run: tuple[float, float] = (10.0, 30.0)
    jitter: float = 3.0  # of the scheduler, around its own second of the minute


USUAL = Delays()


@dataclass
class Arrivals:
    """Draws when each document of a run can be read."""

    delays: Delays
    chance: random.Random

    def __post_init__(self) -> None:
        """Choose the second of the minute at which the schedule starts its runs."""
        jitter = self.delays.jitter
        self._second = self.chance.uniform(jitter, 60 - jitter)

    def ended(self, begin: float, failing: bool) -> float:
        """Return when a run ends that is scheduled for `begin`, in seconds of the replay."""
        d = self.delays
        took = self.chance.uniform(*(d.failing_run if failing else d.run))
        return begin + self._second + self.chance.uniform(-d.jitter, d.jitter) + took

    def arrives(self, ended: float) -> float | None:
        """Return when a document printed at `ended` can be read; None: it is lost."""
        d = self.delays
        if self.chance.random() < d.lost:
            return None
        more = self.chance.uniform(*d.late_by) if self.chance.random() < d.late else 0.0
        return ended + self.chance.uniform(*d.ingestion) + more
