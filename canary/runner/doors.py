"""What the runner is given: doors to the world, as plain callables."""

from __future__ import annotations

import datetime as dt
import math
import threading
from collections.abc import Callable

from canary.model import Answer, Credential, Environment, Frozen
from canary.observe.state import PlatformState, Unavailable
from canary.probes.kit import HELD, Caller, Clock, Http
from canary.redact import Redactor

PATIENCE_S = 3.0
"""Seconds that a caller waits for the answer which shows whether it is still turned away."""
LEAST_REST_S = 1.0
"""Seconds that a caller is held back at least, whatever a target asks for."""


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
