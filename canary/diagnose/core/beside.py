"""Two causes on one service, of which one alone is what answers: each gets what is its own."""

from __future__ import annotations

from dataclasses import replace

from canary.diagnose.core.claim import SERVE, Claim
from canary.diagnose.core.symptoms import Symptom
from canary.model import Confidence

_DEPLOYMENT = frozenset({"deployment-stuck", "deployment-rolled-back"})
_OF_WHAT_RUNS = frozenset({"port-mismatch"})


def apart(claims: list[Claim]) -> list[Claim]:
    """Leave the failures that a running task's own fault accounts for to that fault.

    A task runs and does not answer where it is asked; beside it a deployment fails. The new tasks
    never took part: only what ECS says of them is theirs.
    """
    return [_own(claim, claims) if claim.cause in _DEPLOYMENT else claim for claim in claims]


def _own(claim: Claim, claims: list[Claim]) -> Claim:
    running = [c for c in claims if c.cause in _OF_WHAT_RUNS and c.service == claim.service]
    running = [c for c in running if c.confidence is Confidence.CERTAIN]
    shared = claim.atoms.intersection(*(c.atoms for c in running)) if running else frozenset()
    if not shared:
        return claim
    told = frozenset(f for f in claim.atoms if f.symptom is Symptom.CONTROL_ECS)
    return replace(claim, atoms=(claim.atoms - shared) | told, rank=SERVE)
