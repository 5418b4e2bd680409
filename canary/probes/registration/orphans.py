"""Remove a few orphans of earlier runs, and block the kinds of which some cannot be removed.

This comes before the flow makes anything: while own objects of a kind stand that could not be
removed, no more of that kind are made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from canary.model import Residue
from canary.probes.registration import cleanup
from canary.probes.registration.client import ARTIFACT, MODEL, RUN, MlflowStep
from canary.probes.registration.steps import now_ms

# the kinds whose removal must be proved before an orphan is tried
REMOVED_WITH = {MODEL: {MODEL}, RUN: {RUN, ARTIFACT}}

Orphan = tuple[str, Callable[[], None]]


def models(step: MlflowStep) -> None:
    """Remove registered models of our prefix, of other runs, older than the limit."""
    prefix = step.flow.context.environment.prefix
    found: list[Orphan] = []
    for model in cleanup.models(step, prefix):
        name = str(model["name"])
        if name != step.flow.name and _old(step, model.get("creation_timestamp")):
            found.append((name, partial(cleanup.remove_model, step, name)))
    _sweep(step, MODEL, found)


def runs(step: MlflowStep) -> None:
    """Remove runs of our prefix, of other runs of the canary, older than the limit."""
    prefix = step.flow.context.environment.prefix
    found: list[Orphan] = []
    for info in cleanup.runs(step, prefix):
        run_id = str(info["run_id"])
        if info["name"] != step.flow.name and _old(step, info.get("start_time")):
            found.append((run_id, partial(cleanup.remove_run, step, run_id)))
    _sweep(step, RUN, found)


def _old(step: MlflowStep, born: Any) -> bool:
    """Return whether an object is older than the limit; one without a time is not."""
    limit_ms = int(step.flow.janitor_minutes * 60_000)
    return int(born or now_ms(step.flow)) < now_ms(step.flow) - limit_ms


def _sweep(step: MlflowStep, kind: str, found: Sequence[Orphan]) -> None:
    """Try orphans of a kind until one is refused, the limit is reached or half the time is over.

    Each removal that is tried counts, also one that fails.
    """
    flow, removed = step.flow, 0
    for name, remove in found:
        if flow.attempts >= flow.janitor_limit or _late(step):
            step.facts["note"] = f"{len(found) - removed} are left to later runs"
            break
        if not REMOVED_WITH[kind] <= flow.proved:
            _stand(step, kind, found, "this run has no proof that it can remove one")
        flow.attempts += 1
        if not cleanup.attempt(step, remove):
            _stand(step, kind, found[removed:], f"the removal got {step.last_answer()}")
        removed += 1
        reason = "orphan of an earlier run"
        flow.context.residue(Residue(kind=kind, name=name[:200], removed=True, reason=reason))
    step.facts["removed"] = str(removed)


def _late(step: MlflowStep) -> bool:
    """Return whether the flow needs the time that is left."""
    return step.flow.context.remaining(False) < step.flow.seconds / 2


def _stand(step: MlflowStep, kind: str, left: Sequence[Orphan], why: str) -> None:
    """Block a kind of which objects stand that could not be removed, and end the step."""
    names = [name for name, _ in left]
    shown = f"{len(names)}, one is {names[0][:200]} ({why})"
    subject = f"number of objects that could not be removed ({kind})"
    step.flow.standing[kind] = f"{subject} is {shown}"
    cleanup.leave_behind(step, kind, names, "orphan that could not be removed")
    step.require(subject, 0, shown, False)
