"""Writes hang while reads answer: the database holds a lock or accepts no writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from canary.diagnose.core.case import Case
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import Finding, top_evidence
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.dependencies.named_in_logs import resource_of
from canary.diagnose.ecs import revisions
from canary.model import Evidence, Remedy, Role, Status

# MLflow's REST API changes rows by POST, PATCH and DELETE, except for searches (MLflow
# documentation, "REST API"); artifacts do not use the database
_WRITES = frozenset({"POST", "PATCH", "DELETE"})
_API = re.compile(
    r"/mlflow/(?:experiments|runs|registered-models|model-versions)/(?P<call>[\w-]+)$"
)
_LATE = frozenset({Symptom.NO_ANSWER, Symptom.UPSTREAM_SLOW, Symptom.SLOW, Symptom.BALANCER_504})
_DECISION = (
    "See which session of the database holds a lock or why it takes no writes (a full disk, a"
    " read-only replica): ending that session is the database owner's decision."
)


def stuck_writes(case: Case) -> Iterator[Finding]:
    """Report a database that answers reads while writes hang."""
    mlflow = case.used(Role.MLFLOW)
    database = case.used(Role.DATABASE, mlflow)
    if not database or database not in case.closure(mlflow):
        return
    late = frozenset(f for f in case.failures if f.symptom in _LATE)
    writes = frozenset(f for f in late if _is_write(f.method, f.path))
    if not writes or any(_is_read(f) for f in late):
        return
    reads = _answered_reads(case)
    if not reads:
        return
    yield Finding(
        cause="database-unreachable",
        service=database,
        resource=resource_of(case, database),
        summary="The database answers reads, and writes hang: it holds a lock or takes no writes.",
        evidence=(*top_evidence(writes), reads[0]),
        remedy=Remedy(
            summary="Find what keeps the database from writing.",
            inspect=revisions.log_tail(case, mlflow),
            decision=_DECISION,
        ),
        shown_failures=0,
        explained_failures=writes
        | frozenset(f for f in late if f.entry_service in {w.entry_service for w in writes}),
    )


def _is_write(method: str, path: str) -> bool:
    found = _API.search(path)
    return method in _WRITES and found is not None and found["call"] != "search"


def _is_read(failure: Failure) -> bool:
    found = _API.search(failure.path)
    return found is not None and not _is_write(failure.method, failure.path)


def _answered_reads(case: Case) -> list[Evidence]:
    """Return the reads of the same tables that were answered in this run, as evidence."""
    return [
        Evidence(resource=f"{e.method} {e.url}", seen=f"{e.status} in {e.timing.total_ms:.0f} ms")
        for step, e in case.exchanges
        if step.status is Status.PASS
        and e.status == 200
        and _API.search(urlsplit(e.url).path)
        and not _is_write(e.method, urlsplit(e.url).path)
    ]
