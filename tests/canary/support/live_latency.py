"""Ask one document of a twin again and again, and note how long each answer took."""

from __future__ import annotations

import threading
import time
from types import TracebackType

import urllib3

from tests.sandbox.support.twin import Outside

EVERY_S = 0.1
PATIENCE_S = 90.0
"""Seconds for one answer; the longest freeze that was measured took 69."""
HOST, PATH = "registry.hokus.ai", "/live"


class Watch:
    """Asks `/live` of the registry API every 100 ms while it is open.

    Each request has a thread of its own: an answer that is late must not delay the next question.
    """

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._askers: list[threading.Thread] = []
        self.seconds: list[float] = []
        self.statuses: set[int] = set()

    def __enter__(self) -> Watch:
        self._asking = threading.Thread(target=self._work, daemon=True)
        self._asking.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._asking.join()
        for asker in self._askers:
            asker.join(PATIENCE_S + 5)

    @property
    def slowest_s(self) -> float:
        """Return the seconds of the slowest answer."""
        return max(self.seconds)

    def _work(self) -> None:
        while not self._ended.wait(EVERY_S):
            asker = threading.Thread(target=self._ask, daemon=True)
            asker.start()
            self._askers.append(asker)

    def _ask(self) -> None:
        began, status = time.monotonic(), 0
        try:
            status = self._outside.get(HOST, PATH, timeout=PATIENCE_S).status
        except urllib3.exceptions.HTTPError:
            status = 0
        with self._lock:
            self.seconds.append(time.monotonic() - began)
            self.statuses.add(status)
