"""Who must not ask now: a caller that the platform has answered 429."""

from __future__ import annotations

import datetime as dt
import math
import threading

from canary.model import Answer
from canary.probes.base.api import HELD, Caller, Clock

PATIENCE_S = 3.0
"""Seconds that a caller waits for the answer which shows whether it is still turned away."""
LEAST_REST_S = 1.0
"""Seconds that a caller is held back at least, whatever a target asks for."""


class Restraint:
    """Holds callers back that the platform has answered 429: for as long as it asks, or for good.

    A caller that was turned away in the run before begins with one question; the others wait for
    its answer. So each run knows, and none is a storm.
    """

    def __init__(self, clock: Clock, unsure: frozenset[Caller] = frozenset()) -> None:
        self._clock = clock
        self._news = threading.Condition()
        self._unsure, self._asked = set(unsure), set[Caller]()
        self._until: dict[Caller, float] = {}

    def held(self, caller: Caller, patience_s: float, *, must: bool = False) -> str:
        """Return why this caller must not ask now; what `must` be asked is never held back."""
        with self._news:
            if must or (caller in self._unsure and caller not in self._asked):
                self._asked.add(caller)
                return ""
            self._news.wait_for(lambda: caller not in self._unsure, min(patience_s, PATIENCE_S))
            self._unsure.discard(caller)  # one that was never answered is waited for once
            if self._clock.monotonic() < self._until.get(caller, 0.0):
                return f"{HELD}: {caller[0]} has answered 429 to {caller[1]}"
            return ""

    def answered(self, caller: Caller, answer: Answer) -> None:
        """Learn from an answer that nobody expected to be 429."""
        with self._news:
            self._unsure.discard(caller)
            if answer.status == 429:
                rest = rest_s(answer.header("retry-after"), self._clock.now())
                until = self._clock.monotonic() + rest
                self._until[caller] = max(until, self._until.get(caller, 0.0))
            self._news.notify_all()


def rest_s(retry_after: str, now: dt.datetime) -> float:
    """Return how long a 429 holds its caller back: seconds, a date, or the rest of the run."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return max(float(text[:9]), LEAST_REST_S)
    from email.utils import parsedate_to_datetime  # hardly any run needs it

    try:
        until = parsedate_to_datetime(text)
        until = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
        return max((until - now).total_seconds(), LEAST_REST_S)
    except (ValueError, OverflowError):
        return math.inf
