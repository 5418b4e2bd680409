"""A broken database or cache, named in logs, answers or health documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from canary.control_plane.ecs import primary
from canary.diagnose.core.blame import port_words
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.follows import SHOWN_BY_THE_DATABASE
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.secret_remedies import value_back
from canary.diagnose.stores import agreement, refusals, remedies
from canary.model import Evidence, Remedy, Role

_RECENT_S = 600.0
_SENTENCES = {
    "database-auth-failed": "The database refuses the login of {services}.",
    "database-schema-missing": "The database lacks a table that {services} needs.",
    "database-unreachable": "The database cannot be reached from {services}, or does not answer.",
    "cache-unreachable": "{services} cannot use the cache.",
    refusals.FULL: "The database refuses {services}: its storage is full.",
    refusals.CONNECTIONS: "The database refuses {services}: all its connections are taken.",
    refusals.READ_ONLY: "The database takes no writes from {services}.",
    refusals.FAILING_OVER: "The database refuses {services}: it is starting, stopping or"
    " recovering.",
    refusals.LOCKED: "Sessions of the database wait for each other, as {services} reports.",
    refusals.CACHE_FULL: "The cache refuses {services}: its memory or disk is full.",
    refusals.CACHE_MOVES: "The cache refuses {services}: it is loading, failing over, or was asked"
    " at a replica.",
}
_DECISIONS = remedies.DECISIONS | {
    "database-schema-missing": "Run the migrations of the service against its database.",
    "database-unreachable": "See whether the database runs, accepts connections and holds no lock:"
    " its restart is the database owner's decision.",
    "cache-unreachable": "See whether the cache runs and whether endpoint and token fit:"
    " its restart is its owner's decision.",
}


def by_words(case: Case) -> Iterator[Finding]:
    """Report a broken dependency if logs or answers of its dependants name it."""
    for role in (Role.DATABASE, Role.CACHE):
        port = port_words(case.environment, role)
        causes = dict.fromkeys(row.cause for row in refusals.REFUSALS if row.role is role)
        seen: dict[str, str] = {}
        for other in case.environment.of_role(role):
            for cause in causes:
                words = _Words(role=role, cause=cause, port=port, seen=seen)
                yield from _named(case, cause, other, words)


class _Words(NamedTuple):
    """The refusals of a role's stores that point to one cause."""

    role: Role
    cause: str
    port: str
    seen: dict[str, str]  # text -> the cause that it points to, "" for none, as far as known

    def are_in(self, text: str) -> bool:
        if text not in self.seen:
            found = refusals.of(self.role, text, self.port)
            self.seen[text] = found.cause if found else ""
        return self.seen[text] == self.cause


def _named(case: Case, cause: str, other: str, words: _Words) -> Iterator[Finding]:
    failures: Failures = frozenset()
    lines: list[Evidence] = []
    reporting_services: list[str] = []
    for name in case.services:
        if other not in case.closure(name) or name == other:
            continue
        own_failures = case.failures_of_outage(other, via=name)
        line = _naming_line(case, name, words, own_failures)
        if own_failures and line:
            failures |= own_failures
            lines.append(line)
            reporting_services.append(name)
    if failures:
        yield _finding(case, cause, other, reporting_services, tuple(lines), failures)


def _naming_line(case: Case, name: str, words: _Words, failures: Failures) -> Evidence | None:
    """Return a service's log line or answer that contains the words, None if there is none."""
    since = _since(case, name)
    for line in reversed(case.log_lines(name)):
        if line.at >= since and case.age(line.at) < _RECENT_S and words.are_in(line.message):
            return Evidence(resource=f"log of {name}", seen=line.message[:300], at=line.at)
    for failure in sorted(failures, key=lambda f: f.position):
        if failure.entry_service == name and words.are_in(failure.body):
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
    # what the database says of a login or of a table is no guess
    told = cause in SHOWN_BY_THE_DATABASE
    alone = "" if told else reported_by_one(case, other, reporting_services)
    remedy, parts = _remedy(case, cause, other, reporting_services), agreement.parts(case, other)
    # a secret that changed lately, for which the remedy has the way back, agrees as well
    agrees = remedy.fix or agreement.agrees(case, cause, other, reporting_services, failures)
    return Finding(
        cause=cause,
        service=other,
        resource=resource_of(case, other),
        only_words=not agrees,
        one_of_two=bool(alone),
        summary=_SENTENCES[cause].format(services=" and ".join(reporting_services)),
        evidence=(*lines, *(e for part in parts for e in remedies.counts(case, part))),
        remedy=_or_its_settings(remedy, other, alone),
        explained_failures=failures,
    )


def reported_by_one(case: Case, other: str, reporting_services: list[str]) -> str:
    """Return the only service that reports a store, if its own settings were not read, else "".

    Then these may be wrong as well as the store, which nobody can ask directly.
    """
    store = case.services.get(other)
    is_store = store is not None and not store.url and not store.ecs_service
    unread = [n for n in reporting_services if case.definition_of(n) is None]
    return unread[0] if is_store and len(reporting_services) == len(unread) == 1 else ""


def _or_its_settings(remedy: Remedy, other: str, alone: str) -> Remedy:
    if not alone:
        return remedy
    more = f" No other service reports the {other}: {alone} may ask it at a wrong address or with"
    return msgspec.structs.replace(
        remedy, decision=f"{remedy.decision}{more} a wrong password, so compare its settings."
    )


def resource_of(case: Case, other: str) -> str:
    """Return the AWS name of a dependency that is no ECS service: its group or internal name."""
    part = case.services.get(other)
    return (part.security_group or part.discovery or other) if part else other


def _remedy(case: Case, cause: str, other: str, reporting_services: list[str]) -> Remedy:
    words = ("redis", "cache") if cause.startswith("cache") else ("password", "database", "db")
    first = next((t for t in reporting_services if case.ecs(t)), "")
    # if one service alone does not reach the database, its own address of it may be wrong
    alone = cause == "database-unreachable" and len(reporting_services) == 1
    if first and (alone or cause in ("database-auth-failed", "cache-unreachable")):
        others = [n for n in reporting_services if n != first]  # they use the same value
        back = value_back(case, first, words, also=others)
        if back.fix:
            return back
    return Remedy(
        summary=_DECISIONS.get(cause, "Compare the login in the secret with the database's."),
        inspect=(
            *(c for t in reporting_services for c in revisions.log_tail(case, t)),
            *(remedies.describe(case, p) for p in agreement.parts(case, other) if not p.parent),
        ),
        decision=_DECISIONS.get(cause, "The owner of the database must set the login right."),
    )


def named_in_health(case: Case) -> Iterator[Finding]:
    """Report a dependency that health documents call broken, without a line that says why."""
    for cause, role in (
        ("cache-unreachable", Role.CACHE),
        ("database-unreachable", Role.DATABASE),
    ):
        for other in case.environment.of_role(role):
            failures = frozenset(f for f in case.having(Symptom.NOT_READY) if f.blamed == {other})
            if failures:
                reporting_services = sorted({f.entry_service for f in failures})
                more = _beside(case, other, reporting_services)
                yield _finding(case, cause, other, reporting_services, (), failures | more)


def _beside(case: Case, other: str, reporting_services: list[str]) -> Failures:
    """Return what follows from a broken store: no service goes without its database."""
    if case.environment.role_of(other) is Role.DATABASE:
        each = (case.failures_of_outage(other, via=name) for name in reporting_services)
        return frozenset().union(*each)
    return frozenset(f for f in case.having(Symptom.NO_ANSWER, Symptom.SLOW) if f.principal)
