"""Find what AWS shows to be wrong though nothing that was asked fails of it.

Without a key, many a request never comes to the part that is broken. So the diagnosis is asked
once more as if each service failed, and what the control plane itself shows is kept. Nothing has
met it: it is never certain, and no fix is offered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.diagnose.core.mechanisms import SHOWN_BY_STATE
from canary.model import (
    Assertion,
    Confidence,
    Diagnosis,
    Environment,
    Remedy,
    Result,
    Severity,
    Status,
    Step,
    Suite,
)

NEEDS_A_SYMPTOM = frozenset({"vpc-route-missing", "endpoint-missing", "deployment-stuck"})
"""Causes of which the control plane shows a part alone: a healthy platform may look like this."""
SUPPOSED = "supposed"


def latent(
    environment: Environment, state: PlatformState, now: dt.datetime
) -> tuple[Diagnosis, ...]:
    """Return the causes that the control plane shows, without a failure; none is certain."""
    results = tuple(_supposed(environment))
    found = diagnose(results, state, environment, None, now).diagnoses
    return tuple(
        _without_fix(d)
        for d in found
        if d.cause in SHOWN_BY_STATE - NEEDS_A_SYMPTOM and d.confidence is not Confidence.POSSIBLE
    )


def _supposed(environment: Environment) -> Iterator[Result]:
    """Yield a failure of each service that ECS runs."""
    for name, service in environment.services.items():
        if service.ecs_service:
            wrong = Assertion(subject=name, expected="serves", actual=SUPPOSED, holds=False)
            step = Step(name=name, status=Status.FAIL, reason=SUPPOSED, assertions=(wrong,))
            yield Result(
                check_id=f"{name}.{SUPPOSED}",
                title=SUPPOSED,
                suite=Suite.INFRASTRUCTURE,
                kind="ecs_service",
                service=name,
                severity=Severity.LOW,
                status=Status.FAIL,
                reason=SUPPOSED,
                steps=(step,),
            )


def _without_fix(found: Diagnosis) -> Diagnosis:
    """Return a diagnosis as something to look at."""
    summary, looks = found.remedy.summary, found.remedy.inspect
    words = "nothing that was asked fails of it: look whether it is so on purpose"
    decision = f"{summary.rstrip('.')}, if it is a fault; {words}."
    return msgspec.structs.replace(
        found,
        confidence=Confidence.LIKELY,
        explains=(),
        evidence=tuple(e for e in found.evidence if SUPPOSED not in (e.seen, e.expected)),
        remedy=Remedy(summary=summary, inspect=looks, decision=decision),
    )
