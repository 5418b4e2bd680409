"""Choose the smallest set of findings that explains all failures, most important first."""

from __future__ import annotations

from dataclasses import replace

from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import SERVE, Finding
from canary.diagnose.core.follows import (
    CRASHES,
    ONLY_AS_A_WHOLE,
    SHARED,
    SHOWN_BY_THE_DATABASE,
    roots_of,
)
from canary.diagnose.core.symptoms import Symptom
from canary.model import Confidence, Diagnosis, Role

_STORES = (Role.DATABASE, Role.CACHE)
_DEPLOYMENT = frozenset({"deployment-stuck", "deployment-rolled-back"})


def choose(case: Case, findings: list[Finding]) -> tuple[list[Finding], Failures]:
    """Return the chosen findings and the failures that none of them explains."""
    real = [c for c in findings if c.explained_failures and not c.always_report]
    roots = [c for c in real if not _follows_any(case, c, real)]
    proven = [c for c in roots if _proven(c)]
    chosen = _distinct(proven)
    left = _unexplained(case, _explained(chosen))
    while left:  # a proven finding explains nothing that is left
        best = max(roots, key=lambda c: _worth(c, left), default=None)
        if best is None or not best.explained_failures & left:
            break
        chosen.append(best)
        left = _unexplained(case, _explained(chosen))
    chosen += [c for c in findings if c.always_report]
    left -= _explained([c for c in findings if c.always_report])
    return sorted(_split_failures(_distinct(chosen)), key=_importance), left


def _proven(finding: Finding) -> bool:
    """Return whether the control plane, or the database in its own words, shows the fault."""
    return finding.confidence is Confidence.CERTAIN or finding.cause in SHOWN_BY_THE_DATABASE


def _split_failures(findings: list[Finding]) -> list[Finding]:
    """Split failures between a failing deployment and a port mismatch of the running tasks.

    The running tasks do not answer on the balancer's port, and a deployment fails beside them.
    Its new tasks never served: only what ECS shows belongs to the deployment.
    """
    return [_without_port_mismatch(c, findings) if c.cause in _DEPLOYMENT else c for c in findings]


def _without_port_mismatch(deployment: Finding, findings: list[Finding]) -> Finding:
    """Remove the failures that a port mismatch of the running tasks explains."""
    failures = deployment.explained_failures
    mismatches = [
        c.explained_failures
        for c in findings
        if (c.cause, c.service) == ("port-mismatch", deployment.service)
        and c.confidence is Confidence.CERTAIN
    ]
    shared = failures.intersection(*mismatches) if mismatches else frozenset()
    if not shared:
        return deployment
    shown_by_ecs = {f for f in failures if f.symptom is Symptom.CONTROL_ECS}
    return replace(deployment, explained_failures=(failures - shared) | shown_by_ecs, rank=SERVE)


def _unexplained(case: Case, explained: Failures) -> Failures:
    """Return the failures that no finding explains yet.

    A step that had no time left follows from the check's other steps, which took that time.
    """
    checks = {f.check_id for f in explained}
    return frozenset(
        f
        for f in case.failures
        if f not in explained and not (f.out_of_time and f.check_id in checks)
    )


def _follows_any(case: Case, finding: Finding, all_findings: list[Finding]) -> bool:
    """Return whether a finding may be only a consequence of another one."""
    roots = roots_of(finding.cause)
    near = _near(case, finding)
    return any(
        other.explained_failures & finding.explained_failures
        and (
            _wider(case, finding, other)
            if other.cause == finding.cause
            else other.cause in roots
            and other.service in near
            and _reliable(other, finding)
            and (
                finding.cause not in ONLY_AS_A_WHOLE
                or finding.explained_failures <= other.explained_failures
            )
        )
        for other in all_findings
        if other is not finding
    )


def _wider(case: Case, finding: Finding, other: Finding) -> bool:
    """Return whether another service's finding of the same shared cause explains more failures.

    If two services do not reach the database, the fault lies at the database; if one service
    alone does not reach it, the fault lies at that service.
    """
    if finding.cause not in SHARED or finding.service == other.service:
        return False
    if finding.explained_failures == other.explained_failures:
        return case.environment.role_of(finding.service) in _STORES
    return finding.explained_failures < other.explained_failures


def _near(case: Case, finding: Finding) -> frozenset[str]:
    """Return the services on which the root cause of a finding may lie."""
    own = frozenset({finding.service})
    if finding.service not in case.services:
        return own
    if finding.cause == "targets-unhealthy":
        return case.closure(finding.service)
    if finding.cause in SHARED:  # seen at the dependency, caused by its dependant
        return case.dependants(finding.service)
    if finding.cause in CRASHES:  # a process does not start without them
        stores = {n for role in _STORES for n in case.environment.of_role(role)}
        return own | (case.closure(finding.service) & stores)
    return own


def _reliable(root: Finding, follower: Finding) -> bool:
    """Return whether the root is at least as certain as its consequence."""
    order = (Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE)
    return order.index(root.confidence) <= order.index(follower.confidence)


def _worth(finding: Finding, left: Failures) -> tuple[int, int, int, str]:
    """Return the sort key of a finding: likely, then heavy, then near to the root, then stable.

    What was so while all was well comes last of all.
    """
    gained = finding.explained_failures & left
    if not gained:
        return (-1, 0, 0, "")
    likely = 2 if finding.confidence is Confidence.LIKELY else 0 if finding.held else 1
    # a step that had no time left follows any cause of its check, so it speaks for none of them
    weight = sum(f.weight for f in gained if not f.out_of_time)
    return (likely, weight, -finding.rank, finding.cause)


def _explained(findings: list[Finding]) -> Failures:
    return Failures().union(*(c.explained_failures for c in findings))


def _distinct(findings: list[Finding]) -> list[Finding]:
    """Merge the findings that have the same cause and resource."""
    found: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        first = found.setdefault((finding.cause, finding.resource), finding)
        if first is not finding:
            merged = replace(
                first, explained_failures=first.explained_failures | finding.explained_failures
            )
            found[finding.cause, finding.resource] = merged
    return list(found.values())


def _importance(finding: Finding) -> tuple[bool, bool, int, bool, int, str, str]:
    possible = finding.confidence is Confidence.POSSIBLE or finding.only_words
    weight = sum(f.weight for f in finding.explained_failures)
    sure = finding.confidence is Confidence.CERTAIN
    stage = finding.rank // 10
    return (
        finding.always_report,
        possible,
        stage,
        not sure,
        -weight,
        finding.cause,
        finding.resource,
    )


def as_diagnosis(finding: Finding) -> Diagnosis:
    """Return a finding as the report shows it."""
    heavy = sorted(finding.explained_failures, key=lambda f: (-f.weight, f.check_id))
    return Diagnosis(
        cause=finding.cause,
        service=finding.service,
        resource=finding.resource,
        confidence=finding.told_confidence,
        summary=finding.summary,
        explains=tuple(dict.fromkeys(f.check_id for f in heavy)),
        evidence=finding.evidence,
        remedy=finding.remedy,
    )
