"""End a run early: start nothing more, and let its checks remove what they have made."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from canary.model import Residue
from canary.probes.base.request import object_name
from canary.runner.context import GRACE, RunContext, Times
from canary.runner.job import Job

LOOK_S = 0.05
"""Seconds between two looks at a check that cleans up."""


class RunInterruptedError(Exception):
    """The run was stopped; nothing was judged, and this is what it leaves behind."""

    def __init__(
        self, ended: int, planned: int, residue: tuple[Residue, ...], unfinished: tuple[str, ...]
    ) -> None:
        """Take how many checks had ended, what is left, and whose clean-up did not end."""
        super().__init__(f"{ended} of {planned} checks had ended")
        self.residue, self.unfinished = residue, unfinished


def cut_short(times: Times, now: float) -> Times:
    """Return the deadlines of a run that stops now: only the clean-up keeps its reserve."""
    probing = min(times.probing, now)
    cleanup = min(times.cleanup, now + times.cleanup - times.probing)
    return msgspec.structs.replace(times, probing=probing, cleanup=cleanup)


def clean_up(run: RunContext, jobs: Collection[Job], hurried: Callable[[], bool]) -> list[Job]:
    """Wait for the checks that may have made objects; return those whose clean-up did not end.

    A request under way that makes something is ended, so that a slow target cannot use up the
    reserve; one that removes something goes on.
    """
    now = run.ports.clock.monotonic()
    run.times = cut_short(run.times, now)
    run.turns.close()
    for job in jobs:
        job.deadline = min(job.deadline, now)
    while True:
        left = [j for j in jobs if j.may_leave_objects and not j.returned.is_set()]
        if not left or hurried() or not run.left(run.times.cleanup + GRACE):
            return left
        run.ports.end_requests(frozenset(j.thread for j in left if not j.cleaning))
        left[0].returned.wait(LOOK_S)


def left_names(run: RunContext, jobs: Collection[Job]) -> tuple[str, ...]:
    """Return what checks whose clean-up did not end may leave, each check with the names."""
    names = object_name(run.environment.prefix, run.run_id, "*")
    return tuple(f"{job.check.id} may have left {names}" for job in jobs)
