"""A claim: one thing found wrong, and the failures that it accounts for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from canary.diagnose.core.case import Failures
from canary.model import Confidence, Evidence, Remedy

# Order of the chain from the edge to the dependencies; lower is nearer to the root.
CANARY, TLS_EDGE, ROUTE, NETWORK, START, SETTINGS, DEPENDS, TARGET, SERVE, APPLICATION = range(
    0, 100, 10
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A finding with the failures it explains, before the smallest set is chosen.

    `standing` claims are reported although they explain no failure (a missing permission).
    """

    cause: str
    service: str
    resource: str
    confidence: Confidence
    summary: str
    evidence: tuple[Evidence, ...]
    remedy: Remedy
    explained_failures: Failures
    rank: int
    always_report: bool = False

    def at_most(self, confidence: Confidence, why: Evidence) -> Finding:
        """Return the claim with less confidence, and the reason among its evidence."""
        if self.confidence is not Confidence.CERTAIN:
            return self
        return replace(self, confidence=confidence, evidence=(*self.evidence, why))


def top_evidence(failures: Failures, count: int = 2) -> tuple[Evidence, ...]:
    """Return the evidence of the weightiest failures."""
    chosen = sorted(failures, key=lambda f: (-f.weight, f.check_id, f.step))
    return tuple(f.evidence() for f in chosen[:count])
