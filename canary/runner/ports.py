"""What the runner is given: doors to the world, as plain callables."""

from __future__ import annotations

import threading
from collections.abc import Callable

from canary.control_plane.state import PlatformState, Unavailable
from canary.model import Credential, Environment, Frozen
from canary.probes.base.api import Clock, Http
from canary.redaction.redactor import Redactor


class StateUnavailableError(Exception):
    """The control plane was not read in time; a check that needs it cannot tell (ERROR)."""


class Doors(Frozen, frozen=True, kw_only=True):
    """Everything that a run touches outside itself."""

    environment: Environment
    http: Callable[[str], Http]
    """Run id -> the door to the network, which names the run in its requests."""
    clock: Clock
    credential: Callable[[str], Credential | None]
    forget_credential: Callable[[str], None]
    observe: Callable[[], PlatformState]
    redactor: Redactor


class Observation:
    """The control plane, read once in a thread of its own while the probes run."""

    def __init__(self, observe: Callable[[], PlatformState], done: Callable[[], None]) -> None:
        self._observe = observe
        self._done = done
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
        self._done()

    @property
    def read(self) -> bool:
        """Return whether reading has ended, well or not."""
        return self._read.is_set()

    def state(self, seconds: float) -> PlatformState:
        """Return what was read, waiting at most so long; raises StateUnavailableError."""
        if not self._read.wait(max(seconds, 0.0)):
            raise StateUnavailableError("the control plane was not read within the time")
        if self._state is None:
            raise StateUnavailableError(f"the control plane could not be read: {self._problem}")
        return self._state

    def final(self, seconds: float) -> PlatformState:
        """Return what was read, or a state that says why nothing was."""
        try:
            return self.state(seconds)
        except StateUnavailableError as error:
            code = "Timeout" if not self._read.is_set() else "ReaderFailed"
            gap = Unavailable(action="observe", resource="*", code=code, reason=str(error))
            return PlatformState(unavailable=(gap,))
