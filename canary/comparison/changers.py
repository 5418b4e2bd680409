"""Find in CloudTrail's write calls who changed what a diagnosis names, before it failed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from canary.control_plane.named_objects import Changed, named
from canary.control_plane.state import PlatformState
from canary.control_plane.write_calls import Audit, WriteCall
from canary.model import (
    ChangedBy,
    CheckHistory,
    Diagnosis,
    Evidence,
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
LATE = dt.timedelta(minutes=15)
"""So late AWS may deliver an event."""
BEFORE_KNOWN = dt.timedelta(hours=1)
"""How long before the first failing run a change may be, where the last good run's time is gone."""
BEFORE = dt.timedelta(hours=24)
_BAD = (Status.FAIL, Status.ERROR)
SAME, RELATIVE, USED, NAMED = range(4)
"""How near a call is: on the object, on a child or parent, it uses it, on what evidence names."""
_GLOBAL = ("role",)
"""Kinds of objects whose calls the event history of us-east-1 alone has."""
_NOTHING = ("Delete", "Deregister", "Revoke", "Remove", "Detach")


class Suspect(Frozen, frozen=True, kw_only=True):
    """A diagnosis with the objects that it names and the time in which they changed."""

    diagnosis: Diagnosis
    own: Changed
    others: tuple[Changed, ...]  # that its evidence names
    since: dt.datetime
    failed: dt.datetime  # when the first run began that failed
    until: dt.datetime

    @property
    def wanted(self) -> tuple[Changed, ...]:
        """Return everything that may have been changed, the diagnosis' own object first."""
        return (self.own, *self.others)


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
                others=tuple(sorted(others, key=lambda o: (o.kind, sorted(o.names)))),
                since=since,
                failed=failed,
                until=until,
            )
        )
    return tuple(found)


def _time(
    explains: Iterable[str],
    history: Mapping[str, CheckHistory],
    previous: Report | None,
    started: dt.datetime,
) -> tuple[dt.datetime, dt.datetime, dt.datetime]:
    """Return the last good moment, the first failing run, and the last one that began to fail."""
    now = [h for c in explains if (h := history.get(c)) and h.last_status in _BAD]
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
    if good and failed >= started.replace(microsecond=0):  # history keeps whole seconds
        since = min(good)
    else:
        since = failed - (BEFORE_KNOWN if any("P" in h.outcomes for h in now) else BEFORE)
    return since, failed, began[-1] + DURING


def asked(suspected: Iterable[Suspect]) -> Asked:
    """Return what to look up: all that the suspects name, from the first time to the last."""
    every = tuple(suspected)
    return Asked(
        wanted=(*(s.own for s in every), *(o for s in every for o in s.others)),
        since=min(s.since for s in every),
        until=max(s.until for s in every),
    )


def completed(
    explanation: Explanation, suspected: Iterable[Suspect], audit: Audit, now: dt.datetime
) -> Explanation:
    """Return the explanation with who changed what it names as the first line of evidence."""
    by = {id(s.diagnosis): s for s in suspected}
    diagnoses = tuple(
        _completed(d, by[id(d)], audit, now) if id(d) in by else d for d in explanation.diagnoses
    )
    return msgspec.structs.replace(explanation, diagnoses=diagnoses)


def _completed(diagnosis: Diagnosis, suspect: Suspect, audit: Audit, now: dt.datetime) -> Diagnosis:
    found = changers(suspect, audit.calls)
    if not found:
        told = any(_happened(suspect, c) and _rank(suspect, c) is not None for c in audit.calls)
        return _unchanged(diagnosis, suspect, now) if audit.whole and not told else diagnosis
    rows = [
        Evidence(resource=_object(diagnosis, suspect, call), seen=sentence(call), at=call.at)
        for call in found
    ]
    return msgspec.structs.replace(
        diagnosis,
        evidence=(*rows, *diagnosis.evidence),
        changed_by=ChangedBy(who=found[0].who, call=found[0].name, at=found[0].at),
    )


def _object(diagnosis: Diagnosis, suspect: Suspect, call: WriteCall) -> str:
    """Return the resource of a line: what the evidence names, if the call is about that."""
    if _rank(suspect, call) != NAMED:
        return diagnosis.resource
    told = ((e.resource, named(e.resource)) for e in diagnosis.evidence)
    fitting = [r for r, o in told if o is not None and any(c.same(o) for c in call.changed)]
    return next(iter(fitting), diagnosis.resource)


def changers(suspect: Suspect, calls: Iterable[WriteCall]) -> tuple[WriteCall, ...]:
    """Return the call that most likely made the failure, and one of what the evidence names.

    A call fits that succeeded in the time and changed the object, its child, its parent, or what
    the evidence names: the role or the secret of a service. A listener's or a rule's call fits
    that makes it use the object. Calls before the first failing run go before later ones, the
    object itself before its relatives. Where AWS replaces tasks, nobody changed anything.
    """
    fitting = []
    for call in calls:
        at = parse_time(call.at)
        rank = _rank(suspect, call)
        if rank is None or not _happened(suspect, call) or at is None or call.is_routine:
            continue
        fitting.append((at > suspect.failed + DURING, rank, -at.timestamp(), call))
    if not suspect.own.kind and _ambiguous([row[3] for row in fitting if row[1] == SAME]):
        return ()  # several objects have this name: nobody knows which one is meant
    ordered = sorted(fitting, key=lambda row: row[:3])
    own = [row[3] for row in ordered if row[1] < NAMED][:1]
    return (*own, *[row[3] for row in ordered if row[1] == NAMED][:1])


def _happened(suspect: Suspect, call: WriteCall) -> bool:
    at = parse_time(call.at)
    return not call.error and at is not None and suspect.since <= at <= suspect.until


def _ambiguous(calls: Sequence[WriteCall]) -> bool:
    """Return whether calls of one name are of several services or of several objects of a kind."""
    objects = {o for c in calls for o in c.changed}
    return len({c.source for c in calls}) > 1 or len(objects) > len({o.kind for o in objects})


def _rank(suspect: Suspect, call: WriteCall) -> int | None:
    """Return how near a call is to what a diagnosis names; None for one of something else."""
    own = suspect.own
    if any(changed.same(own) for changed in call.changed):
        return SAME
    for changed in call.changed:
        if changed.parent and changed.parent.same(own):
            return RELATIVE
        if own.parent and changed.same(own.parent) and call.name.startswith(_NOTHING):
            return RELATIVE
    if any(used.same(own) for used in call.uses):
        return USED
    named_too = any(changed.same(other) for changed in call.changed for other in suspect.others)
    return NAMED if named_too else None


def _unchanged(diagnosis: Diagnosis, suspect: Suspect, now: dt.datetime) -> Diagnosis:
    """Return the diagnosis with the last line that CloudTrail has no event, and whether yet."""
    if not suspect.own.kind or suspect.own.kind in _GLOBAL:
        return diagnosis
    late = now - suspect.failed < LATE
    begin = suspect.since.isoformat(sep=" ", timespec="minutes")[:16]
    seen = (
        "no event yet of a change; events may be 15 minutes late"
        if late
        else f"no event of a change between {begin} UTC and the first failure"
    )
    row = Evidence(resource="CloudTrail", seen=seen)
    return msgspec.structs.replace(diagnosis, evidence=(*diagnosis.evidence, row))


def sentence(call: WriteCall) -> str:
    """Return a call as one sentence: what, by whom, from where, with which tool, when."""
    person = call.caller.startswith("arn:") and call.origin == "somebody"
    parts = [f"{call.name} by {call.caller if person else call.who}"]
    if call.address and not call.address.endswith(".amazonaws.com"):
        parts.append(f"from {call.address}")
    if call.tool and not call.tool.endswith(".amazonaws.com"):
        parts.append(f"with {call.tool}")
    if call.through:
        parts.append(f"through {call.through}")
    at = parse_time(call.at)
    return " ".join([*parts, f"at {at:%Y-%m-%d %H:%M:%S} UTC" if at else ""]).strip()
