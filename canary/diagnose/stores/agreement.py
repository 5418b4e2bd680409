"""What agrees with the words of a store, and cannot be written by visitors of the platform.

Lines of logs and answers may repeat what somebody sent: alone they make a cause POSSIBLE. It is
LIKELY where something else points to the same store. A second service with the same words does not:
one visitor can send them to both.
"""

from __future__ import annotations

from canary.control_plane.ecs import exited
from canary.control_plane.stores import Store
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.statements import is_statement
from canary.diagnose.core.symptoms import BALANCER_5XX, Symptom
from canary.diagnose.stores import refusals

_ENDED_S = 1800.0
_RISE = 2.0  # times as many connections as an hour ago
_NEAR_MOST = 0.95
_FULL_PERCENT = 98.0
_LEAST_FREE = 0.01  # of the allocated storage
_WAITED = frozenset(
    {*BALANCER_5XX, Symptom.NO_ANSWER, Symptom.RESET, Symptom.UPSTREAM_SLOW, Symptom.SLOW}
)
_WELL = frozenset({"available", "backing-up", "modifying", "snapshotting", ""})
"""Statuses in which RDS and ElastiCache say that a store serves (API reference of both)."""


def agrees(case: Case, cause: str, store: str, reporting: list[str], failures: Failures) -> bool:
    """Return whether something beside the words of logs and answers points to the store."""
    return (
        any(store in f.blamed and is_statement(f) for f in failures)
        or any(f.symptom in _WAITED for f in failures)
        or any(not serves(part) or counted(part, cause) for part in parts(case, store))
        or any(_ended(case, name) for name in reporting)
    )


def parts(case: Case, store: str) -> tuple[Store, ...]:
    """Return what AWS shows of a store of the environment file."""
    return tuple(s for s in case.state.stores if s.service == store)


def serves(part: Store) -> bool:
    """Return whether a part's status is one in which it serves."""
    return part.status in _WELL or part.status.startswith(("configuring-", "storage-optim"))


def _ended(case: Case, name: str) -> bool:
    """Return whether a task of a service ended by itself lately, or too few of them run."""
    service = case.ecs(name)
    if service is None:
        return False
    lately = (t for t in service.tasks if case.age(t.stopped_at) < _ENDED_S)
    return service.running < service.desired or any(exited(t) for t in lately)


def counted(part: Store, cause: str) -> bool:
    """Return whether CloudWatch's counts of a store fit a cause."""
    if cause == refusals.FULL:
        return nearly_full(part)
    if cause == refusals.CONNECTIONS and part.connections is not None:
        now = part.connections
        return now.latest >= _RISE * max(now.least, 1.0) and now.latest >= _NEAR_MOST * now.most
    if cause == refusals.CACHE_FULL and part.memory_percent is not None:
        return part.memory_percent.latest >= _FULL_PERCENT
    return False


def nearly_full(part: Store) -> bool:
    """Return whether hardly any of a database's storage is free."""
    if part.free_bytes is None or not part.storage_gib:
        return False
    return part.free_bytes.latest <= _LEAST_FREE * part.storage_gib * 1024**3
