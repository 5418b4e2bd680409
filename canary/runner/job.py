"""One check while it runs: its probe's context, its deadline, and the steps recorded so far."""

from __future__ import annotations

import functools
import socket
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from canary.control_plane.state import PlatformState
from canary.model import (
    Answer,
    Check,
    Credential,
    Failure,
    FailureKind,
    Request,
    Severity,
    Status,
    Step,
)
from canary.probes.base.api import (
    NOBODY,
    ClientKey,
    CredentialMissingError,
    ProbeContext,
    RunOutOfTimeError,
    client_key,
)
from canary.runner.context import RunContext
from canary.runner.turns import Place

T = TypeVar("T")

LEAST_S = 0.02
"""Seconds under which a request is not worth sending."""
CUT = (FailureKind.DEADLINE, FailureKind.READ_TIMEOUT, FailureKind.CONNECT_TIMEOUT)
EARLY = (FailureKind.DNS, FailureKind.TLS)
"""Phases without a time-out kind of their own: their duration shows whether they timed out."""


class Job:
    """Runs one check, and is the HTTP client of its probe; after `seal` it records nothing more."""

    def __init__(self, check: Check, run: RunContext) -> None:
        self.check = check
        self._run, self._ports, self._redactor = run, run.ports, run.ports.redactor
        self._clock, self._clients = run.ports.clock, set[ClientKey]()
        self._lock = threading.Lock()
        self._sealed = False
        self._steps: list[Step] = []
        self.started = self._clock.monotonic()
        self.ended = 0.0
        self.deadline = min(self.started + self.check.timeout, run.times.probing)
        self.cleaning = False
        self.waiting_for = ""  # what the probe is waiting for at this moment
        self.waiting_since = 0.0
        self.waits_for_target = False
        self._place = Place(run.turns, self._clock, check, run.on_news)
        self.requests = 0
        self.thread = 0  # identifier of the thread that runs the probe
        self.returned = threading.Event()

    def work(self) -> None:
        """Run the probe; raises nothing that a probe can raise."""
        self.thread = threading.get_ident()
        try:
            self._probe()
        finally:
            self._place.end(bad=True)
            self.ended = self._clock.monotonic()
            self.returned.set()

    def _probe(self) -> None:
        kind = self._ports.kinds[self.check.kind]
        try:
            kind.run(self.check, self.check.spec, self._context())
        except CredentialMissingError as error:
            self._error("credential", str(error))
        except RunOutOfTimeError as error:
            self._error("out of time", str(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary: a bug is an ERROR
            self._error("canary", f"{type(error).__name__}: {error}")

    def _error(self, name: str, reason: str) -> None:
        now = self._run.since_start_ms(self._clock.monotonic())
        self._record(Step(name=name, status=Status.ERROR, reason=reason, started_ms=now))

    @property
    def may_leave_objects(self) -> bool:
        """Return whether this check may have made objects that it has to remove."""
        return self.requests > 0 and self._ports.kinds[self.check.kind].makes_objects

    @property
    def queued(self) -> bool:
        """Return whether this check waits for its turn to call a late origin with a key."""
        return self._place.queued

    @property
    def may_be_asking(self) -> bool:
        """Return whether a request of this check is under way, or may still follow."""
        asking = self.cleaning or (bool(self.waiting_for) and self.waits_for_target)
        return asking and not self.returned.is_set()

    def seal(self) -> tuple[Step, ...]:
        """Return the steps recorded so far; later ones are dropped."""
        with self._lock:
            self._sealed = True
            return tuple(self._steps)

    def cleanup_deadline(self) -> float:
        """Return the moment until which this check may clean up."""
        reserve = self._run.environment.run.cleanup_reserve
        return min(self.deadline + reserve, self._run.times.cleanup)

    def _context(self) -> ProbeContext:
        return ProbeContext(
            environment=self._run.environment,
            run_id=self._run.run_id,
            http=self,
            clock=self._clock,
            credential=self._credential,
            forget_credential=self._ports.forget_credential,
            state=self._state,
            remaining=self._remaining,
            blocked=self._blocked,
            answered=self._run.backoff.answered,
            record=self._record,
            residue=self._run.residue.append,
            left_behind=self._run.left_behind,
            connect=self._connect,
            began=self._run.times.start,
        )

    def _record(self, step: Step) -> None:
        with self._lock:
            if not self._sealed:
                self._steps.append(step)

    def _credential(self, principal: str) -> Credential | None:
        found = self._waiting(
            f"the secret of {principal}", False, lambda: self._ports.credential(principal)
        )
        if found is not None:
            self._redactor.learn_credential(found)
        return found

    def _connect(self, host: str, port: int, *, seconds: float, **more: Any) -> socket.socket:
        self.requests += 1
        within = min(seconds, self._remaining(False))
        open_ = functools.partial(self._ports.connect, host, port, seconds=within, **more)
        return self._waiting(f"a connection to {host}:{port}", True, open_)

    def _state(self) -> PlatformState:
        return self._waiting(
            "the control plane", False, lambda: self._run.observation.state(self._remaining(False))
        )

    def _remaining(self, cleanup: bool) -> float:
        if cleanup:
            self.cleaning = True
        until = self.cleanup_deadline() if cleanup else self.deadline
        return self._run.left(until)

    def _blocked(self, client: ClientKey) -> str:
        """Return why a client must not send; a critical check sends once and waits for nobody."""
        first = client not in self._clients
        self._clients.add(client)
        must = first and self.check.severity is Severity.CRITICAL
        left = self._remaining(False)
        what = f"an answer to {client[1]}, which got a 429 in the previous run"
        why = self._waiting(what, False, lambda: self._run.backoff.blocked(client, left, must=must))
        return why or ("" if client[1] == NOBODY else self._await_turn(client[0]))

    def _await_turn(self, origin: str) -> str:
        """Wait for the turn to call an origin with a key; return why it does not come, else "".

        The time of the check does not pass meanwhile: the canary waits, not the platform.
        """
        before = self._place.waited_s
        what = f"its turn to call {origin} with a key"
        why = self._waiting(what, False, lambda: self._place.take(origin))
        waited = self._place.waited_s - before
        self.deadline = min(self.deadline + waited, self._run.times.probing)
        return why

    def _waiting(self, what: str, target: bool, action: Callable[[], T]) -> T:
        self.waiting_since = self._clock.monotonic()
        self.waits_for_target, self.waiting_for = target, what
        try:
            return action()
        finally:
            self.waiting_for = ""

    def send(self, request: Request, credential: Credential | None = None) -> Answer:
        """Send a request of the probe within the time that is left to the check."""
        bad, began = True, self._clock.monotonic()
        try:
            answer = self._send(request, credential)
            bad = answer.failure is not None or answer.status >= 500
        finally:
            self._place.end(bad=bad)
        if credential is None and answer.failure is None:
            self._run.turns.answered_without_key(client_key(request.url, "")[0], began)
        return answer

    def _send(self, request: Request, credential: Credential | None) -> Answer:
        left = self._remaining(self.cleaning)
        if left < LEAST_S:
            self._give_up_if_run_ends(0.0)
            return Answer(failure=Failure(kind=FailureKind.DEADLINE, detail="no time left"))
        self.requests += 1
        clipped = left < request.timeout_s
        if clipped:
            request = msgspec.structs.replace(request, timeout_s=left)
        what = f"{request.method} {request.url}"
        answer = self._waiting(what, True, lambda: self._run.http.send(request, credential))
        if clipped and answer.failure is not None:
            waited = self._clock.monotonic() - self.waiting_since
            if was_cut(answer.failure, waited, left):
                self._give_up_if_run_ends(left)
        return answer

    def _give_up_if_run_ends(self, waited: float) -> None:
        """Raise RunOutOfTimeError where the end of the run left the target too little time.

        The end of the clean-up reserve counts as the end of the run, whatever the check's time-out.
        """
        slow = self._run.environment.run.slow_ms / 1000
        if (self.cleaning or self.cut_by_run()) and waited < slow:
            raise RunOutOfTimeError("the run's time was over before this request could be judged")

    def cut_by_run(self) -> bool:
        """Return whether the run's end, not the check's own time-out, is this check's deadline."""
        return self.deadline < self.started + self.check.timeout + self._place.waited_s


def was_cut(failure: Failure, waited_s: float, allowed_s: float) -> bool:
    """Return whether a request failed because its time was over, and not by an answer.

    A look-up or a handshake without an answer ends after six tenths of the time (`adapters`).
    """
    unanswered = failure.kind in EARLY and not failure.code and waited_s > allowed_s / 2
    return failure.kind in CUT or unanswered
