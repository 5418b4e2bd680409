"""Choose the smallest set of findings that explains all failures, most important first."""

from __future__ import annotations

from dataclasses import replace

from canary.diagnose.core.case import CACHE, DATABASE, Atoms, Case
from canary.diagnose.core.claim import SERVE, Claim
from canary.diagnose.core.follows import (
    CRASHES,
    ONLY_AS_A_WHOLE,
    SHARED,
    SHOWN_BY_THE_DATABASE,
    roots_of,
)
from canary.diagnose.core.symptoms import Symptom
from canary.model import Confidence, Diagnosis

_DEPLOYMENT = frozenset({"deployment-stuck", "deployment-rolled-back"})


def choose(case: Case, claims: list[Claim]) -> tuple[list[Claim], Atoms]:
    """Return the chosen findings and the failures that none of them explains."""
    real = [c for c in claims if c.atoms and not c.standing]
    roots = [c for c in real if not _follows_any(case, c, real)]
    certain = [
        c for c in roots if c.confidence is Confidence.CERTAIN or c.cause in SHOWN_BY_THE_DATABASE
    ]
    chosen = _distinct(certain)
    left = _left(case, _covered(chosen))
    others = [c for c in roots if c not in certain]
    while left:
        best = max(others, key=lambda c: _worth(c, left), default=None)
        if best is None or not best.atoms & left:
            break
        chosen.append(best)
        left = _left(case, _covered(chosen))
    chosen += [c for c in claims if c.standing]
    left -= _covered([c for c in claims if c.standing])
    return sorted(_split_failures(_distinct(chosen)), key=_importance), left


def _proven(claim: Claim) -> bool:
    """Return whether the control plane, or the database in its own words, shows the fault."""
    return claim.confidence is Confidence.CERTAIN or claim.cause in SHOWN_BY_THE_DATABASE


def _split_failures(claims: list[Claim]) -> list[Claim]:
    """Split failures between a failing deployment and a port mismatch of the running tasks.

    The running tasks do not answer on the balancer's port, and a deployment fails beside them.
    Its new tasks never served: only what ECS shows belongs to the deployment.
    """
    return [_without_port_mismatch(c, claims) if c.cause in _DEPLOYMENT else c for c in claims]


def _without_port_mismatch(deployment: Claim, claims: list[Claim]) -> Claim:
    """Remove the failures that a port mismatch of the running tasks explains."""
    certain = [
        c
        for c in claims
        if (c.cause, c.service) == ("port-mismatch", deployment.service)
        and c.confidence is Confidence.CERTAIN
    ]
    shared = deployment.atoms.intersection(*(c.atoms for c in certain)) if certain else frozenset()
    if not shared:
        return deployment
    shown_by_ecs = frozenset(f for f in deployment.atoms if f.symptom is Symptom.CONTROL_ECS)
    return replace(deployment, atoms=(deployment.atoms - shared) | shown_by_ecs, rank=SERVE)


def _left(case: Case, covered: Atoms) -> Atoms:
    """Return the failures that no finding explains yet.

    A step that had no time left follows from the check's other steps, which took that time.
    """
    checks = {f.check_id for f in covered}
    return frozenset(
        f
        for f in case.failures
        if f not in covered and not (f.out_of_time and f.check_id in checks)
    )


def _follows_any(case: Case, claim: Claim, all_claims: list[Claim]) -> bool:
    """Return whether a finding may be only a consequence of another one."""
    roots = roots_of(claim.cause)
    near = _near(case, claim)
    return any(
        other.atoms & claim.atoms
        and (
            _wider(claim, other)
            if other.cause == claim.cause
            else other.cause in roots
            and other.service in near
            and _reliable(other, claim)
            and (claim.cause not in ONLY_AS_A_WHOLE or claim.atoms <= other.atoms)
        )
        for other in all_claims
        if other is not claim
    )


def _wider(claim: Claim, other: Claim) -> bool:
    """Return whether another service's finding of the same shared cause explains more failures.

    If two services do not reach the database, the fault lies at the database; if one service
    alone does not reach it, the fault lies at that service.
    """
    if claim.cause not in SHARED or claim.service == other.service:
        return False
    if claim.atoms == other.atoms:
        return claim.service in (DATABASE, CACHE)
    return claim.atoms < other.atoms


def _near(case: Case, claim: Claim) -> frozenset[str]:
    """Return the services on which the root cause of a finding may lie."""
    own = frozenset({claim.service})
    if claim.service not in case.services:
        return own
    if claim.cause == "targets-unhealthy":
        return case.closure(claim.service)
    if claim.cause in SHARED:  # seen at the dependency, caused by its dependant
        return case.dependants(claim.service)
    if claim.cause in CRASHES:  # a process does not start without them
        return own | (case.closure(claim.service) & {DATABASE, CACHE})
    return own


def _reliable(root: Claim, follower: Claim) -> bool:
    """Return whether the root is at least as certain as its consequence."""
    order = (Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE)
    return order.index(root.confidence) <= order.index(follower.confidence)


def _worth(claim: Claim, left: Atoms) -> tuple[int, int, int, str]:
    """Return the sort key of a finding: likely, then heavy, then near to the root, then stable."""
    gained = claim.atoms & left
    if not gained:
        return (-1, 0, 0, "")
    likely = 1 if claim.confidence is Confidence.LIKELY else 0
    return (likely, sum(f.weight for f in gained), -claim.rank, claim.cause)


def _covered(claims: list[Claim]) -> Atoms:
    return frozenset().union(*(c.atoms for c in claims)) if claims else frozenset()


def _distinct(claims: list[Claim]) -> list[Claim]:
    """Merge the findings that have the same cause and resource."""
    found: dict[tuple[str, str], Claim] = {}
    for claim in claims:
        first = found.setdefault((claim.cause, claim.resource), claim)
        if first is not claim:
            merged = replace(first, atoms=first.atoms | claim.atoms)
            found[claim.cause, claim.resource] = merged
    return list(found.values())


def _importance(claim: Claim) -> tuple[bool, bool, int, bool, int, str, str]:
    possible = claim.confidence is Confidence.POSSIBLE
    weight = sum(f.weight for f in claim.atoms)
    sure = claim.confidence is Confidence.CERTAIN
    stage = claim.rank // 10
    return (claim.standing, possible, stage, not sure, -weight, claim.cause, claim.resource)


def as_diagnosis(claim: Claim) -> Diagnosis:
    """Return a finding as the report shows it."""
    heavy = sorted(claim.atoms, key=lambda f: (-f.weight, f.check_id))
    return Diagnosis(
        cause=claim.cause,
        service=claim.service,
        resource=claim.resource,
        confidence=claim.confidence,
        summary=claim.summary,
        explains=tuple(dict.fromkeys(f.check_id for f in heavy)),
        evidence=claim.evidence,
        remedy=claim.remedy,
    )
