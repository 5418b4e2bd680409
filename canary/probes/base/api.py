"""Types that every probe uses; no clock, client or store is global."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from canary.control_plane.state import PlatformState
from canary.model import (
    Answer,
    Check,
    Credential,
    Environment,
    Failure,
    Frozen,
    Request,
    Residue,
    Service,
    Status,
    Step,
    Timing,
)

NOBODY = "nobody"
TEMPORARY_KEY = "a key of this run"
NO_TIME = "no time left"
"""Start of the reason of a step that was skipped because the check's time was used up."""
BLOCKED = "held back"
"""Start of the reason of a step that was skipped to spare the platform."""

ClientKey = tuple[str, str]
"""Origin of a URL and name of a principal: the pair that rate limits apply to."""


def client_key(url: str, principal: str, *, temporary_key: bool = False) -> ClientKey:
    """Return the (origin, principal) pair that rate limits apply to."""
    origin = "://".join(urlsplit(url)[:2])
    return origin, principal or (TEMPORARY_KEY if temporary_key else NOBODY)


class NotTriedError(Exception):
    """A request is not sent: the rest of the step is skipped (SKIP)."""


class NoTimeError(NotTriedError):
    """The check's time is used up."""


class HeldBackError(NotTriedError):
    """The platform has answered 429 to this client, or answers calls with a key late."""


class CredentialMissingError(Exception):
    """The secret of a principal could not be read; the check cannot be judged (ERROR)."""


class OtherRunError(Exception):
    """Objects stand of a run that may still be under way: nothing beside them is made (ERROR)."""


class RunOutOfTimeError(Exception):
    """The end of the run cut a request short; this says nothing about the target (ERROR)."""


def describe(error: Exception) -> str:
    """Return an exception as text for people; one of our own needs no type name."""
    ours = isinstance(error, CredentialMissingError | OtherRunError | RunOutOfTimeError)
    return str(error) if ours else f"{type(error).__name__}: {error}"


class Http(Protocol):
    """The HTTP client of a probe; it never raises for anything that a target does."""

    def send(self, request: Request, credential: Credential | None = None) -> Answer:
        """Send one request under its hard deadline and return the answer."""
        ...


class NotOpenError(Exception):
    """No connection could be opened; `failure` says why, in one word and in a sentence."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.kind.value}: {failure.detail}")
        self.failure = failure


class Opening(Frozen, frozen=True, kw_only=True):
    """What it took to open a connection, or to fail: its phases, and addresses tried in vain."""

    timing: Timing = Timing()
    dead_addresses: tuple[str, ...] = ()


class Connect(Protocol):
    """Opens a connection for a kind that speaks no HTTP; TLS is always verified."""

    def __call__(
        self,
        host: str,
        port: int,
        *,
        tls: bool = False,
        alpn: tuple[str, ...] = (),
        seconds: float,
        note: Callable[[Opening], None] | None = None,
    ) -> socket.socket:
        """Return an open connection with a time-out of its own; raises NotOpenError.

        `alpn` is what is offered over TLS (RFC 7301); `note` is told in each case what it took.
        """
        ...


def unconnected(host: str, port: int, **_: object) -> socket.socket:
    """Open nothing: a run that was given no way to connect."""
    raise NotTriedError(f"no way to connect to {host}:{port}")


class Clock(Protocol):
    """The clock of a run: `monotonic` in seconds, `now` in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...

    def now(self) -> dt.datetime:
        """Return the time in UTC."""
        ...


class ProbeContext(Frozen, frozen=True, kw_only=True):
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
    """Why this client may not send now, "" if it may; waits for a pending answer or its turn."""
    answered: Callable[[ClientKey, Answer], None]
    """Feed an answer to the back-off; not called when a 429 is expected."""
    record: Callable[[Step], None]
    """Keep a finished step at once, so that it survives if the check is aborted later."""
    residue: Callable[[Residue], None]
    left_behind: frozenset[str] = frozenset()
    """Names of objects that the previous run reported as left behind: their runs have ended."""
    connect: Connect = unconnected
    """A connection for a protocol other than HTTP; the caller closes it."""
    began: float | None = None
    """`clock.monotonic()` at the start of the run; None: steps get no start time."""

    def service(self, name: str) -> Service:
        """Return a service of the environment."""
        return self.environment.services[name]


class Probe(Protocol):
    """The function of a kind: it records steps; an exception becomes one ERROR step."""

    def __call__(self, check: Check, spec: Any, context: ProbeContext) -> None:
        """Carry the check out."""
        ...


class Kind(Frozen, frozen=True, kw_only=True):
    """A kind of check: the type of its spec and the probe that carries it out."""

    name: str
    spec: type
    run: Probe
    summary: str
    reads_state: bool = False
    handshake: bool = False
    """The service itself is not asked: the balancer in front of it answers."""
    makes_objects: bool = False
    """A check of this kind makes objects on the platform and removes them."""
    needs_url: bool = True
    """Its requests go to the URL of its service, so that one without a URL is refused."""
    problem: str = ""
    """Why a plug-in's kind cannot be used, "" for all others."""
    requests: Callable[[Any], int] = lambda _spec: 1
    """Number of requests that one run of this check sends, for `plan`."""
    requests_with_key: Callable[[Any], int] = lambda _spec: 0
    """Number of those that carry a key: the platform counts them and may charge for them."""


WORST = (Status.FAIL, Status.ERROR, Status.PASS)


def worst(statuses: list[Status]) -> Status:
    """Return the status that decides a check: FAIL, then ERROR, then PASS, then SKIP."""
    return next((s for s in WORST if s in statuses), Status.SKIP)
