"""The history that is kept of each check from run to run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest

import msgspec

from canary.comparison.windows import (
    LAST_RESORT,
    OUTAGE,
    RECOVERED,
    UNSTABLE,
    Window,
    down_after,
    down_along,
    without_outages,
)
from canary.model import CheckHistory, Result, Status

KEPT = 60
WAITS = "W"
"""A failure that a rollout explains: like ERROR and SKIP it counts in no window."""
DECIDED = 25  # passes and failures that are always kept
LETTER = {Status.PASS: "P", Status.FAIL: "F", Status.ERROR: "E", Status.SKIP: "S"}


def updated(
    history: Mapping[str, CheckHistory],
    results: Iterable[Result],
    now: str,
    *,
    latency_valid: bool,
    aside: bool = False,
) -> dict[str, CheckHistory]:
    """Return the history with this run's outcomes; latencies only where they are valid.

    The windows count runs of the schedule: three runs `aside` in a minute would be an outage.
    """
    kept = dict(history)
    for result in results:
        if not result.reused:
            before = history.get(result.check_id, CheckHistory())
            after = _after(before, result, now, latency_valid=latency_valid)
            kept[result.check_id] = _without_windows(after, before) if aside else after
    return kept


def _without_windows(after: CheckHistory, before: CheckHistory) -> CheckHistory:
    return msgspec.structs.replace(
        after,
        outcomes=before.outcomes,
        first_attempts=before.first_attempts,
        # the next scheduled run is due as if this one had not been
        last_run_at=before.last_run_at or after.last_run_at,
    )


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
    if result.status in (Status.PASS, Status.FAIL) and not result.waits:
        first = (first + ("P" if first_good else "F"))[-KEPT:]
    return CheckHistory(
        outcomes=_trimmed(before.outcomes + (WAITS if result.waits else LETTER[result.status])),
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
    outcomes = history.outcomes
    for undecided in (LETTER[Status.SKIP], LETTER[Status.ERROR], WAITS):
        outcomes = outcomes.replace(undecided, "")
    return down_after(outcomes, window)


def is_one_outage(known: Iterable[tuple[CheckHistory, Window]]) -> bool:
    """Return whether an outage of critical checks goes on, whichever of them fails now.

    It begins when a check is down in its own window, or when so many of the newest runs had a
    failure that the last resort rings. It is over after ten runs in which none failed: a check that
    recovered while others still fail now and then ended the page, which then rang anew. Checks that
    failed run in each run of the schedule, so that their newest outcomes are of the same runs;
    blocking ones, which keep a slower cadence, must not be among these.
    """
    newest = (reversed(_with_downs(h.outcomes, window)) for h, window in known)
    runs = [set(run) & set("PFpf") for run in zip_longest(*newest, fillvalue="")]
    failed, goes_on = "", False
    for run in (run for run in reversed(runs) if run):
        failed += "F" if run & {"F", "f"} else "P"
        if run & {"f", "p"} or failed[-LAST_RESORT.runs :].count("F") >= LAST_RESORT.bad:
            goes_on = True
        elif failed.endswith("P" * RECOVERED):
            goes_on = False
    return goes_on


def _with_downs(outcomes: str, window: Window) -> str:
    """Return outcomes with small letters for passes and failures of a check that is down."""
    along = iter(down_along("".join(o for o in outcomes if o in "PF"), window))
    return "".join(o.lower() if o in "PF" and next(along) else o for o in outcomes)


def is_unstable(history: CheckHistory) -> bool:
    """Return whether first attempts fail so often that one target of several may be bad.

    A check that is simply down is none: its failures in a row are the outage's own, before and
    after its end.
    """
    judged = without_outages("".join(o for o in history.outcomes if o in "PF"))
    newest = zip_longest(
        reversed(history.first_attempts[-UNSTABLE.runs :]),
        reversed(judged[-UNSTABLE.runs :]),
        fillvalue="P",
    )
    return sum(first == "F" and outcome != OUTAGE for first, outcome in newest) >= UNSTABLE.bad
