"""A finding: one possible cause, and the failures that it explains."""

from __future__ import annotations

from dataclasses import dataclass

from canary.diagnose.core.case import Failures
from canary.model import Confidence, Evidence, Remedy

# Ranks in order from the edge to the application; a lower rank is nearer to the root cause.
CANARY, TLS_EDGE, ROUTE, NETWORK, START, SETTINGS, DEPENDS, TARGET, SERVE, APPLICATION = range(
    0, 100, 10
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One possible cause; `choose` decides which findings become diagnoses.

    `canary.diagnose` adds to each finding the rank of its rule and, as evidence, its failures.
    """

    cause: str
    service: str
    resource: str
    confidence: Confidence = Confidence.LIKELY
    summary: str
    evidence: tuple[Evidence, ...] = ()
    remedy: Remedy
    explained_failures: Failures
    shown_failures: int = 2  # how many of them become evidence
    rank: int = -1  # -1: the rank of the rule
    held: bool = False  # it was so while all was well, or an answer contradicts it
    only_words: bool = False  # nothing but words that visitors can write: told as POSSIBLE
    one_of_two: bool = False  # this or what is near it (a service, a hop): told as POSSIBLE
    always_report: bool = False  # also without failures: a permission that the canary lacks

    @property
    def told_confidence(self) -> Confidence:
        """Return how sure the report is that this service, and no other one, is at fault.

        The place between two services can be LIKELY while each of them is only POSSIBLE.
        """
        doubtful = self.one_of_two or self.only_words
        return Confidence.POSSIBLE if doubtful else self.confidence


def top_evidence(failures: Failures, count: int = 2) -> tuple[Evidence, ...]:
    """Return the evidence of the most important failures."""
    chosen = sorted(failures, key=lambda f: (-f.weight, *f.position))
    return tuple(dict.fromkeys(f.evidence() for f in chosen))[:count]  # several may say the same
