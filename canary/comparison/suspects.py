"""What a diagnosis names, and the time in which it was changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from canary.control_plane.named_objects import Changed, named, object_of
from canary.control_plane.state import PlatformState, TaskDefinition
from canary.model import (
    CheckHistory,
    Diagnosis,
    Explanation,
    Frozen,
    Report,
    Status,
    parse_time,
)
from canary.observe.write_calls import Asked

ASKED = 3
"""Diagnoses, the most important first, whose objects are looked up."""
DURING = dt.timedelta(seconds=90)
"""A change that a run saw was made before that run ended; history knows when it began."""
BEFORE_KNOWN = dt.timedelta(hours=1)
"""How long before the first failing run a change may be, where the last good run's time is gone."""
BEFORE = dt.timedelta(hours=24)
OF_ROLES = ("execution-role-denied",)
OF_SECRETS = ("secret-unavailable",)
OF_STORES = ("artifact-store-failing",)
"""Causes in which a deployment brings to light that what the tasks need was changed before."""


class Suspect(Frozen, frozen=True, kw_only=True):
    """A diagnosis with the objects that it names and the time in which they changed."""

    diagnosis: Diagnosis
    own: Changed
    others: tuple[Changed, ...]  # that its evidence names
    references: dict[str, Changed] = msgspec.field(default_factory=dict)
    """What the tasks need of others, as their definition names it, where its lack is the cause."""
    since: dt.datetime
    failed: dt.datetime  # when the first run began that failed
    until: dt.datetime


def suspects(
    explanation: Explanation,
    history: Mapping[str, CheckHistory],
    previous: Report | None,
    state: PlatformState,
    started: dt.datetime,
) -> tuple[Suspect, ...]:
    """Return the most important diagnoses that name an object, with the time to look at."""
    registries = {d.name: d.arn or d.id for d in state.discovery}
    found = []
    broken = [d for d in explanation.diagnoses if d.explains]
    for diagnosis in broken[:ASKED]:
        own = named(registries.get(diagnosis.resource, diagnosis.resource))
        if own is None:
            continue
        others = {
            other
            for e in diagnosis.evidence
            for other in (named(registries.get(e.resource, e.resource)),)
            if other is not None and other.kind and not other.same(own)
        }
        since, failed, until = _time(diagnosis.explains, history, previous, started)
        found.append(
            Suspect(
                diagnosis=diagnosis,
                own=own,
                references=_references(diagnosis, own, state),
                others=tuple(sorted(others, key=lambda o: (o.kind, sorted(o.names)))),
                since=since,
                failed=failed,
                until=until,
            )
        )
    return tuple(found)


def _references(diagnosis: Diagnosis, own: Changed, state: PlatformState) -> dict[str, Changed]:
    """Return what the diagnosed tasks need of others: their role, secrets, parameters, a bucket.

    Their access to a bucket is a matter of their own role's policy and of the bucket's.
    """
    running = {
        s.task_definition
        for s in state.ecs_services
        for service in (named(s.arn),)
        if service is not None and service.same(own)
    }
    definitions = [
        d
        for d in state.task_definitions
        for definition in (named(d.arn),)
        if d.arn in running or (definition is not None and definition.same(own))
    ]
    if diagnosis.cause in OF_STORES:
        return _of_store(definitions or _writers(own, state))
    if diagnosis.cause in OF_ROLES:
        texts = {d.execution_role for d in definitions}
        return {t: object_of("role", t) for t in sorted(filter(None, texts))}
    if diagnosis.cause not in OF_SECRETS:
        return {}
    values = {v for d in definitions for c in d.containers for v in c.secrets.values()}
    arns = {v: named(v) if v.startswith("arn:") else object_of("parameter", v) for v in values}
    return {v: found for v, found in sorted(arns.items()) if found is not None}


def _of_store(definitions: Iterable[TaskDefinition]) -> dict[str, Changed]:
    roles = {d.task_role: object_of("role", d.task_role) for d in definitions if d.task_role}
    return dict(sorted({**roles, **{t: b for d in definitions for t, b in _buckets(d)}}.items()))


def _writers(own: Changed, state: PlatformState) -> list[TaskDefinition]:
    """Return the revisions in use that name a bucket."""
    used = {s.task_definition for s in state.ecs_services}
    known = [d for d in state.task_definitions if d.arn in used]
    return [d for d in known if any(bucket.same(own) for _, bucket in _buckets(d))]


def _buckets(definition: TaskDefinition) -> Iterator[tuple[str, Changed]]:
    for value in (v for c in definition.containers for v in c.plain.values()):
        bucket = named(value)
        if bucket is not None and bucket.kind == "bucket":
            yield value, bucket


def _time(
    explains: Iterable[str],
    history: Mapping[str, CheckHistory],
    previous: Report | None,
    started: dt.datetime,
) -> tuple[dt.datetime, dt.datetime, dt.datetime]:
    """Return the last good moment, the first failing run, and the last one that began to fail."""
    now = [h for c in explains if (h := history.get(c)) and h.last_status.is_bad]
    began = sorted(t for h in now if (t := parse_time(h.since))) or [started]
    failed = began[0]
    before = previous.history if previous else {}
    good = [
        t
        for c in explains
        if (h := before.get(c))
        and h.last_status is Status.PASS
        and (t := parse_time(h.last_run_at))
    ]
    well = [t for h in now if (t := parse_time(h.baseline_at)) and t <= failed]
    if good and failed >= started.replace(microsecond=0):  # history keeps whole seconds
        since = min(good)
    elif well:
        since = max(min(well), failed - BEFORE)
    else:
        since = failed - (BEFORE_KNOWN if any("P" in h.outcomes for h in now) else BEFORE)
    return since, failed, began[-1] + DURING


def asked(suspected: Iterable[Suspect]) -> Asked:
    """Return what to look up: all that the suspects name, from the first time to the last."""
    every = tuple(suspected)
    return Asked(
        wanted=(
            *(s.own for s in every),
            *(r for s in every for r in s.references.values()),
            *(o for s in every for o in s.others),
        ),
        since=min(s.since for s in every),
        until=max(s.until for s in every),
    )
