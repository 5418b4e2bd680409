"""Outcomes of recorded runs for a rehearsal, and the incidents in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from canary.comparison.windows import DOWN_CRITICAL
from canary.model import Report, Result, Status, parse_time
from canary.model.schedule import MINUTE
from canary.rehearsal.patterns import RealIncident
from canary.rehearsal.replay import Minute

LONG = DOWN_CRITICAL.runs  # so many bad minutes in a row make an incident, so many good ones end it


def outcomes(reports: Sequence[Report], period_s: int = MINUTE) -> Iterator[Minute]:
    """Yield an outcome for each period, oldest first.

    Scheduled runs keep their times, so that a gap counts as missing runs; runs that a person
    started are placed one after the other.
    """
    before: dt.datetime | None = None
    for report in reports:
        at = parse_time(report.run.started_at)
        scheduled = at is not None and report.run.trigger.startswith("schedule")
        if scheduled and at is not None and before is not None:
            missed = round((at - before).total_seconds() / period_s) - 1
            yield from (Minute(completed=False) for _ in range(missed))
        before = at if scheduled else None
        yield outcome(report)


def outcome(report: Report) -> Minute:
    """Return the part of one run that the alarms can see."""
    ran = [r for r in report.results if not r.muted]
    return Minute(
        failed=frozenset(r.check_id for r in ran if r.status is Status.FAIL),
        unstable=frozenset(r.check_id for r in ran if _is_unstable(r)),
        state_lost=bool(report.comparison.note),
    )


def from_history(report: Report) -> list[Minute]:
    """Return the last runs from the history in one report: at most sixty."""
    muted = {r.check_id for r in report.results if r.muted}
    kept = {c: h.outcomes for c, h in report.history.items() if c not in muted}
    width = max((len(letters) for letters in kept.values()), default=0)
    lines = {c: letters.rjust(width, "S") for c, letters in kept.items()}
    return [
        Minute(
            failed=(bad := frozenset(c for c, letters in lines.items() if letters[at] == "F")),
            unstable=bad,
        )
        for at in range(width)
    ]


def _is_unstable(result: Result) -> bool:
    return result.status is Status.FAIL or (
        result.status is Status.PASS and result.attempts > 1 and not result.reused
    )


def incidents(found: Sequence[Minute], critical: frozenset[str]) -> tuple[RealIncident, ...]:
    """Return the incidents: a critical check failing, or no runs, for three minutes in a row."""
    bad = [not o.completed or bool(o.failed & critical) for o in found]
    made: list[RealIncident] = []
    start: int | None = None
    for minute in range(LONG, len(bad) + 1):
        window = bad[minute - LONG : minute]
        if start is None and all(window):
            start = minute - LONG
        elif start is not None and not any(window):
            made.append(RealIncident(start=start, end=minute - LONG))
            start = None
    if start is not None:
        made.append(RealIncident(start=start, end=len(bad)))
    return tuple(made)
