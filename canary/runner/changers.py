"""Ask CloudTrail, within the time left, who changed what the diagnoses of a run name."""

from __future__ import annotations

import msgspec

from canary.comparison import changers, suspects
from canary.control_plane.baselines import NO_BASELINES
from canary.control_plane.state import PlatformState
from canary.control_plane.write_calls import Audit
from canary.model import Explanation, Report
from canary.observe.write_calls import LIMIT_S
from canary.runner.context import RunStart
from canary.runner.noting import Attempts
from canary.runner.ports import Ports

LEAST_S = 0.5
"""Fewer seconds are not worth a question."""
DENIAL_S = 1.0
"""Most seconds to diagnose one denied reading."""
UNREAD = "who changed it could not be read"


def with_changers(
    ports: Ports,
    start: RunStart,
    judged: Report,
    state: PlatformState,
    explanation: Explanation,
    end: float,
    attempts: Attempts,
) -> Explanation:
    """Return the explanation with who changed it; what could not be read is added to the notes.

    `end` is the time of the monotonic clock by which CloudTrail must have answered.
    """

    def ask() -> Explanation:
        suspected = suspects.suspects(
            explanation, judged.history, start.previous.report, state, start.started
        )
        if ports.audit is None or not suspected:
            return explanation
        left = end - ports.clock.monotonic()
        if left < LEAST_S:
            attempts.notes.append(f"{UNREAD}: no time was left in this run")
            return explanation
        audit = ports.audit(suspects.asked(suspected), min(left, LIMIT_S))
        if audit.problem:
            attempts.notes.append(f"{UNREAD}: {audit.problem}")
        found = changers.completed(explanation, suspected, audit, ports.clock.now())
        return _with_denial(ports, start, found, audit)

    return attempts.run(UNREAD, ask, explanation)


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
