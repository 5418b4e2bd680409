"""Causes that only a change of the day before shows: the last good run had them already."""

from __future__ import annotations

from dataclasses import replace

from canary.control_plane.baselines import Baseline
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.mechanisms import SHOWN_BY_STATE, possible
from canary.diagnose.core.own_past import Judge, beside
from canary.model import Confidence


def of_the_day_before(case: Case, found: list[Finding], judge: Judge) -> list[Finding]:
    """Return what the rules find beside the platform of the day before, and not otherwise.

    All checks passed for a while after such a change: it is POSSIBLE, and explains only what
    nothing else does.
    """
    day = _day_before(case)
    if day is None:
        return []
    known = {(f.cause, f.resource) for f in found}
    return [
        replace(f, confidence=Confidence.POSSIBLE, explained_failures=possible(f))
        for f in judge(beside(case, day))
        if f.cause in SHOWN_BY_STATE and (f.cause, f.resource) not in known
    ]


def _day_before(case: Case) -> Baseline | None:
    """Return the platform a day before that of the incident, None if it was the same."""
    known = case.baselines
    if known.incident is None:
        return None
    own = (c for c, b in sorted(known.of.items()) if b.reference == known.incident.reference)
    days = (known.day_before[c] for c in own if c in known.day_before)
    day = next(days, None)
    return None if day is None or day.reference == known.incident.reference else day
