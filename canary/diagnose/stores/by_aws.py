"""A database or cache that AWS itself shows as stopped, full, failing over or restarting.

Statuses: Amazon RDS User Guide, "Viewing DB instance status" and "Viewing DB cluster status";
Amazon ElastiCache API reference, `ReplicationGroup` and `CacheCluster`. Events: RDS User Guide,
"Amazon RDS event categories and event messages"; ElastiCache User Guide, "Event notifications and
Amazon SNS".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from canary.control_plane.stores import Kind, Store, StoreEvent
from canary.diagnose.core.case import AHEAD_S, Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.stores import agreement, events, links, refusals, remedies
from canary.model import Confidence, Evidence, Role

FAILING = {
    # RDS, of an instance and of a cluster
    "storage-full": refusals.FULL,
    **dict.fromkeys(
        (
            *("stopped", "stopping", "starting", "deleting", "failed", "restore-error"),
            *("inaccessible-encryption-credentials", "incompatible-network"),
            *("inaccessible-encryption-credentials-recoverable", "incompatible-parameters"),
            *("incompatible-option-group", "incompatible-restore", "insufficient-capacity"),
        ),
        "database-stopped",
    ),
    **dict.fromkeys(("failing-over", "rebooting", "promoting"), refusals.FAILING_OVER),
}
CACHE_FAILING = {
    **dict.fromkeys(
        (
            *("deleting", "deleted", "create-failed", "creating"),
            *("incompatible-network", "restore-failed"),
        ),
        "cache-stopped",
    ),
    "rebooting cluster nodes": refusals.CACHE_MOVES,
}
MEANS = {
    refusals.FULL: "has no storage left",
    "database-stopped": "does not run",
    refusals.FAILING_OVER: "is failing over or restarting",
    "cache-stopped": "does not run",
    refusals.CACHE_MOVES: "is failing over or restarting",
}
LAST_S = 3600.0
"""Seconds for which a failover that no event ends may last: as long as events are read."""
JUST_S = 900.0
"""Seconds after which a failover or restart that has ended makes no failures any more."""
_HAS_ROOM = {refusals.CONNECTIONS, refusals.AUTH, refusals.SCHEMA}
"""Causes for which a database refuses that has room left."""


def shown(case: Case) -> Iterator[Finding]:
    """Report each store of which AWS shows a fault, by its status or by an event."""
    for name in case.services:
        failures = case.failures_of_outage(name)
        parts = agreement.parts(case, name)
        if failures and parts:
            yield from (
                _by_status(case, name, parts, failures)
                or _by_event(case, name, parts, failures)
                or _by_count(case, name, parts, failures)
            )


def _by_status(
    case: Case, name: str, parts: tuple[Store, ...], failures: Failures
) -> tuple[Finding, ...]:
    """Return what the status of a store says: CERTAIN if it is surely this store, newly so, felt.

    A member whose cluster was not read tells too little to be sure.
    """
    stated = _stated(parts)
    if stated is None:
        return ()
    cause = _cause(stated)
    seen = Evidence(
        resource=stated.id, seen=f"status {stated.status}", expected="available",
        at=case.state.read_at,
    )  # fmt: skip
    recent = events.about(stated, cause)
    felt = recent or _everybody_fails(case, name) or _named(name, failures)
    whole_read = any(p.whole == (p.kind, p.id) == stated.whole for p in parts)
    is_new = links.is_new(case, stated, cause, failures)
    certain = links.certain(case, stated)
    sure = felt and whole_read and is_new and certain
    confidence = Confidence.CERTAIN if sure else Confidence.LIKELY
    found = _finding(case, stated, confidence, (seen, *_lines(stated, recent)), failures)
    # another store may be meant, and this one may have been so for months
    return (replace(found, one_of_two=not certain and not is_new),)


def _stated(parts: tuple[Store, ...]) -> Store | None:
    """Return the store whose status is a fault: a whole, or all members of one.

    The other members of a cluster serve while one of them restarts.
    """
    wholes = (p for p in parts if not p.parent)
    if found := next((p for p in wholes if _cause(p)), None):
        return found
    return next(
        (
            own[0]
            for own in _members(parts)
            if len({_cause(p) for p in own} - {""}) == 1 and all(_cause(p) for p in own)
        ),
        None,
    )


def _members(parts: tuple[Store, ...]) -> list[list[Store]]:
    """Return the members of each cluster or group, also of one that was not read."""
    found: dict[tuple[Kind, str], list[Store]] = {}
    for part in parts:
        if part.parent:
            found.setdefault(part.whole, []).append(part)
    return list(found.values())


def _cause(part: Store) -> str:
    return (FAILING if part.is_database else CACHE_FAILING).get(part.status, "")


def _by_event(
    case: Case, name: str, parts: tuple[Store, ...], failures: Failures
) -> tuple[Finding, ...]:
    """Return what the events of the last hour say where the status is well again, or late.

    The events of a member count if all members of its cluster have such events.
    """
    for part, cause in _causes_of(parts):
        if cause == refusals.FULL and agreement.serves(part):
            continue  # its status would be `storage-full`: that was mended since
        recent = events.about(part, cause)
        # what was left out may be the end of what a kept event begins
        lasts = "events" not in part.bounded and events.lasts(part, recent)
        age = case.age(recent[-1].at)
        if not -AHEAD_S < age < (LAST_S if lasts else JUST_S):
            continue
        felt = _everybody_fails(case, name) or _named(name, failures)
        # a status in which it serves says that it is over
        is_open = lasts and not agreement.serves(part)
        sure = is_open and felt and not part.parent and links.certain(case, part)
        confidence = Confidence.CERTAIN if sure else Confidence.LIKELY
        return (_finding(case, part, confidence, _lines(part, recent), failures, cause),)
    return ()


def _causes_of(parts: tuple[Store, ...]) -> Iterator[tuple[Store, str]]:
    """Yield wholes, and members of which all say the same, with each cause that events tell."""
    for part in (p for p in parts if not p.parent):
        yield from ((part, cause) for cause in dict.fromkeys(events.causes(part)))
    for own in _members(parts):
        for cause in dict.fromkeys(events.causes(own[0])):
            if all(cause in events.causes(p) for p in own):
                yield own[0], cause


def _by_count(
    case: Case, name: str, parts: tuple[Store, ...], failures: Failures
) -> tuple[Finding, ...]:
    """Return a database with hardly any free storage, before RDS calls it full.

    CloudWatch's count is minutes old: where the database refuses for another reason, in its own
    words, its storage may be mended.
    """
    full = next((p for p in parts if agreement.nearly_full(p)), None)
    if full is None:
        return ()
    told = _told_of(case, name)
    if told & _HAS_ROOM and refusals.FULL not in told:
        return ()
    return (_finding(case, full, Confidence.LIKELY, (), failures, refusals.FULL),)


def _told_of(case: Case, name: str) -> set[str]:
    """Return for which causes a database refused its users lately, by their logs."""
    users = [n for n, s in case.services.items() if name in s.depends_on]
    lines = (x for n in users for x in case.log_lines(n) if case.age(x.at) < JUST_S)
    found = (refusals.of(Role.DATABASE, line.message) for line in lines)
    return {refusal.cause for refusal in found if refusal}


def _lines(part: Store, recent: tuple[StoreEvent, ...]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(resource=f"event of {part.id}", seen=event.message, at=event.at)
        for event in recent[-2:]
    )


def _named(name: str, failures: Failures) -> bool:
    """Return whether an answer blames the store."""
    return any(name in f.blamed for f in failures)


def _everybody_fails(case: Case, name: str) -> bool:
    """Return whether each service that asks the store itself fails."""
    users = [n for n, s in case.services.items() if name in s.depends_on]
    failing = {f.entry_service for f in case.failures_of_outage(name)}
    return bool(users) and set(users) <= failing


def _finding(
    case: Case,
    part: Store,
    confidence: Confidence,
    evidence: tuple[Evidence, ...],
    failures: Failures,
    cause: str = "",
) -> Finding:
    cause = cause or _cause(part)
    kind = "database" if part.is_database else "cache"
    return Finding(
        cause=cause,
        service=part.service,
        resource=part.arn or part.id,
        confidence=confidence,
        summary=f"The {kind} {part.id} {MEANS[cause]}: AWS shows it {_where(part, evidence)}.",
        evidence=(*evidence, *remedies.counts(case, part)),
        remedy=remedies.of(case, part, cause, failures),
        explained_failures=failures,
    )


def _where(part: Store, evidence: tuple[Evidence, ...]) -> str:
    if _cause(part):
        return f"as {part.status}"
    return "in its events" if evidence else "in its free storage"
