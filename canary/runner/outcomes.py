"""Steps -> Result, for every way in which a check can end."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from canary.model import Check, Environment, Result, Status, Step
from canary.probes.base.api import BLOCKED, NO_TIME, worst
from canary.runner.job import Job


def result(
    check: Check,
    steps: tuple[Step, ...],
    *,
    duration_ms: float,
    started_ms: float,
    muted: str = "",
) -> Result:
    """Return the one result of a check from the steps that it recorded."""
    steps = steps or (_step("canary", Status.ERROR, "the probe recorded no step"),)
    status, decisive = _decided(steps)
    reason = "" if status is Status.PASS else _reason(decisive, len(steps))
    return Result(
        check_id=check.id,
        title=check.title,
        suite=check.suite,
        kind=check.kind,
        service=check.service,
        severity=check.severity,
        status=status,
        reason=reason,
        runbook=check.runbook,
        duration_ms=round(duration_ms, 2),
        started_ms=round(started_ms, 2),
        attempts=max((s.attempts for s in steps), default=1),
        muted=muted,
        needs=check.needs,
        steps=steps,
    )


def _decided(steps: tuple[Step, ...]) -> tuple[Status, Step]:
    """Return a check's status and the step that decides it.

    Steps that pass say nothing of one for which no time was left, or which was held back: a slow
    platform must not hide behind them what is wrong in the rest.
    """
    status = worst([s.status for s in steps])
    if status is Status.PASS:
        for reason, instead in ((NO_TIME, Status.ERROR), (BLOCKED, Status.SKIP)):
            left = [s for s in steps if s.status is Status.SKIP and s.reason.startswith(reason)]
            if left:
                return instead, left[0]
    return status, next((s for s in steps if s.status is status), steps[0])


def _reason(step: Step, steps: int) -> str:
    return f"{step.name}: {step.reason}" if steps > 1 and step.reason else step.reason or step.name


def _step(name: str, status: Status, reason: str, duration_ms: float = 0.0) -> Step:
    return Step(name=name, status=status, reason=reason, duration_ms=duration_ms)


def skipped(check: Check, reason: str, started_ms: float, muted: str = "") -> Result:
    """Return the result of a check that was not tried."""
    made = result(
        check,
        (_step("not tried", Status.SKIP, reason),),
        duration_ms=0.0,
        started_ms=started_ms,
        muted=muted,
    )
    return msgspec.structs.replace(made, reason=reason)


def out_of_time(job: Job, now: float, slow_s: float, redacted: str) -> Step:
    """Return the step of a probe that did not come back: FAIL if the target kept it waiting."""
    waited = now - job.waiting_since if redacted else 0.0
    after = f"out of time after {now - job.started:.1f} s"
    if redacted and job.waits_for_target and (not job.cut_by_run() or waited >= slow_s):
        reason = f"{after}: no answer to {redacted} within {waited:.1f} s"
        return _step("out of time", Status.FAIL, reason, waited * 1000)
    what = f"waiting for {redacted}" if redacted else "busy in the canary itself"
    return _step("out of time", Status.ERROR, f"{after}: {what}", waited * 1000)


def blocked_by(needs: Iterable[str], outcomes: dict[str, Result]) -> str:
    """Return why a check cannot be tried, "" if it can."""
    words = {Status.FAIL: "failed", Status.ERROR: "could not be judged", Status.SKIP: "was skipped"}
    bad = [outcomes[n] for n in needs if n in outcomes and outcomes[n].status is not Status.PASS]
    return "; ".join(f"needs {r.check_id}, which {words[r.status]}" for r in bad)


def mute_reason(environment: Environment, check_id: str, today: str) -> str:
    """Return the reason of a mute that holds today, "" if there is none; dates are ISO 8601."""
    mutes = environment.mutes
    found = (m for m in mutes if m.check == check_id and m.until.isoformat() >= today)
    return next((f"until {m.until}: {m.reason}" for m in found), "")
