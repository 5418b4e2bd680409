"""Choose the smallest set of claims that accounts for all failures, most important first."""

from __future__ import annotations

from dataclasses import replace

from canary.diagnose.core.beside import apart
from canary.diagnose.core.case import CACHE, DATABASE, Atoms, Case
from canary.diagnose.core.claim import Claim
from canary.model import Confidence, Diagnosis

_STARTS = frozenset(
    {
        "service-missing",
        "service-scaled-to-zero",
        "execution-role-denied",
        "secret-unavailable",
        "image-pull-failed",
        "log-group-missing",
        "image-wrong-architecture",
        "task-out-of-memory",
        "environment-variable-missing",
        "environment-variable-wrong",
        "secret-not-injected",
    }
)
_NETWORK = frozenset({"security-group-blocked"})
_ROUTES = frozenset(
    {
        "listener-missing",
        "rule-missing",
        "rule-wrong-target",
        "rule-shadowed",
        "rule-on-wrong-listener",
        "target-group-detached",
    }
)
_LOGIN = frozenset({"database-auth-failed", "database-unreachable", "database-schema-missing"})
_CHECKS = frozenset({"port-mismatch", "health-check-mismatch", "target-protocol-mismatch"})
_CRASH = frozenset({"task-crash-loop", "deployment-stuck", "deployment-rolled-back"})

_SETTINGS = frozenset(
    {"environment-variable-wrong", "environment-variable-missing", "secret-not-injected"}
)
_SHARED = _LOGIN | {"cache-unreachable"}
# Words of the database itself: a fact, although the control plane cannot show it.
_FACTS = frozenset({"database-auth-failed", "database-schema-missing"})

# A cause, and the causes on the same service, or on what it depends on, that it may follow from.
FOLLOWS: dict[str, frozenset[str]] = {
    "target-group-empty": _STARTS
    | _CRASH
    | _LOGIN
    | _NETWORK
    | _CHECKS
    | {"target-group-detached"},
    "target-group-detached": _ROUTES - {"target-group-detached"},
    "targets-unhealthy": _STARTS
    | _CRASH
    | _LOGIN
    | _NETWORK
    | _CHECKS
    | {"upstream-url-wrong", "service-discovery-missing", "service-discovery-stale"},
    "health-check-mismatch": frozenset({"port-mismatch", "target-protocol-mismatch"}),
    "target-protocol-mismatch": frozenset({"port-mismatch"}),
    "task-crash-loop": _STARTS | _LOGIN | _NETWORK,
    "deployment-stuck": _STARTS | _LOGIN | _NETWORK,
    "deployment-rolled-back": _STARTS | _LOGIN,
    "service-discovery-missing": _STARTS | _CRASH | _LOGIN,
    "service-discovery-stale": _STARTS | _CRASH,
    "database-unreachable": _NETWORK | _SETTINGS | {"database-auth-failed"},
    "database-auth-failed": _SETTINGS,
    "cache-unreachable": _NETWORK | _SETTINGS,
    "environment-variable-wrong": frozenset({"port-mismatch"}),
    "auth-service-down": frozenset({"latency-degraded"}),
}
# What an older revision in service may show, each by its own sign.
_OF_A_REVISION = frozenset(
    {
        "environment-variable-missing", "environment-variable-wrong", "secret-not-injected",
        "upstream-url-wrong", "service-id-wrong", "port-mismatch", "artifact-store-failing",
        "protection-missing", "credential-header-lost", "rate-limit-missing",
        "auth-error-misreported", "revoked-key-accepted", "expired-key-accepted",
        "route-not-mounted", "host-header-rejected", "path-prefix-wrong",
        "health-endpoint-misleading", "latency-degraded", "targets-unhealthy", "auth-service-down",
    }
)  # fmt: skip
# Follows only from what accounts for all of it.
_WHOLLY = frozenset({"auth-service-down"})


def _roots(cause: str) -> frozenset[str]:
    """Return the causes that one may follow from."""
    roots = FOLLOWS.get(cause, frozenset())
    return roots | {"deployment-not-effective"} if cause in _OF_A_REVISION else roots


def choose(case: Case, claims: list[Claim]) -> tuple[list[Claim], Atoms]:
    """Return the chosen claims and the failures that none accounts for."""
    real = [c for c in claims if c.atoms and not c.standing]
    roots = [c for c in real if not _follows_any(case, c, real)]
    certain = [c for c in roots if c.confidence is Confidence.CERTAIN or c.cause in _FACTS]
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
    return sorted(apart(_distinct(chosen)), key=_importance), left


def _left(case: Case, covered: Atoms) -> Atoms:
    """Return what no claim accounts for yet.

    A step that was not judged for want of time follows from what took it: the check's other steps.
    """
    told = {f.check_id for f in covered}
    return frozenset(
        f for f in case.failures if f not in covered and not (f.out_of_time and f.check_id in told)
    )


def _follows_any(case: Case, claim: Claim, all_claims: list[Claim]) -> bool:
    """Tell whether a claim may be a mere consequence of another one."""
    roots = _roots(claim.cause)
    near = _near(case, claim)
    return any(
        other.atoms & claim.atoms
        and (
            _wider(claim, other)
            if other.cause == claim.cause
            else other.cause in roots
            and other.service in near
            and _reliable(other, claim)
            and (claim.cause not in _WHOLLY or claim.atoms <= other.atoms)
        )
        for other in all_claims
        if other is not claim
    )


def _wider(claim: Claim, other: Claim) -> bool:
    """Tell whether another service's claim of the same shared cause accounts for more.

    A database that two services miss is one fault at the database; one that a single service
    misses is that service's.
    """
    if claim.cause not in _SHARED or claim.service == other.service:
        return False
    if claim.atoms == other.atoms:
        return claim.service in (DATABASE, CACHE)
    return claim.atoms < other.atoms


def _near(case: Case, claim: Claim) -> frozenset[str]:
    """Return the services on which the root of a claim may lie."""
    own = frozenset({claim.service})
    if claim.service not in case.services:
        return own
    if claim.cause == "targets-unhealthy":
        return case.closure(claim.service)
    if claim.cause in _SHARED:  # seen at the dependency, rooted in the one who asks
        return case.dependants(claim.service)
    if claim.cause in _CRASH:  # what a process needs to start at all
        return own | (case.closure(claim.service) & {DATABASE, CACHE})
    return own


def _reliable(root: Claim, follower: Claim) -> bool:
    order = (Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE)
    return order.index(root.confidence) <= order.index(follower.confidence)


def _worth(claim: Claim, left: Atoms) -> tuple[int, int, int, str]:
    """Return how much a claim adds: sure before possible, near the root, heavy, then stable."""
    covered = claim.atoms & left
    if not covered:
        return (-1, 0, 0, "")
    sure = 1 if claim.confidence is Confidence.LIKELY else 0
    return (sure, sum(f.weight for f in covered), -claim.rank, claim.cause)


def _covered(claims: list[Claim]) -> Atoms:
    return frozenset().union(*(c.atoms for c in claims)) if claims else frozenset()


def _distinct(claims: list[Claim]) -> list[Claim]:
    """Return one claim for each cause and resource, with all that it accounts for."""
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
    """Return a claim in the form of the report."""
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
