"""A finding: one possible cause, and the failures that it explains."""

from __future__ import annotations

from dataclasses import dataclass, replace

from canary.diagnose.core.case import Failures
from canary.model import Confidence, Evidence, Remedy

# Ranks in order from the edge to the application; a lower rank is nearer to the root cause.
CANARY, TLS_EDGE, ROUTE, NETWORK, START, SETTINGS, DEPENDS, TARGET, SERVE, APPLICATION = range(
    0, 100, 10
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One possible cause; `choose` decides which findings become diagnoses."""

    cause: str
    service: str
    resource: str
    confidence: Confidence
    summary: str
    evidence: tuple[Evidence, ...]
    remedy: Remedy
    explained_failures: Failures
    rank: int
    always_report: bool = False  # also without failures: a permission that the canary lacks

    def at_most(self, confidence: Confidence, why: Evidence) -> Finding:
        """Return the finding with a lower confidence, and the reason in its evidence."""
        if self.confidence is not Confidence.CERTAIN:
            return self
        return replace(self, confidence=confidence, evidence=(*self.evidence, why))


def top_evidence(failures: Failures, count: int = 2) -> tuple[Evidence, ...]:
    """Return the evidence of the most important failures."""
    chosen = sorted(failures, key=lambda f: (-f.weight, *f.position))
    return tuple(f.evidence() for f in chosen[:count])
