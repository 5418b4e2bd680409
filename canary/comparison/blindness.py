"""Tell failures of the canary itself from those of the platform.

A canary that reaches nothing is known by the facts of the run alone, before its failures are
explained: the metrics that wake people leave before (docs/decisions/0027). So no word of an answer
counts there, only that there was none from anywhere. Causes count in what is read afterwards.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from canary.control_plane.silence import aws_is_silent
from canary.control_plane.state import PlatformState
from canary.model import (
    Confidence,
    Diagnosis,
    Exchange,
    FailureKind,
    Result,
    Status,
    Step,
    exchanges_of,
)

UNCONNECTED = frozenset(
    {
        FailureKind.DNS,
        FailureKind.REFUSED,
        FailureKind.CONNECT_TIMEOUT,
        FailureKind.UNREACHABLE,
    }
)
"""Failures before a connection stood: nobody answered, not even with a reset or a certificate."""
_OWN = "canary-"
"""The beginning of causes that are in the canary itself."""
REACHES_NOTHING = "the canary reaches nothing, AWS's own API neither"


def without_blind(results: tuple[Result, ...], state: PlatformState) -> tuple[Result, ...]:
    """Return the results; where the canary reached nothing its failures are ERROR.

    The platform may be well: nothing is known of it. Results of earlier runs stay as they are.
    """
    if not reaches_nothing(results, state):
        return results
    return tuple(_unjudged(r) if r.status is Status.FAIL and not r.reused else r for r in results)


def reaches_nothing(results: tuple[Result, ...], state: PlatformState) -> bool:
    """Return whether no request of the run was connected, and AWS answered no call either.

    Where AWS answers, the canary's way out is open and the platform is closed. Where AWS was not
    asked, or a part of it answered, nobody can tell, and a failure stays one of the platform.
    """
    asked = [exchange for _, exchange in exchanges_of(results)]
    return (
        any(e.failure in UNCONNECTED for e in asked)
        and all(_unconnected(e) for e in asked)
        and aws_is_silent(state)
    )


def _unconnected(exchange: Exchange) -> bool:
    """Return whether a request never had a connection; one may have lacked the time for it."""
    if exchange.failure == FailureKind.DEADLINE:
        return not (exchange.timing.tcp_ms or exchange.timing.reused)
    return exchange.failure in UNCONNECTED


def _unjudged(result: Result) -> Result:
    return msgspec.structs.replace(
        result,
        status=Status.ERROR,
        reason=f"not judged: {REACHES_NOTHING} ({result.reason})",
        steps=tuple(map(_step, result.steps)),
    )


def _step(step: Step) -> Step:
    if step.status is not Status.FAIL:
        return step
    return msgspec.structs.replace(step, status=Status.ERROR)


def is_own(diagnosis: Diagnosis) -> bool:
    """Return whether the cause is in the canary itself: nothing is known of the platform then.

    One that is only possible proves no blindness: the platform may as well be down.
    """
    return diagnosis.cause.startswith(_OWN) and diagnosis.confidence is not Confidence.POSSIBLE


def unseen_checks(diagnoses: Collection[Diagnosis]) -> frozenset[str]:
    """Return the checks that the canary itself explains and no cause in the platform does."""
    own = {c for d in diagnoses if is_own(d) for c in d.explains}
    return frozenset(own - {c for d in diagnoses if not is_own(d) for c in d.explains})
