"""A proxy that loses the body of requests: the answer misses a parameter that was sent."""

from __future__ import annotations

from collections.abc import Iterator

from canary.diagnose.access.auth_service import behaviour
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.model import Confidence


def dropped_body(case: Case) -> Iterator[Finding]:
    """Report a service through which the body of DELETE does not arrive."""
    for entry in case.entry_services(Symptom.PARAMETER_MISSING):
        failures = frozenset(
            f for f in case.having(Symptom.PARAMETER_MISSING, entry=entry) if f.method == "DELETE"
        )
        posted = any((e.method, e.status) == ("POST", 200) for e in case.passed(entry))
        yield from behaviour(
            case,
            "proxy-drops-body",
            failures,
            "{service}, or what stands before it, loses the body of DELETE"
            + (" and hands that of POST on." if posted else "."),
            confidence=Confidence.LIKELY if posted else Confidence.POSSIBLE,
            decision=f"Whoever owns {entry} must let it forward the body of every method. Until"
            " then nothing that is removed by DELETE with a body can be removed through it.",
        )
