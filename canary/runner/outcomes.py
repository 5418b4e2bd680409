"""Turn the steps of a check into its result, for every way in which a check can end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from canary.model import Check, Result, Status, Step
from canary.plan import chain_lengths
from canary.probes.base.api import BLOCKED, NO_TIME, worst
from canary.runner.job import Job

SLOW_NEED_S = 2.0
"""Seconds after which a light check that passed shows a service too slow for a blocking one.

A healthy answer takes milliseconds. A blocking document asks several dependencies, one after the
other, so that it would hold a service up for a multiple of this; a client times out after 5 to 10.
"""
WORDS = {Status.FAIL: "failed", Status.ERROR: "could not be judged", Status.SKIP: "was skipped"}
NOT_ASKED = "not asked: {}, and this check would block the service"


def result(
    check: Check,
    steps: tuple[Step, ...],
    *,
    duration_ms: float,
    started_ms: float,
    muted: str = "",
) -> Result:
    """Return the one result of a check from the steps that it recorded."""
    if not steps:
        steps = (Step(name="canary", status=Status.ERROR, reason="the probe recorded no step"),)
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
        load=check.load,
        alarm=check.alarm,
        owner=check.owner,
        tags=check.tags,
        steps=steps,
    )


def _decided(steps: tuple[Step, ...]) -> tuple[Status, Step]:
    """Return a check's status and the step that decides it.

    Passing steps do not decide where another step had no time left or was held back: a slow
    platform must not hide a fault in the steps that were not tried.
    """
    status = worst([s.status for s in steps])
    if status is Status.PASS:
        for reason, instead in ((NO_TIME, Status.ERROR), (BLOCKED, Status.SKIP)):
            left = [s for s in steps if s.status is Status.SKIP and s.reason.startswith(reason)]
            if left:
                return instead, left[0]
    return status, next(s for s in steps if s.status is status)


def _reason(step: Step, steps: int) -> str:
    return f"{step.name}: {step.reason}" if steps > 1 and step.reason else step.reason or step.name


def skipped(check: Check, reason: str, started_ms: float, muted: str = "") -> Result:
    """Return the result of a check that was not tried."""
    step = Step(name="not tried", status=Status.SKIP, reason=reason)
    return result(check, (step,), duration_ms=0.0, started_ms=started_ms, muted=muted)


def out_of_time(job: Job, now: float, slow_s: float) -> Step:
    """Return the step of a probe that did not return: FAIL if it was waiting for the target."""
    waiting_for = job.waiting_for
    waited = now - job.waiting_since if waiting_for else 0.0
    after = f"out of time after {now - job.started:.1f} s"
    if waiting_for and job.waits_for_target and (not job.cut_by_run() or waited >= slow_s):
        status, what = Status.FAIL, f"no answer to {waiting_for} within {waited:.1f} s"
    else:
        status = Status.ERROR
        what = f"waiting for {waiting_for}" if waiting_for else "busy in the canary itself"
    reason = f"{after}: {what}"
    return Step(name="out of time", status=status, reason=reason, duration_ms=waited * 1000)


def not_asked(check: Check, ended: Mapping[str, Result]) -> str:
    """Return why a blocking check must not be asked, "" if it may.

    Each of its needs must have passed in this run, and quickly. After a blocking check that failed
    slowly no other is asked: a client that gives up does not end the work of the service.
    """
    for need in check.needs:
        result = ended.get(need)
        if result is None:
            return NOT_ASKED.format(f"{need} has no result of this run")
        if result.status is not Status.PASS:
            return NOT_ASKED.format(f"{need} {WORDS[result.status]}")
        if _is_slow(result):
            return NOT_ASKED.format(f"{need} took {result.duration_ms / 1000:.1f} s")
    bad = (r for r in ended.values() if r.blocking and r.status is not Status.PASS and _is_slow(r))
    late = next(bad, None)
    if late is not None:
        what = f"{late.check_id} {WORDS[late.status]} after {late.duration_ms / 1000:.1f} s"
        return NOT_ASKED.format(what)
    return ""


def _is_slow(result: Result) -> bool:
    return result.duration_ms > SLOW_NEED_S * 1000


def blocked_by(needs: Iterable[str], outcomes: dict[str, Result]) -> str:
    """Return which needs keep a check from being tried, "" if none does.

    A need that is muted blinds nothing: nobody is woken for it, and what waits for it would be
    lost.
    """
    known = (outcomes[n] for n in needs if n in outcomes)
    bad = [r for r in known if r.status is not Status.PASS and not r.muted]
    return "; ".join(f"needs {r.check_id}, which {WORDS[r.status]}" for r in bad)


def in_order(
    reused: Mapping[str, Result], results: Iterable[Result], checks: Iterable[Check]
) -> tuple[Result, ...]:
    """Return a run's results and the reused ones, in the order of the configuration."""
    found = {**reused, **{r.check_id: r for r in results}}
    return tuple(found[c.id] for c in checks if c.id in found)


def critical_path_ms(results: Iterable[Result]) -> float:
    """Return the length of the longest chain over needs and steps, in milliseconds.

    Steps of one check that overlap in time did not wait for each other; only the longest sequence
    without overlap counts. Waiting for a free slot of the run is not part of any chain. Blocking
    checks come one after the other behind the longest chain.
    """
    ran = [(r, longest_sequence_ms(r.steps)) for r in results if not r.reused]
    nodes = {r.check_id: (length, r.needs) for r, length in ran if not r.blocking}
    alone = sum(length for r, length in ran if r.blocking)
    return round(max(chain_lengths(nodes).values(), default=0.0) + alone, 2)


def longest_sequence_ms(steps: tuple[Step, ...]) -> float:
    """Return the greatest sum of durations over steps that do not overlap."""
    ends: list[tuple[float, float]] = []  # (end, best sum up to here), sums never fall
    spans = ((s.started_ms, s.started_ms + s.duration_ms) for s in steps)
    for start, end in sorted(spans, key=lambda span: span[1]):
        before = max((best for e, best in ends if e <= start + 0.5), default=0.0)
        best = max(before + end - start, ends[-1][1] if ends else 0.0)
        ends.append((end, best))
    return ends[-1][1] if ends else 0.0
