"""A thread that repeats one step until it is stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class PeriodicThread:
    """Calls `step` after each interval; logs a step that fails, and goes on."""

    def __init__(self, name: str, interval_s: float, step: Callable[[], object]) -> None:
        self._name, self._interval_s, self._step = name, interval_s, step
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, for the first time or again after `stop`."""
        self._ended.clear()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread after its present step."""
        self._ended.set()
        if self._thread:
            self._thread.join(10)
            self._thread = None

    def _run(self) -> None:
        while not self._ended.wait(self._interval_s):
            try:
                self._step()
            except Exception:
                _log.exception("a step of %s failed", self._name)
