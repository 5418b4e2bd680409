"""What every form of a report has: its small form for the log, and the mutes that hold."""

from __future__ import annotations

from typing import Any

import msgspec

from canary.model import Report, Status, spared
from canary.mutes.in_force import ends
from canary.report.text import line, plural, when

MOST_MUTES = 5
"""Mutes that have a line of their own."""


def summary(report: Report, kept_at: str = "") -> dict[str, Any]:
    """Return a report without its evidence; `kept_at` is the address of the whole one."""
    ids = {s: [r.check_id for r in report.results if r.status is s] for s in Status}
    not_asked = spared(report.results)
    return {
        "run_id": report.run.id,
        "environment": report.run.environment,
        "status": report.run.status.value,
        "duration_ms": report.run.duration_ms,
        "scores": {name: score.percent for name, score in report.scores.items()},
        "failed": ids[Status.FAIL],
        "errors": ids[Status.ERROR],
        "skipped": [i for i in ids[Status.SKIP] if i not in not_asked],
        "not_asked": [i for i in ids[Status.SKIP] if i in not_asked],
        "diagnoses": [
            {
                "cause": d.cause,
                "service": d.service,
                "resource": d.resource,
                "confidence": d.confidence.value,
                "explains": list(d.explains),
            }
            for d in report.diagnoses
        ],
        "unexplained": list(report.unexplained),
        "rollouts": msgspec.to_builtins(report.rollouts),
        "muted": [r.check_id for r in report.results if r.muted],
        "mutes": [f"{m.what} {ends(m)}" for m in report.mutes],
        "notes": list(report.run.notes),
        "report": kept_at,
    }


def mute_lines(report: Report) -> list[str]:
    """Return the mutes that hold in a run, a line each; of many the first ones and their number."""
    lines = [
        f"Muted: {line(m.what, 90)} until {_end(m.until)}"
        f"{f' by {line(m.by, 60)}' if m.by else ''}: {line(m.reason, 160)}"
        for m in report.mutes[:MOST_MUTES]
    ]
    left = len(report.mutes) - MOST_MUTES
    return [*lines, f"And {plural(left, 'more mute')}."] if left > 0 else lines


def _end(until: str) -> str:
    """Return a moment for people; the day of a mute in a file stays a day."""
    return when(until) if "T" in until else line(until, 40)
