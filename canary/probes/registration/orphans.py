"""Remove a few orphans of earlier runs, and block the kinds of which some cannot be removed.

This comes before the flow makes anything: while an object of a kind stands that another run made,
no more of that kind are made. So a platform that refuses every deletion gets one object of a kind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import msgspec

from canary.model import Frozen, Residue
from canary.probes.base.api import NO_TIME, NoTimeError, OtherRunError
from canary.probes.registration import cleanup
from canary.probes.registration.age import NEEDED_TAG, has_ended
from canary.probes.registration.client import ARTIFACT, MODEL, RUN, MlflowStep
from canary.probes.registration.steps import now_ms, tags_of

# the kinds whose removal must be proved before an orphan is tried
REMOVED_WITH = {MODEL: {MODEL}, RUN: {RUN, ARTIFACT}}
PAUSE_S = 1.0
"""Pause between two looks at an object of another run that may be under way."""


class Found(Frozen, frozen=True, kw_only=True):
    """An object of another run: its name or id, how to remove it, whether its run has ended."""

    name: str
    remove: Callable[[], None]
    ended: bool


def models(step: MlflowStep) -> None:
    """Remove registered models of our prefix whose runs have ended."""
    flow = step.flow
    # one attempt is left for the runs: a kind that cannot be tried would never be blocked
    most = max(1, flow.janitor_limit - 1) if flow.with_run else flow.janitor_limit

    def find() -> list[Found]:
        rows = cleanup.models(step, flow.context.environment.prefix)
        return [_model(step, row) for row in rows if not _own(step, row.get("name"))]

    _sweep(step, MODEL, most, find)


def _model(step: MlflowStep, row: dict[str, Any]) -> Found:
    name = str(row["name"])
    tag = tags_of(row.get("tags")).get(NEEDED_TAG)
    ended = _ended(step, name, row.get("creation_timestamp"), tag)
    return Found(name=name, remove=partial(cleanup.remove_model, step, name), ended=ended)


def runs(step: MlflowStep) -> None:
    """Remove runs of our prefix whose runs of the canary have ended."""

    def find() -> list[Found]:
        rows = cleanup.runs(step, step.flow.context.environment.prefix)
        return [_run(step, row) for row in rows if not _own(step, row.get("name"))]

    _sweep(step, RUN, step.flow.janitor_limit, find)


def _run(step: MlflowStep, row: dict[str, Any]) -> Found:
    run_id = str(row["run_id"])
    ended = _ended(step, run_id, row.get("start_time"), row["tags"].get(NEEDED_TAG))
    return Found(name=run_id, remove=partial(cleanup.remove_run, step, run_id), ended=ended)


def _own(step: MlflowStep, name: object) -> bool:
    """Return whether an object is one of this flow, which removes it by itself."""
    return str(name).startswith(step.flow.name)


def _ended(step: MlflowStep, name: str, born: Any, tag: object) -> bool:
    """Return whether the run that made an object has ended; without a time it has not."""
    flow = step.flow
    if name[:200] in flow.context.left_behind:
        return True
    age_s = (now_ms(flow) - int(born or now_ms(flow))) / 1000
    return has_ended(age_s, tag, limit_s=flow.janitor_minutes * 60, clock_off_s=flow.clock_off_s)


def _sweep(step: MlflowStep, kind: str, most: int, find: Callable[[], list[Found]]) -> None:
    if step.flow.janitor_limit:  # 0 switches it off
        Sweep(step=step, kind=kind, most=most, find=find).carry_out()


class Sweep(msgspec.Struct, kw_only=True):
    """The work on one kind: what stands of it, and which removals were tried."""

    step: MlflowStep
    kind: str
    find: Callable[[], list[Found]]
    most: int  # attempts
    removed: list[str] = msgspec.field(default_factory=list)
    reported: int = 0

    def carry_out(self) -> None:
        """Remove what stands of a kind; end the step where something of it stays.

        An object whose run may be under way is never touched. It is waited for: a run removes its
        objects within seconds. If it stays, this run cannot tell whether it is residue (ERROR).
        """
        beside: set[str] | None = None
        clock = self.step.flow.context.clock
        until = clock.monotonic() + self.step.flow.patience_s
        while True:
            found = self.find()
            again = [f for f in found if f.name in self.removed]
            if again:
                self.stand(again, "it is still listed after a removal that was answered as done")
            self.report()
            tried = self.remove([f for f in found if f.ended])
            young = {f.name for f in found if not f.ended}
            beside = young if beside is None else beside & young
            if not tried and not beside:
                break
            if not tried:
                self.wait(beside, clock.monotonic() < until)

    def wait(self, beside: Iterable[str], patient: bool) -> None:
        """Wait a little for objects of a run that may be under way, or raise OtherRunError."""
        if not patient or _late(self.step, PAUSE_S):
            names = sorted(beside)
            shown = f"{self.kind}: {len(names)}, one is {names[0][:200]}"
            raise OtherRunError(
                f"objects of another run stand that may be under way ({shown}); this run waited"
                " for them, did not touch them, and makes no more"
            )
        time.sleep(PAUSE_S)

    def remove(self, found: Sequence[Found]) -> bool:
        """Try to remove each until one is refused, the limit is reached or half the time is over.

        Each removal that is tried counts, also one that fails. Return whether one was tried.
        """
        flow, before = self.step.flow, len(self.removed)
        for place, one in enumerate(found):
            late = _late(self.step)
            if late and not self.removed:
                raise NoTimeError(f"{NO_TIME} to remove what earlier runs left")
            if late or flow.attempts >= self.most:
                self.step.facts["note"] = f"{len(found) - place} are left to later runs"
                break
            if not REMOVED_WITH[self.kind] <= flow.proved:
                self.stand(found, "this run has no proof that it can remove one")
            flow.attempts += 1
            if not cleanup.attempt(self.step, one.remove):
                self.report()
                self.stand(found[place:], f"the removal got {self.step.refusal()}")
            self.removed.append(one.name)
        return len(self.removed) > before

    def report(self) -> None:
        """Report the orphans that were removed since the last report."""
        for name in self.removed[self.reported :]:
            why = "orphan of an earlier run"
            record = Residue(kind=self.kind, name=name[:200], removed=True, reason=why)
            self.step.flow.context.residue(record)
        self.reported = len(self.removed)
        self.step.facts["removed"] = str(self.reported)

    def stand(self, left: Sequence[Found], why: str) -> None:
        """Block a kind of which objects stand that could not be removed, and end the step."""
        names = [one.name for one in left]
        shown = f"{len(names)}, one is {names[0][:200]} ({why})"
        subject = f"number of objects that could not be removed ({self.kind})"
        self.step.flow.standing[self.kind] = f"{subject} is {shown}"
        cleanup.leave_behind(self.step, self.kind, names, "orphan that could not be removed")
        self.step.require(subject, 0, shown, False)


def _late(step: MlflowStep, pause_s: float = 0) -> bool:
    """Return whether the flow needs the time that is left, after a pause."""
    return step.flow.context.remaining(False) - pause_s < step.flow.seconds / 2
