"""What is kept of each check from run to run. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

from canary.model import CheckHistory, Result, Status

KEPT = 60
DECIDED = 10  # passes and failures that stay, however long nothing could be judged
LETTER = {Status.PASS: "P", Status.FAIL: "F", Status.ERROR: "E", Status.SKIP: "S"}
DOWN_CRITICAL = (3, 3)
DOWN = (3, 5)
RECOVERED = 3  # passes in a row; hysteresis on the way up, so that flapping is one incident
UNSTABLE = (4, 10)


def median(values: Sequence[float]) -> float:
    """Return the middle of at least one value; `statistics` would cost a cold start 3 ms."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def updated(
    history: Mapping[str, CheckHistory], results: Iterable[Result], now: str, *, trusted: bool
) -> dict[str, CheckHistory]:
    """Return the history with this run's outcomes; latencies only where they can be trusted."""
    kept = dict(history)
    for result in results:
        if not result.carried:
            before = history.get(result.check_id, CheckHistory())
            kept[result.check_id] = _after(before, result, now, trusted=trusted)
    return kept


def _after(before: CheckHistory, result: Result, now: str, *, trusted: bool) -> CheckHistory:
    tried = result.status is not Status.SKIP
    first_good = result.status is Status.PASS and result.attempts == 1
    latency = before.latency_ms
    if result.status is Status.PASS and trusted:
        latency = (*latency, round(result.duration_ms, 1))[-KEPT:]
    changed = not before.since or (
        tried and (before.last_status is Status.PASS) != (result.status is Status.PASS)
    )
    first = before.first_attempts
    if result.status in (Status.PASS, Status.FAIL):
        first = (first + ("P" if first_good else "F"))[-KEPT:]
    return CheckHistory(
        outcomes=_trimmed(before.outcomes + LETTER[result.status]),
        first_attempts=first,
        latency_ms=latency,
        since=now if tried and changed else before.since,
        last_run_at=now if tried else before.last_run_at,
        last_status=result.status if tried else before.last_status,
    )


def _trimmed(outcomes: str) -> str:
    """Return at most as many outcomes as are kept.

    Hours without a judgement push no judgement out: a check that is down stays down till it passes.
    """
    if len(outcomes) <= KEPT or len(outcomes) - _undecided(outcomes) > DECIDED:
        return outcomes[-KEPT:]
    at = next(n for n, outcome in enumerate(outcomes) if outcome not in "PF")
    return outcomes[:at] + outcomes[at + 1 :]


def _undecided(outcomes: str) -> int:
    return sum(outcome not in "PF" for outcome in outcomes)


def judged(history: CheckHistory) -> str:
    """Return the outcomes that say something of the platform: passes and failures."""
    return "".join(o for o in history.outcomes if o in "PF")


def is_down(history: CheckHistory, window: tuple[int, int]) -> bool:
    """Return whether the check is down: M of N failures put it down, three passes take it up.

    Replayed over the kept outcomes, so that no further state is needed.
    """
    return down(judged(history), window)


def down(outcomes: str, window: tuple[int, int]) -> bool:
    """Return whether outcomes ("P" and "F", newest last) leave a check down."""
    failures, runs = window
    is_it = False
    for end in range(1, len(outcomes) + 1):
        seen = outcomes[:end]
        if not is_it:
            is_it = seen[-runs:].count("F") >= failures
        elif "F" not in seen[-RECOVERED:]:
            is_it = False
    return is_it


def is_unstable(history: CheckHistory) -> bool:
    """Return whether first attempts fail so often that one target of several may be bad."""
    failures, runs = UNSTABLE
    return history.first_attempts[-runs:].count("F") >= failures


def changes(history: CheckHistory, runs: int = 10) -> int:
    """Return how often the outcome changed between passing and not passing of late."""
    seen = ["P" if o == "P" else "F" for o in history.outcomes if o != "S"][-runs:]
    return sum(a != b for a, b in itertools.pairwise(seen))
