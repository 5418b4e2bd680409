"""Read the control plane once, in a thread of its own, while the probes run."""

from __future__ import annotations

import threading
from collections.abc import Callable

from canary.control_plane.state import PlatformState, not_read


class StateUnavailableError(Exception):
    """The control plane was not read in time; a check that needs it cannot tell (ERROR)."""


class Observation:
    """One reading of the control plane; `on_end` is called when it has ended."""

    def __init__(self, observe: Callable[[], PlatformState], on_end: Callable[[], None]) -> None:
        self._observe = observe
        self._on_end = on_end
        self._read = threading.Event()
        self._state: PlatformState | None = None
        self._problem = ""

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._work, name="observe", daemon=True).start()

    def _work(self) -> None:
        try:
            self._state = self._observe()
        except Exception as error:  # noqa: BLE001 - a reader's bug is a reading that is missing
            self._problem = f"{type(error).__name__}: {error}"
        self._read.set()
        self._on_end()

    @property
    def read(self) -> bool:
        """Return whether reading has ended, well or not."""
        return self._read.is_set()

    def state(self, seconds: float) -> PlatformState:
        """Return the state, waiting at most so many seconds; raises StateUnavailableError."""
        if not self._read.wait(max(seconds, 0.0)):
            raise StateUnavailableError("the control plane was not read within the time")
        if self._state is None:
            raise StateUnavailableError(f"the control plane could not be read: {self._problem}")
        return self._state

    def final(self, seconds: float) -> PlatformState:
        """Return the state, or an empty one that says why nothing was read."""
        try:
            return self.state(seconds)
        except StateUnavailableError as error:
            code = "Timeout" if not self._read.is_set() else "ReaderFailed"
            return not_read(code, str(error))
