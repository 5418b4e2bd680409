"""Back off per client after a 429."""

from __future__ import annotations

import datetime as dt
import math
import threading

from canary.model import Answer
from canary.probes.base.api import BLOCKED, ClientKey, Clock

PATIENCE_S = 3.0
"""Seconds that a client waits for the answer that shows whether it is still rate-limited."""
LEAST_BACKOFF_S = 1.0
"""Shortest back-off in seconds, whatever the target's Retry-After says."""


class RateLimitBackoff:
    """Blocks clients that got a 429: for as long as Retry-After says, or for the rest of the run.

    A client that was rate-limited in the previous run sends one request first, and its other
    requests wait for that answer. So each run finds out with one request and never with a burst.
    """

    def __init__(self, clock: Clock, unsure: frozenset[ClientKey] = frozenset()) -> None:
        self._clock = clock
        self._news = threading.Condition()
        self._unsure, self._asked = set(unsure), set[ClientKey]()
        self._until: dict[ClientKey, float] = {}

    def blocked(self, client: ClientKey, patience_s: float, *, must: bool = False) -> str:
        """Return why this client must not send now, "" if it may; with `must` it always may."""
        with self._news:
            if must or (client in self._unsure and client not in self._asked):
                self._asked.add(client)
                return ""
            self._news.wait_for(lambda: client not in self._unsure, min(patience_s, PATIENCE_S))
            self._unsure.discard(client)  # a first request that gets no answer is waited for once
            if self._clock.monotonic() < self._until.get(client, 0.0):
                return f"{BLOCKED}: {client[0]} has answered 429 to {client[1]}"
            return ""

    def answered(self, client: ClientKey, answer: Answer) -> None:
        """Block or release a client by an answer; not called when a 429 is expected."""
        with self._news:
            self._unsure.discard(client)
            if answer.status == 429:
                seconds = backoff_s(answer.header("retry-after"), self._clock.now())
                until = self._clock.monotonic() + seconds
                self._until[client] = max(until, self._until.get(client, 0.0))
            self._news.notify_all()


def backoff_s(retry_after: str, now: dt.datetime) -> float:
    """Return how long a 429 blocks its client: seconds, until a date, or the rest of the run."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return max(float(text[:9]), LEAST_BACKOFF_S)
    from email.utils import parsedate_to_datetime  # hardly any run needs it

    try:
        until = parsedate_to_datetime(text)
        until = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
        return max((until - now).total_seconds(), LEAST_BACKOFF_S)
    except (ValueError, OverflowError):
        return math.inf
