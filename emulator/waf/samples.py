"""Keep samples of the requests that web ACLs judged, for three hours and within bounds.

Source: the AWS WAF API's GetSampledRequests.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

KEPT_S = 3 * 3600.0
MOST_SAMPLES = 500  # of each rule; the call returns no more
MOST_POPULATION = 5000
MINUTE_S = 60.0


class Samples:
    """The latest requests of each rule, and how many there were in each minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], deque[Json]] = {}
        self._minutes: dict[tuple[str, str], Counter[int]] = {}

    def record(self, message: Mapping[str, Any]) -> None:
        """Keep one judgement of the balancer."""
        key = (str(message["acl"]), str(message["metric"]))
        minute = int(float(message["time"]) // MINUTE_S)
        oldest = minute - int(KEPT_S // MINUTE_S)
        with self._lock:
            self._kept.setdefault(key, deque(maxlen=MOST_SAMPLES)).append(dict(message))
            counts = self._minutes.setdefault(key, Counter())
            counts[minute] += 1
            for old in [one for one in counts if one < oldest]:
                del counts[old]

    def between(self, acl: str, metric: str, start: float, end: float) -> tuple[list[Json], int]:
        """Return a rule's samples of a time range, and how many requests there were."""
        start = max(start, time.time() - KEPT_S)
        with self._lock:
            kept = list(self._kept.get((acl, metric), ()))
            counts = dict(self._minutes.get((acl, metric), {}))
        found = [one for one in kept if start <= float(one["time"]) <= end]
        minutes = range(int(start // MINUTE_S), int(end // MINUTE_S) + 1)
        counted = sum(counts.get(minute, 0) for minute in minutes)
        return found, min(MOST_POPULATION, counted if len(kept) == MOST_SAMPLES else len(found))

    def forget(self) -> None:
        """Forget every sample."""
        with self._lock:
            self._kept.clear()
            self._minutes.clear()


SAMPLES = Samples()
