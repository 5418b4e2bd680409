"""Starts checks when their needs are met, ends them when their time is up."""

from __future__ import annotations

import functools
import math
import queue
import threading
from collections.abc import Mapping

from canary.control_plane.state import PlatformState
from canary.model import Frozen, Residue, Result
from canary.plan import Plan, Planned
from canary.probes.base.api import ClientKey, Http, Kind
from canary.runner import outcomes as ending
from canary.runner.cpu_starvation import Starvation
from canary.runner.deadlines import GRACE, Times, times
from canary.runner.job import Job
from canary.runner.path import critical_path_ms
from canary.runner.ports import Doors, Observation
from canary.runner.progress import Progress, Tell, quiet
from canary.runner.rate_limit import RateLimitBackoff
from canary.runner.threads import Workers

LEAST_START_S = 0.25
"""Seconds of probing time under which no further check is started."""
PATIENCE_S = 5.0
"""Seconds for which checks of the control plane wait for its reading without taking a slot."""


class Outcome(Frozen, frozen=True, kw_only=True):
    """What carrying out a plan gave."""

    results: tuple[Result, ...]
    state: PlatformState
    residue: tuple[Residue, ...]
    requests: int
    critical_path_ms: float
    starved: bool
    times: Times


def carry_out(
    plan: Plan,
    kinds: Mapping[str, Kind],
    doors: Doors,
    run_id: str,
    carried: Mapping[str, Result] | None = None,
    tell: Tell = quiet,
    start: float | None = None,
    limited: frozenset[ClientKey] = frozenset(),
) -> Outcome:
    """Carry the plan out and return one result for each planned check; it never hangs.

    `limited` are the clients that got a 429 in the previous run.
    """
    began = doors.clock.monotonic() if start is None else start
    backoff = RateLimitBackoff(doors.clock, limited)
    coordinator = _Coordinator(plan, kinds, doors, run_id, carried or {}, tell, began, backoff)
    return coordinator.run()


class _Coordinator:
    def __init__(
        self,
        plan: Plan,
        kinds: Mapping[str, Kind],
        doors: Doors,
        run_id: str,
        carried: Mapping[str, Result],
        tell: Tell,
        began: float,
        backoff: RateLimitBackoff,
    ) -> None:
        self._plan, self._kinds, self._doors, self._run_id = plan, kinds, doors, run_id
        self._tell, self._backoff = tell, backoff
        self._times = times(plan, began)
        self._patience = min(began + PATIENCE_S, self._times.probing)
        self._outcomes: dict[str, Result] = dict(carried)
        self._ended: dict[str, Result] = {}
        self._waiting: list[Planned] = list(plan.order)
        self._running: dict[str, Job] = {}
        self._nearest = math.inf  # no check under way is overdue before this moment
        self._abandoned: list[Job] = []
        self._requests = 0
        self._workers = Workers()
        self._news: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._residue: list[Residue] = []
        self._residue_lock = threading.Lock()
        self._today = doors.clock.now().date().isoformat()
        self._observation = Observation(doors.observe, lambda: self._news.put(None))
        self._http: Http = doors.http(run_id)

    def run(self) -> Outcome:
        self._tell(Progress(phase="observe"))
        self._observation.start()
        self._tell(Progress(phase="probe", total=len(self._plan.order)))
        with Starvation(self._doors.clock) as starvation:
            while self._waiting or self._running:
                self._start_ready()
                if self._waiting or self._running:
                    self._await_news()
                self._end_overdue()
            self._let_clean_up()
        self._workers.end()
        state = self._observation.final(self._left(self._times.cleanup))
        found = tuple(self._ended[p.check.id] for p in self._plan.order)
        with self._residue_lock:
            residue = tuple(self._doors.redactor.clean(r) for r in self._residue)
        return Outcome(
            results=found,
            state=state,
            residue=residue,
            requests=self._requests + sum(j.requests for j in self._abandoned),
            critical_path_ms=critical_path_ms(found),
            starved=starvation.starved,
            times=self._times,
        )

    def _left(self, until: float) -> float:
        return max(until - self._doors.clock.monotonic(), 0.0)

    def _since_start_ms(self, moment: float) -> float:
        return (moment - self._times.start) * 1000

    def _start_ready(self) -> None:
        """Start what may start; a check with a bad need is skipped, which may free others."""
        again = True
        while again:
            again = False
            for planned in list(self._waiting):
                if self._full():
                    return  # hundreds may wait: none of them can begin before another ends
                if any(n not in self._outcomes for n in planned.needs):
                    continue
                if self._kinds[planned.check.kind].reads_state and not self._may_read():
                    continue
                again |= self._start_or_skip(planned)

    def _start_or_skip(self, planned: Planned) -> bool:
        """Return whether this check was decided without being started."""
        check = planned.check
        why = ending.blocked_by(check.needs, self._outcomes)
        if not why and self._left(self._times.probing) < LEAST_START_S:
            why = "no time left in this run"
        if why:
            self._waiting.remove(planned)
            now = self._since_start_ms(self._doors.clock.monotonic())
            self._keep(ending.skipped(check, why, now, self._mute(check.id)))
            return True
        self._waiting.remove(planned)
        self._start(planned)
        return False

    def _full(self) -> bool:
        return len(self._running) >= self._doors.environment.run.concurrency

    def _start(self, planned: Planned) -> None:
        job = Job(
            planned,
            self._kinds[planned.check.kind],
            self._doors,
            self._times,
            self._observation,
            self._run_id,
            self._add_residue,
            self._http,
            self._backoff,
        )
        self._running[planned.check.id] = job
        self._nearest = min(self._nearest, self._end_of(job))
        self._tell(Progress(phase="probe", check_id=planned.check.id, total=len(self._plan.order)))
        self._workers.do(job.work, functools.partial(self._news.put, job))

    def _add_residue(self, residue: Residue) -> None:
        with self._residue_lock:
            self._residue.append(residue)

    def _may_read(self) -> bool:
        return self._observation.read or not self._left(self._patience)

    def _await_news(self) -> None:
        """Wait for a check or the reading to end, at most until the next thing is overdue."""
        until = self._nearest if self._running else 0.0
        if self._waiting and not self._may_read():
            until = min(self._nearest, self._patience)
        try:
            self._finish(self._news.get(timeout=self._left(until) + 0.001))
            while not self._news.empty():
                self._finish(self._news.get())
        except queue.Empty:
            return

    def _end_of(self, job: Job) -> float:
        return (job.cleanup_deadline() if job.cleaning else job.deadline) + GRACE

    def _finish(self, job: Job | None) -> None:
        if job is None or self._running.pop(job.check.id, None) is None:
            return  # the control plane was read, or the check was abandoned before
        self._requests += job.requests
        self._keep_job(job, job.ended)

    def _end_overdue(self) -> None:
        now = self._doors.clock.monotonic()
        if now < self._nearest:
            return
        for job in list(self._running.values()):
            if now >= self._end_of(job):
                del self._running[job.check.id]
                self._abandoned.append(job)
                self._keep_job(job, now, overdue=True)
        self._nearest = min((self._end_of(j) for j in self._running.values()), default=math.inf)

    def _keep_job(self, job: Job, ended: float, overdue: bool = False) -> None:
        steps = job.seal()
        if overdue:
            waiting_for = self._doors.redactor.text(job.waiting_for)
            slow = self._doors.environment.run.slow_ms / 1000
            steps = (*steps, ending.out_of_time(job, ended, slow, waiting_for))
        self._keep(
            ending.result(
                job.check,
                steps,
                duration_ms=(ended - job.started) * 1000,
                started_ms=self._since_start_ms(job.started),
                muted=self._mute(job.check.id),
            )
        )

    def _mute(self, check_id: str) -> str:
        return ending.mute_reason(self._doors.environment, check_id, self._today)

    def _keep(self, result: Result) -> None:
        self._ended[result.check_id] = result
        self._outcomes[result.check_id] = result
        self._tell(
            Progress(
                phase="probe",
                check_id=result.check_id,
                result=result,
                done=len(self._ended),
                total=len(self._plan.order),
            )
        )

    def _let_clean_up(self) -> None:
        """Give abandoned checks that are clearing away behind themselves their reserve."""
        for job in self._abandoned:
            if job.cleaning:
                job.returned.wait(self._left(min(job.cleanup_deadline(), self._times.cleanup)))
