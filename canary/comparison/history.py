"""The history that is kept of each check from run to run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from canary.comparison.windows import UNSTABLE, Window, down_after
from canary.model import CheckHistory, Result, Status

KEPT = 60
DECIDED = 10  # passes and failures that are always kept
LETTER = {Status.PASS: "P", Status.FAIL: "F", Status.ERROR: "E", Status.SKIP: "S"}


def updated(
    history: Mapping[str, CheckHistory], results: Iterable[Result], now: str, *, latency_valid: bool
) -> dict[str, CheckHistory]:
    """Return the history with this run's outcomes; latencies only where they are valid."""
    kept = dict(history)
    for result in results:
        if not result.reused:
            before = history.get(result.check_id, CheckHistory())
            kept[result.check_id] = _after(before, result, now, latency_valid=latency_valid)
    return kept


def _after(before: CheckHistory, result: Result, now: str, *, latency_valid: bool) -> CheckHistory:
    tried = result.status is not Status.SKIP
    asked = tried or (bool(before.last_run_at) and any(s.evidence for s in result.steps))
    first_good = result.status is Status.PASS and result.attempts == 1
    latency = before.latency_ms
    if result.status is Status.PASS and latency_valid:
        latency = (*latency, round(result.duration_ms, 1))[-KEPT:]
    changed = not before.since or (
        (before.last_status is Status.PASS) != (result.status is Status.PASS)
    )
    first = before.first_attempts
    if result.status in (Status.PASS, Status.FAIL):
        first = (first + ("P" if first_good else "F"))[-KEPT:]
    return CheckHistory(
        outcomes=_trimmed(before.outcomes + LETTER[result.status]),
        first_attempts=first,
        latency_ms=latency,
        since=now if tried and changed else before.since,
        last_run_at=now if asked else before.last_run_at,
        last_status=result.status if tried else before.last_status,
        baseline=before.baseline,
        baseline_at=before.baseline_at,
        day_before=before.day_before,
    )


def _trimmed(outcomes: str) -> str:
    """Return at most as many outcomes as are kept.

    Hours of ERROR and SKIP push out no PASS or FAIL, so a check that is down stays down.
    """
    if len(outcomes) <= KEPT or len(outcomes) - _undecided(outcomes) > DECIDED:
        return outcomes[-KEPT:]
    at = next(n for n, outcome in enumerate(outcomes) if outcome not in "PF")
    return outcomes[:at] + outcomes[at + 1 :]


def _undecided(outcomes: str) -> int:
    return sum(outcome not in "PF" for outcome in outcomes)


def is_down(history: CheckHistory, window: Window) -> bool:
    """Return whether the check is down by its passes and failures; other outcomes do not count."""
    return down_after("".join(o for o in history.outcomes if o in "PF"), window)


def is_unstable(history: CheckHistory) -> bool:
    """Return whether first attempts fail so often that one target of several may be bad."""
    return history.first_attempts[-UNSTABLE.runs :].count("F") >= UNSTABLE.bad
