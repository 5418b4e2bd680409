"""Ask CloudTrail, within the time left, who changed what the diagnoses of a run name."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from canary.comparison import by_whom, changers, suspects
from canary.control_plane.baselines import NO_BASELINES
from canary.control_plane.state import PlatformState
from canary.control_plane.write_calls import Audit
from canary.model import Drift, Explanation, Report
from canary.observe.write_calls import LIMIT_S
from canary.runner.context import RunStart
from canary.runner.noting import Attempts
from canary.runner.ports import Ports

LEAST_S = 0.5
"""Fewer seconds are not worth a question."""
DENIAL_S = 1.0
"""Most seconds to diagnose one denied reading."""
UNREAD = "who changed it could not be read"
NOT_ASKED: Audit | None = None


def with_changers(
    ports: Ports,
    start: RunStart,
    judged: Report,
    state: PlatformState,
    explanation: Explanation,
    end: float,
    attempts: Attempts,
) -> tuple[Explanation, Audit | None]:
    """Return the explanation with who changed it, and what CloudTrail said, None if not asked.

    What could not be read is added to the notes. `end` is the time of the monotonic clock by which
    CloudTrail must have answered.
    """

    def ask() -> tuple[Explanation, Audit | None]:
        suspected = suspects.suspects(
            explanation, judged.history, start.previous.report, state, start.started
        )
        if ports.audit is None or not suspected:
            return explanation, None
        left = end - ports.clock.monotonic()
        if left < LEAST_S:
            attempts.notes.append(f"{UNREAD}: no time was left in this run")
            return explanation, None
        asked = suspects.asked(suspected)
        audit = ports.audit(asked, min(left, LIMIT_S))
        audit = msgspec.structs.replace(audit, since=asked.since.isoformat())
        if audit.problem:
            attempts.notes.append(f"{UNREAD}: {audit.problem}")
        found = changers.completed(explanation, suspected, audit, ports.clock.now())
        return _with_denial(ports, start, found, audit), audit

    return attempts.run(UNREAD, ask, (explanation, NOT_ASKED))


def with_makers(
    report: Report,
    previous: Report | None,
    audit: Audit | None,
    states: Iterable[PlatformState | None],
    attempts: Attempts,
) -> Report:
    """Return the report with who made the changes that it and earlier runs saw."""
    earlier = previous.changes if previous else ()

    def named() -> tuple[tuple[Drift, ...], tuple[Drift, ...]]:
        known = by_whom.objects(states) if audit is not None else {}
        drift = report.comparison.drift
        return by_whom.described(drift, known, audit), by_whom.described(earlier, known, audit)

    drift, changes = attempts.run(UNREAD, named, (report.comparison.drift, earlier))
    comparison = msgspec.structs.replace(report.comparison, drift=drift)
    return msgspec.structs.replace(report, comparison=comparison, changes=changes)


def _with_denial(
    ports: Ports, start: RunStart, explanation: Explanation, audit: Audit
) -> Explanation:
    """Return the explanation with a denied look-up as a denied reading is diagnosed."""
    if audit.denied is None:
        return explanation
    blind = PlatformState(unavailable=(audit.denied,))
    now = ports.clock.now()
    told = ports.diagnose((), blind, start.config.environment, None, now, NO_BASELINES, DENIAL_S)
    diagnoses = (*explanation.diagnoses, *told.diagnoses)
    return msgspec.structs.replace(explanation, diagnoses=diagnoses)
