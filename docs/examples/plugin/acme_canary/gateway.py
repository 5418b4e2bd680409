"""Acme's gateway answers 421 when all its workers are taken."""

from __future__ import annotations

from collections.abc import Iterator

from hokusai_canary.rules import SERVE, Case, Confidence, Finding, Remedy, Rule

FULL = 421


def full(case: Case) -> Iterator[Finding]:
    """Explain the failures that ended with 421: words of an answer, so LIKELY and never CERTAIN."""
    failures = tuple(f for f in case.failures if f.status == FULL)
    if not failures:
        return
    service = failures[0].service
    yield Finding(
        cause="gateway-full",
        service=service,
        resource=case.host(service),
        confidence=Confidence.LIKELY,
        summary="All workers of the gateway are taken.",
        remedy=Remedy(summary="Give the gateway more workers.", decision="Choose how many."),
        explained_failures=failures,
    )


RULE = Rule(find=full, rank=SERVE)
