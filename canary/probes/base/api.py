"""What a probe is given. Everything arrives as an argument: no clock, client or store is global."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from canary.control_plane.state import PlatformState
from canary.model import (
    Answer,
    Check,
    Credential,
    Environment,
    Frozen,
    Request,
    Residue,
    Service,
    Status,
    Step,
)

NOBODY = "nobody"
MADE_KEY = "a key of this run"
NO_TIME = "no time left"
"""How the reason of a step begins that was not tried because its check's time was used up."""
HELD = "held back"
"""How the reason of a step begins that was not tried because the platform had said 429."""

ClientKey = tuple[str, str]
"""Origin of a URL and name of a principal: rate limits apply to this pair."""


def client_key(url: str, principal: str, *, keyed: bool = False) -> ClientKey:
    """Return the (origin, principal) pair that rate limits apply to."""
    origin = "://".join(urlsplit(url)[:2])
    return origin, principal or (MADE_KEY if keyed else NOBODY)


class NotTriedError(Exception):
    """A request is not sent: what is left of the step is not tried (SKIP)."""


class NoTimeError(NotTriedError):
    """The time of the check is used up."""


class HeldBackError(NotTriedError):
    """The platform has told this caller that it asks too much."""


class CredentialMissingError(Exception):
    """The secret of a principal could not be read; the check cannot tell (ERROR)."""


class RunOutOfTimeError(Exception):
    """The run's own time ended a request; that says nothing of the target (ERROR)."""


def told(error: Exception) -> str:
    """Return what an exception says to people: its words where it is one of ours."""
    ours = isinstance(error, CredentialMissingError | RunOutOfTimeError)
    return str(error) if ours else f"{type(error).__name__}: {error}"


class Http(Protocol):
    """The one door to the network. Never raises for what a target does."""

    def send(self, request: Request, credential: Credential | None = None) -> Answer:
        """Send one request under its hard deadline and return what came back."""
        ...


class Clock(Protocol):
    """Time, handed in: `monotonic` in seconds, `now` in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...

    def now(self) -> dt.datetime:
        """Return the time in UTC."""
        ...


class Tools(Frozen, frozen=True, kw_only=True):
    """Everything a probe may use while it carries out one check."""

    environment: Environment
    run_id: str
    http: Http
    clock: Clock
    credential: Callable[[str], Credential | None]
    """Principal name -> value; None for nobody. Raises CredentialMissingError."""
    forget_credential: Callable[[str], None]
    """Re-read this principal's secret at the next use (called after a refusal, once)."""
    state: Callable[[], PlatformState]
    """The control plane; waits until it was read."""
    remaining: Callable[[bool], float]
    """Seconds left for this check; True: for a clean-up step, which may use the reserve."""
    blocked: Callable[[ClientKey], str]
    """Return why this client must not send now, "" if it may; waits briefly if that is unknown."""
    answered: Callable[[ClientKey, Answer], None]
    """Feed an answer to the back-off; not called when a 429 is expected."""
    record: Callable[[Step], None]
    """Keep a finished step at once, so that it survives whatever happens to the check later."""
    residue: Callable[[Residue], None]
    began: float | None = None
    """`clock.monotonic()` when the run began; None: steps do not say when they started."""

    def service(self, name: str) -> Service:
        """Return a service of the environment."""
        return self.environment.services[name]


class Run(Protocol):
    """How a kind is carried out: records its steps; an exception becomes one ERROR step."""

    def __call__(self, check: Check, spec: Any, tools: Tools) -> None:
        """Carry the check out."""
        ...


class Kind(Frozen, frozen=True, kw_only=True):
    """One way of checking: its spec's type and the function that carries it out."""

    name: str
    spec: type
    run: Run
    summary: str
    reads_state: bool = False
    requests: Callable[[Any], int] = lambda _spec: 1
    """How many requests one run of this check sends, for `plan`."""
    keyed: Callable[[Any], int] = lambda _spec: 0
    """How many of them carry a key: the platform counts and may debit these."""


WORST = (Status.FAIL, Status.ERROR, Status.PASS, Status.SKIP)


def worst(statuses: list[Status]) -> Status:
    """Return the status that decides a check: FAIL, then ERROR, then PASS, then SKIP."""
    return next((s for s in WORST if s in statuses), Status.SKIP)
