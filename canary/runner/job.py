"""One check while it is carried out: its context, its clock, and the steps it has recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import msgspec

from canary.control_plane.state import PlatformState
from canary.model import (
    Answer,
    Credential,
    Failure,
    FailureKind,
    Request,
    Residue,
    Severity,
    Status,
    Step,
)
from canary.plan import Planned
from canary.probes.base.api import (
    ClientKey,
    CredentialMissingError,
    Http,
    Kind,
    ProbeContext,
    RunOutOfTimeError,
)
from canary.runner.answers import without_known
from canary.runner.deadlines import Times
from canary.runner.ports import Doors, Observation
from canary.runner.rate_limit import RateLimitBackoff

T = TypeVar("T")

LEAST_S = 0.02
"""Seconds under which a request is not worth sending."""
CUT = (FailureKind.DEADLINE, FailureKind.READ_TIMEOUT, FailureKind.CONNECT_TIMEOUT)
EARLY = (FailureKind.DNS, FailureKind.TLS)
"""Phases that have no word of their own for a time-out: how long they took tells."""


class Job:
    """Carries one check out; after `seal` nothing more is recorded."""

    def __init__(
        self,
        planned: Planned,
        kind: Kind,
        doors: Doors,
        times: Times,
        observation: Observation,
        run_id: str,
        residue: Callable[[Residue], None],
        http: Http,
        backoff: RateLimitBackoff,
    ) -> None:
        self.planned = planned
        self.check = planned.check
        self._kind, self._doors, self._times, self._http = kind, doors, times, http
        self._observation, self._run_id, self._keep_residue = observation, run_id, residue
        self._backoff, self._clients = backoff, set[ClientKey]()
        self._lock = threading.Lock()
        self._sealed = False
        self._steps: list[Step] = []
        self.started = doors.clock.monotonic()
        self.ended = 0.0
        self.deadline = min(self.started + self.check.timeout, times.probing)
        self.cleaning = False
        self.waiting_for = ""  # what the probe is waiting for at this moment
        self.waiting_since = 0.0
        self.waits_for_target = False
        self.requests = 0
        self.returned = threading.Event()

    def work(self) -> None:
        """Carry the probe out; raises nothing that a probe can raise."""
        try:
            self._probe()
        finally:
            self.ended = self._doors.clock.monotonic()
            self.returned.set()

    def _probe(self) -> None:
        try:
            self._kind.run(self.check, self.check.spec, self._context())
        except CredentialMissingError as error:
            self._error("credential", str(error))
        except RunOutOfTimeError as error:
            self._error("out of time", str(error))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary: a bug is an ERROR
            self._error("canary", f"{type(error).__name__}: {error}")

    def _error(self, name: str, reason: str) -> None:
        now = (self._doors.clock.monotonic() - self._times.start) * 1000
        self._record(Step(name=name, status=Status.ERROR, reason=reason, started_ms=now))

    def seal(self) -> tuple[Step, ...]:
        """Return the steps recorded so far; later ones are dropped."""
        with self._lock:
            self._sealed = True
            return tuple(self._steps)

    def cleanup_deadline(self) -> float:
        """Return until when this check may clean up behind itself."""
        reserve = self._doors.environment.run.cleanup_reserve
        return min(self.deadline + reserve, self._times.cleanup)

    def _context(self) -> ProbeContext:
        return ProbeContext(
            environment=self._doors.environment,
            run_id=self._run_id,
            http=_JobHttp(self),
            clock=self._doors.clock,
            credential=self._credential,
            forget_credential=self._doors.forget_credential,
            state=self._state,
            remaining=self._remaining,
            blocked=self._blocked,
            answered=self._backoff.answered,
            record=self._record,
            residue=self._keep_residue,
            began=self._times.start,
        )

    def _record(self, step: Step) -> None:
        clean = self._doors.redactor.clean(step)
        with self._lock:
            if not self._sealed:
                self._steps.append(clean)

    def _credential(self, principal: str) -> Credential | None:
        found = self._waiting(
            f"the secret of {principal}", False, lambda: self._doors.credential(principal)
        )
        if found is not None:
            self._doors.redactor.learn(found.reveal())
        return found

    def _state(self) -> PlatformState:
        return self._waiting(
            "the control plane", False, lambda: self._observation.state(self._remaining(False))
        )

    def _remaining(self, cleanup: bool) -> float:
        if cleanup:
            self.cleaning = True
        until = self.cleanup_deadline() if cleanup else self.deadline
        return max(until - self._doors.clock.monotonic(), 0.0)

    def _blocked(self, client: ClientKey) -> str:
        """Return why a client must not send; a critical check sends once and waits for nobody."""
        first = client not in self._clients
        self._clients.add(client)
        must = first and self.check.severity is Severity.CRITICAL
        left = self._remaining(False)
        what = f"an answer to {client[1]}, which got a 429 in the previous run"
        return self._waiting(what, False, lambda: self._backoff.blocked(client, left, must=must))

    def _waiting(self, what: str, target: bool, action: Callable[[], T]) -> T:
        self.waiting_since = self._doors.clock.monotonic()
        self.waits_for_target, self.waiting_for = target, what
        try:
            return action()
        finally:
            self.waiting_for = ""

    def send(self, request: Request, credential: Credential | None) -> Answer:
        """Send a request within what is left of the check's time."""
        left = self._remaining(self.cleaning)
        if left < LEAST_S:
            self._give_up_if_run_ends(0.0)
            return Answer(failure=Failure(kind=FailureKind.DEADLINE, detail="no time left"))
        if credential is not None:
            self._doors.redactor.learn(credential.reveal())
        self.requests += 1
        clipped = left < request.timeout_s
        if clipped:
            request = msgspec.structs.replace(request, timeout_s=left)
        what = f"{request.method} {request.url}"
        answer = self._waiting(what, True, lambda: self._http.send(request, credential))
        answer = without_known(answer, self._doors.redactor)
        if clipped and answer.failure is not None:
            waited = self._doors.clock.monotonic() - self.waiting_since
            if was_cut(answer.failure, waited, left):
                self._give_up_if_run_ends(left)
        return answer

    def _give_up_if_run_ends(self, waited: float) -> None:
        """Blame the run and not the target, where the run's end left the target little time.

        So does the end of what is kept back for clearing away, whatever the check's own time.
        """
        slow = self._doors.environment.run.slow_ms / 1000
        if (self.cleaning or self.cut_by_run()) and waited < slow:
            raise RunOutOfTimeError("the run's time was over before this request could be judged")

    def cut_by_run(self) -> bool:
        """Return whether the run's end, not the check's own time-out, is this check's deadline."""
        return self.deadline < self.started + self.check.timeout


def was_cut(failure: Failure, waited_s: float, allowed_s: float) -> bool:
    """Return whether a request failed because its time was over, and not by what came back.

    A look-up or a handshake that is not answered ends after six tenths of the time (`adapters`).
    """
    unanswered = failure.kind in EARLY and not failure.code and waited_s > allowed_s / 2
    return failure.kind in CUT or unanswered


class _JobHttp:
    """The door to the network as one check sees it."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def send(self, request: Request, credential: Credential | None = None) -> Answer:
        """Send one request, clipped to the check's time."""
        return self._job.send(request, credential)
