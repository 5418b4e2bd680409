"""Start checks when their needs are met, and end them when their time is up."""

from __future__ import annotations

import functools
import math
import queue

from canary.control_plane.state import PlatformState
from canary.model import Check, Frozen, Residue, Result
from canary.plan import Planned
from canary.runner import outcomes
from canary.runner.context import GRACE, RunContext, RunStart, Times
from canary.runner.cpu_starvation import CpuStarvation
from canary.runner.interruption import LOOK_S, RunInterruptedError, clean_up, left_names
from canary.runner.job import Job
from canary.runner.ports import OnProgress, Ports, Progress, quiet
from canary.runner.threads import Workers

LEAST_START_S = 0.25
"""Seconds of probing time under which no further check is started."""
MOST_QUEUED = 4
"""Checks that may be under way for each slot, together with those that wait for a turn."""
PATIENCE_S = 5.0
"""Seconds for which checks of the control plane wait for the observation without taking a slot."""


class Outcome(Frozen, frozen=True, kw_only=True):
    """The results of a plan, with the state, residue and figures of the run."""

    results: tuple[Result, ...]
    state: PlatformState
    residue: tuple[Residue, ...]
    requests: int
    critical_path_ms: float
    cpu_starved: bool
    times: Times


def carry_out(ports: Ports, start: RunStart, on_progress: OnProgress = quiet) -> Outcome:
    """Carry the plan out and return one result for each planned check; it never hangs."""
    return _Coordinator(ports, start, on_progress).run()


class _Coordinator:
    def __init__(self, ports: Ports, start: RunStart, on_progress: OnProgress) -> None:
        self._news: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._run = RunContext(ports, start, lambda: self._news.put(None))
        self._on_progress = on_progress
        self._times, self._order = self._run.times, start.plan.order
        self._patience = min(start.start + PATIENCE_S, self._times.probing)
        self._outcomes: dict[str, Result] = dict(start.reused)
        self._ended: dict[str, Result] = {}
        self._waiting: list[Planned] = list(self._order)
        self._running: dict[str, Job] = {}
        self._nearest = math.inf  # no running check is overdue before this moment
        self._abandoned: list[Job] = []
        self._requests = 0
        self._workers = Workers()
        self._stops = 0  # how often a signal has asked this run to stop

    def run(self) -> Outcome:
        self._on_progress(Progress(phase="observe"))
        self._run.observation.start()
        self._on_progress(Progress(phase="probe", total=len(self._order)))
        ports, reserve_s = self._run.ports, self._times.cleanup - self._times.probing
        with ports.stoppable(self._stop, reserve_s + GRACE), CpuStarvation(ports.clock) as cpu:
            while (self._waiting or self._running) and not self._stops:
                self._start_ready()
                if self._waiting or self._running:
                    self._await_news()
                self._end_overdue()
            self._let_clean_up()
            unfinished = self._stopped() if self._stops else []
        if self._stops:
            raise self._interrupted(unfinished)
        self._workers.end()
        state = self._run.observation.final(self._run.left(self._times.cleanup))
        found = tuple(self._ended[p.check.id] for p in self._order)
        return Outcome(
            results=found,
            state=state,
            residue=tuple(self._run.residue),
            requests=self._requests + sum(j.requests for j in self._abandoned),
            critical_path_ms=outcomes.critical_path_ms(found),
            cpu_starved=cpu.starved,
            times=self._times,
        )

    def _stop(self) -> None:
        """Ask the run to stop, from another thread; at the second time at once."""
        self._stops += 1
        self._news.put(None)

    def _stopped(self) -> list[Job]:
        """Let the checks under way clean up; return those whose clean-up did not end."""
        jobs = (*self._running.values(), *self._abandoned)
        return clean_up(self._run, jobs, lambda: self._stops > 1)

    def _interrupted(self, unfinished: list[Job]) -> RunInterruptedError:
        left = left_names(self._run, unfinished)
        return RunInterruptedError(
            len(self._ended), len(self._order), tuple(self._run.residue), left
        )

    def _start_ready(self) -> None:
        """Start every check that may; one with a failed need is skipped, which may free others."""
        again = True
        while again:
            again = False
            for planned in list(self._waiting):
                if not self._has_slot():
                    return  # hundreds may wait: none of them can start before another ends
                if any(n not in self._outcomes for n in planned.needs):
                    continue
                if planned.check.blocking and not self._may_block():
                    continue
                if self._run.ports.kinds[planned.check.kind].reads_state and not self._may_read():
                    continue
                again |= self._start_or_skip(planned)

    def _has_slot(self) -> bool:
        """Return whether a check may start; one that waits for its turn to call takes no slot."""
        slots = self._run.environment.run.concurrency
        busy = sum(not j.queued for j in self._running.values())
        return busy < slots and len(self._running) < slots * MOST_QUEUED

    def _start_or_skip(self, planned: Planned) -> bool:
        """Start a check, or skip it and return True."""
        check = planned.check
        self._waiting.remove(planned)
        why = self._held_back(check)
        if not why and self._run.left(self._times.probing) < LEAST_START_S:
            why = "no time left in this run"
        if why:
            now = self._run.since_start_ms(self._run.ports.clock.monotonic())
            self._keep(outcomes.skipped(check, why, now, self._mute(check)))
        else:
            self._start(planned)
        return bool(why)

    def _held_back(self, check: Check) -> str:
        """Return why a check whose needs are decided is not asked, "" if it may be."""
        if not check.blocking:
            return outcomes.blocked_by(check.needs, self._outcomes)
        open_ids = [j.check.id for j in self._abandoned if j.may_be_asking]
        if open_ids:
            return outcomes.NOT_ASKED.format(f"a request of {open_ids[0]} is still open")
        return outcomes.not_asked(check, self._ended)

    def _may_block(self) -> bool:
        """Return whether nothing of this run would be asked beside a blocking check."""
        return not self._running and all(p.check.blocking for p in self._waiting)

    def _start(self, planned: Planned) -> None:
        job = Job(planned.check, self._run)
        self._running[planned.check.id] = job
        self._nearest = min(self._nearest, self._end_of(job))
        self._on_progress(
            Progress(phase="probe", check_id=planned.check.id, total=len(self._order))
        )
        self._workers.do(job.work, functools.partial(self._news.put, job))

    def _may_read(self) -> bool:
        return self._run.observation.read or not self._run.left(self._patience)

    def _await_news(self) -> None:
        """Wait for a check or the observation to end, at most until the next check is overdue."""
        until = self._nearest if self._running else 0.0
        if self._waiting and not self._may_read():
            until = min(self._nearest, self._patience)
        try:
            self._finish(self._news.get(timeout=self._run.left(until) + 0.001))
            while not self._news.empty():
                self._finish(self._news.get())
        except queue.Empty:
            return

    def _end_of(self, job: Job) -> float:
        if job.queued:  # its deadline moves on: look again
            return min(self._run.ports.clock.monotonic() + 1.0, self._times.probing + GRACE)
        return (job.cleanup_deadline() if job.cleaning else job.deadline) + GRACE

    def _finish(self, job: Job | None) -> None:
        if job is None or self._running.pop(job.check.id, None) is None:
            return  # the control plane was read, or the check was abandoned before
        self._requests += job.requests
        self._keep_job(job, job.ended)

    def _end_overdue(self) -> None:
        now = self._run.ports.clock.monotonic()
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
            slow = self._run.environment.run.slow_ms / 1000
            steps = (*steps, outcomes.out_of_time(job, ended, slow))
        self._keep(
            outcomes.result(
                job.check,
                steps,
                duration_ms=(ended - job.started) * 1000,
                started_ms=self._run.since_start_ms(job.started),
                muted=self._mute(job.check),
            )
        )

    def _mute(self, check: Check) -> str:
        return self._run.muted.get(check.id, "")

    def _keep(self, result: Result) -> None:
        self._ended[result.check_id] = result
        self._outcomes[result.check_id] = result
        self._on_progress(
            Progress(
                phase="probe",
                check_id=result.check_id,
                result=result,
                done=len(self._ended),
                total=len(self._order),
            )
        )

    def _let_clean_up(self) -> None:
        """Let abandoned checks that are cleaning up use their reserve."""
        for job in self._abandoned:
            until = min(job.cleanup_deadline(), self._times.cleanup) if job.cleaning else 0.0
            while self._run.left(until) and not self._stops and not job.returned.wait(LOOK_S):
                pass
