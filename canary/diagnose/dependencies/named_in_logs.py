"""Dependencies: database, cache, artifact store, breaker; told by words in logs and bodies."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from canary.control_plane.ecs import primary
from canary.diagnose.core.case import CACHE, DATABASE, MLFLOW, Case, Failures
from canary.diagnose.core.finding import DEPENDS, Finding, top_evidence
from canary.diagnose.core.symptoms import CONTROL, Symptom
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.secret_remedies import value_back
from canary.model import Confidence, Evidence, Remedy

_RECENT_S = 600.0
# (cause, the dependency, words)
_WORDS: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (cause, other, re.compile(words, re.IGNORECASE))
    for cause, other, words in (
        (
            "database-auth-failed",
            DATABASE,
            r"password authentication failed|no pg_hba|database \S+ does not exist",
        ),
        (
            "database-schema-missing",
            DATABASE,
            r"undefinedtable|no such table|relation .{1,60} does",
        ),
        (
            "database-unreachable",
            DATABASE,
            r"(database|postgres|5432|psycopg|pg8000|sqlalchemy|\bdb\b).{0,120}(refused|timed? ?out"
            r"|unreachable|could not connect|can't|network error|locked|closed)"
            r"|(refused|timed? ?out|unreachable|could not connect|locked).{0,120}(database|postgres"
            r"|5432)|database is locked|could not translate host name",
        ),
        (
            "cache-unreachable",
            CACHE,
            r"redis.{0,160}(refused|timed? ?out|timeout|unreachable|wrongpass|noauth|invalid"
            r"|connection|error)|(refused|timed? ?out|wrongpass|noauth|invalid).{0,120}(redis|6379)"
            r"|WRONGPASS|NOAUTH",
        ),
    )
)
_SENTENCES = {
    "database-auth-failed": "The database refuses the login of {who}.",
    "database-schema-missing": "The database lacks a table that {who} needs.",
    "database-unreachable": "The database cannot be reached from {who}, or does not answer.",
    "cache-unreachable": "{who} cannot use the cache.",
}
_DECISIONS = {
    "database-schema-missing": "Run the migrations of the service against its database.",
    "database-unreachable": "See whether the database runs, accepts connections and holds no lock:"
    " its restart is the database owner's decision.",
    "cache-unreachable": "See whether the cache runs and whether endpoint and token fit:"
    " its restart is its owner's decision.",
}


def by_words(case: Case) -> Iterator[Finding]:
    """Claim a broken dependency that logs and answers name, link by link."""
    for cause, other, words in _WORDS:
        failures: Failures = frozenset()
        lines: list[Evidence] = []
        reporting_services: list[str] = []
        for name in case.services:
            if other not in case.closure(name) or name == other:
                continue
            mine = case.failures_of_outage(other, via=name)
            said = _said(case, name, words, mine)
            if mine and said:
                failures |= mine
                lines.append(said)
                reporting_services.append(name)
        if failures:
            yield _finding(case, cause, other, reporting_services, tuple(lines), failures)


def _said(case: Case, name: str, words: re.Pattern[str], failures: Failures) -> Evidence | None:
    """Return the log line or the answer of a service that names the trouble."""
    since = _since(case, name)
    for line in reversed(case.state.logs.get(name, ())):
        if line.at >= since and case.age(line.at) < _RECENT_S and words.search(line.message):
            return Evidence(resource=f"log of {name}", seen=line.message[:300], at=line.at)
    for failure in sorted(failures, key=lambda f: (f.check_id, f.step)):
        if failure.entry_service == name and words.search(failure.body):
            return failure.evidence()
    return None


def _since(case: Case, name: str) -> str:
    """Return when the present deployment began: older lines are of other tasks."""
    newest = primary(case.ecs(name))
    return newest.created_at if newest else ""


def _finding(
    case: Case,
    cause: str,
    other: str,
    reporting_services: list[str],
    lines: tuple[Evidence, ...],
    failures: Failures,
) -> Finding:
    return Finding(
        cause=cause,
        service=other,
        resource=resource_of(case, other),
        confidence=Confidence.LIKELY,
        summary=_SENTENCES[cause].format(who=" and ".join(reporting_services)),
        evidence=(*lines, *top_evidence(failures)),
        remedy=_remedy(case, cause, reporting_services),
        explained_failures=failures,
        rank=DEPENDS + 2,
    )


def resource_of(case: Case, other: str) -> str:
    """Return the name by which an engineer finds a dependency that ECS does not know."""
    part = case.services.get(other)
    return (part.security_group or part.discovery or other) if part else other


def _remedy(case: Case, cause: str, reporting_services: list[str]) -> Remedy:
    words = ("redis", "cache") if cause.startswith("cache") else ("password", "database", "db")
    first = next((t for t in reporting_services if case.ecs(t)), "")
    service = case.ecs(first) if first else None
    # a database that one service alone does not reach: its own address of it may be wrong
    alone = cause == "database-unreachable" and len(reporting_services) == 1
    if service is not None and (alone or cause in ("database-auth-failed", "cache-unreachable")):
        back = value_back(case, first, service, words)
        others = [
            o for t in reporting_services[1:] if (o := case.ecs(t))
        ]  # they hold the same value
        if back.fix:
            again = tuple(revisions.deploy(case, o) for o in others)
            return msgspec.structs.replace(back, fix=(*back.fix, *again))
    return Remedy(
        summary=_DECISIONS.get(cause, "Compare the login in the secret with the database's."),
        inspect=tuple(c for t in reporting_services for c in revisions.log_tail(case, t)),
        decision=_DECISIONS.get(cause, "The owner of the database must set the login right."),
    )


def named_in_health(case: Case) -> Iterator[Finding]:
    """Claim a dependency that health documents call broken, where nothing else tells why."""
    for cause, other in (("cache-unreachable", CACHE), ("database-unreachable", DATABASE)):
        failures = frozenset(
            f
            for f in case.failures
            if f.symptom is Symptom.NOT_READY and f.implicated == case.closure(other)
        )
        slow = frozenset(f for f in case.having(Symptom.NO_ANSWER, Symptom.SLOW) if f.principal)
        if failures:
            reporting_services = sorted({f.entry_service for f in failures})
            finding = _finding(
                case,
                cause,
                other,
                reporting_services,
                (),
                failures | (slow if other == CACHE else frozenset()),
            )
            yield finding


def breaker(case: Case) -> Iterator[Finding]:
    """Claim a circuit breaker that stays open although what it guards is well."""
    failures = case.having(Symptom.BREAKER_OPEN)
    if not failures:
        return
    entry = min(f.entry_service for f in failures)
    service = case.ecs(entry)
    yield Finding(
        cause="circuit-breaker-open",
        service=entry,
        resource=case.services[entry].ecs_service or entry,
        confidence=Confidence.LIKELY,
        summary=f"The circuit breaker of {entry} towards MLflow is open.",
        evidence=top_evidence(failures),
        remedy=Remedy(
            summary="A breaker closes by itself once MLflow answers; a new task starts closed.",
            inspect=revisions.inspect(case, entry),
            fix=(revisions.deploy(case, service),) if service else (),
            verify=revisions.verify(case, service) if service else (),
        ),
        explained_failures=failures,
        rank=DEPENDS + 6,
    )


def artifacts(case: Case) -> Iterator[Finding]:
    """Claim the artifact store when artifacts fail and the rest of MLflow answers."""
    failures = frozenset(
        f
        for f in case.failures
        if f.symptom not in CONTROL
        and ("/mlflow-artifacts/" in f.path or f.symptom is Symptom.ARTIFACTS)
        and f.symptom not in (Symptom.AUTH_UNAVAILABLE, Symptom.KEY_REFUSED)
    )
    others = {f for f in case.failures if "/mlflow/" in f.path and f not in failures}
    if not failures or any(f.symptom in (Symptom.UPSTREAM_UNREACHABLE,) for f in others):
        return
    known = MLFLOW in case.services
    back = revisions.rollback(case, MLFLOW, unread=True) if known else Remedy(summary="")
    definition = case.ecs(MLFLOW) if MLFLOW in case.services else None
    yield Finding(
        cause="artifact-store-failing",
        service=MLFLOW,
        resource=_store(case) or (definition.task_definition if definition else MLFLOW),
        confidence=Confidence.LIKELY,
        summary="Artifacts cannot be stored or read, while MLflow's other calls answer.",
        evidence=(
            *top_evidence(failures),
            *(c.evidence() if (c := revisions.rollout(case, MLFLOW)) else ()),
        ),
        remedy=Remedy(
            summary=back.summary or "See MLflow's artifact setting and the bucket's policy.",
            inspect=(*_bucket(case), *revisions.inspect(case, MLFLOW)),
            fix=back.fix,
            verify=back.verify,
            decision=""
            if back.fix
            else "Whoever owns the bucket must allow MLflow's task role to"
            " write there; see its policy and lifecycle.",
        ),
        explained_failures=failures,
        rank=DEPENDS + 4,
    )


def _store(case: Case) -> str:
    service = case.ecs(MLFLOW)
    definition = case.definition(service.task_definition) if service else None
    for container in definition.containers if definition else ():
        for value in container.plain.values():
            if value.startswith("s3://"):
                return value
    return ""


def _bucket(case: Case) -> tuple[str, ...]:
    store = _store(case)
    if not store:
        return ()
    return (
        case.aws("s3api", "get-bucket-policy", bucket=store.removeprefix("s3://").split("/")[0]),
    )
