"""Transitions of checks between two runs: broke, fixed, still failing, flaky, slower."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from canary.comparison.median import median
from canary.comparison.windows import FLAPPING, is_flapping, recent_changes
from canary.model import (
    SEVERITY_ORDER,
    Change,
    CheckHistory,
    Comparison,
    Report,
    Result,
    Severity,
    Status,
    Transition,
)

BASELINE = 10
"""Passes that a check needs before it has a usual latency."""
SLOWER_FACTOR = 2.0
SLOWER_MS = 150.0
"""Milliseconds above the usual latency; below that, a factor means nothing."""


def compare(
    previous: Report | None,
    results: Sequence[Result],
    history: Mapping[str, CheckHistory],
    *,
    now: str,
    latency_valid: bool = True,
    narrowed: bool = False,
) -> Comparison:
    """Return the transitions; `history` already contains this run."""
    ran = [r for r in results if not r.reused]
    known = previous.history if previous else {}
    found = [t for r in ran for t in _of(r, known, history, now, first=previous is None)]
    if latency_valid:
        found += [t for r in ran for t in _slower(r, known, history, now)]
    if not narrowed:
        present = {r.check_id for r in results}
        found += [_removed(i, known[i], now) for i in known if i not in present]
    severities = {r.check_id: r.severity for r in results}
    return Comparison(
        previous=previous.run.id if previous else "",
        previous_at=previous.run.started_at if previous else "",
        transitions=tuple(sorted(found, key=lambda t: _importance(t, severities))),
    )


ORDER = tuple(Change)


def _importance(transition: Transition, severities: Mapping[str, Severity]) -> tuple[int, int, str]:
    """Return the sorting key: by change, then the most severe first, then by id.

    A removed check has no severity any more and comes last.
    """
    severity = severities.get(transition.check_id)
    weight = len(SEVERITY_ORDER) if severity is None else SEVERITY_ORDER.index(severity)
    return ORDER.index(transition.change), weight, transition.check_id


def _of(
    result: Result,
    known: Mapping[str, CheckHistory],
    history: Mapping[str, CheckHistory],
    now: str,
    *,
    first: bool,
) -> list[Transition]:
    after = history.get(result.check_id, CheckHistory())
    old = known.get(result.check_id)
    before = old.last_status if old and old.last_run_at else None
    found = []
    change = _change(before, result.status)
    if not first and old is None:
        found.append(_transition(result, Change.NEW, None, now))
    if change is not None:
        note = _note(result, change, old)
        found.append(_transition(result, change, before, after.since, note))
    if change in (Change.BROKE, Change.FIXED) and is_flapping(after.outcomes):
        times = recent_changes(after.outcomes)
        note = f"changed {times} times in its last {FLAPPING.runs} runs"
        found.append(_transition(result, Change.FLAKY, before, now, note))
    elif result.status is Status.PASS and result.attempts > 1:
        note = f"passed at attempt {result.attempts}"
        found.append(_transition(result, Change.FLAKY, before, now, note))
    return found


def _change(before: Status | None, after: Status) -> Change | None:
    was_bad = before is not None and before.is_bad
    if after.is_bad:
        return Change.STILL_FAILING if was_bad else Change.BROKE
    if was_bad:
        return Change.FIXED if after is Status.PASS else Change.STILL_FAILING
    return None


def _note(result: Result, change: Change, old: CheckHistory | None) -> str:
    if change is Change.FIXED and old is not None:
        return f"had been {old.last_status} since {old.since}"
    return result.reason


def _transition(
    result: Result, change: Change, before: Status | None, since: str, note: str = ""
) -> Transition:
    return Transition(
        check_id=result.check_id,
        change=change,
        before=before,
        after=result.status,
        since=since,
        note=note,
    )


def _removed(check_id: str, old: CheckHistory, now: str) -> Transition:
    return Transition(
        check_id=check_id, change=Change.REMOVED, before=old.last_status, after=None, since=now
    )


def _slower(
    result: Result,
    known: Mapping[str, CheckHistory],
    history: Mapping[str, CheckHistory],
    now: str,
) -> list[Transition]:
    """Return SLOWER once, when the median of the last three passes rises above the usual."""
    if result.status is not Status.PASS:
        return []
    if result.check_id not in known or result.check_id not in history:
        return []
    usual_before, recent_before = _recent(known[result.check_id].latency_ms)
    usual, recent = _recent(history[result.check_id].latency_ms)
    if not _is_slow(usual, recent) or _is_slow(usual_before, recent_before):
        return []
    note = f"{recent:.0f} ms where {usual:.0f} ms were usual"
    return [_transition(result, Change.SLOWER, Status.PASS, now, note)]


def _recent(latencies: tuple[float, ...]) -> tuple[float, float]:
    """Return the medians of all but the last three and of the last three; zeros if too few."""
    if len(latencies) < BASELINE + 3:
        return 0.0, 0.0
    return median(latencies[:-3]), median(latencies[-3:])


def _is_slow(usual: float, recent: float) -> bool:
    return recent > usual * SLOWER_FACTOR and recent > usual + SLOWER_MS
