"""Find in CloudTrail's write calls who changed what a diagnosis names, before it failed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from canary.comparison.suspects import DURING, Suspect
from canary.control_plane.named_objects import named
from canary.control_plane.write_calls import Audit, WriteCall
from canary.model import ChangedBy, Diagnosis, Evidence, Explanation, parse_time

LATE = dt.timedelta(minutes=15)
"""So late AWS may deliver an event."""
REFERENCE, SAME, RELATIVE, USED, NAMED = range(5)
"""How near a call is: on what the cause is about, on the object, its child or parent, …"""
_GLOBAL = ("role",)
"""Kinds of objects whose calls the event history of us-east-1 alone has."""
_MADE = "Create"
_GONE_BY_NOW = frozenset(
    {
        *("rule-missing", "listener-missing", "service-missing"),
        *("dns-name-missing", "service-discovery-missing"),
    }
)
"""Causes by which an object is not there any more: nobody made it so by making one."""
_GONE = "Delete"
"""A call on a listener or load balancer that takes its parts away as well."""


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
    rank = _rank(suspect, call)
    if rank not in (REFERENCE, NAMED):
        return diagnosis.resource
    told = ((e.resource, named(e.resource)) for e in diagnosis.evidence)
    if rank == REFERENCE:
        told = ((r, o) for r, o in suspect.references.items())
    fitting = [r for r, o in told if o is not None and any(c.same(o) for c in call.changed)]
    return next(iter(fitting), diagnosis.resource)


def changers(suspect: Suspect, calls: Iterable[WriteCall]) -> tuple[WriteCall, ...]:
    """Return the call that most likely made the failure, and one of what the evidence names.

    A call fits that succeeded in the time and changed the object, its child, its parent, or what
    the evidence names: the role or the secret of a service. A listener's or a rule's call fits
    that makes it use the object. Calls before the first failing run go before later ones, the
    object itself before its relatives. If tasks cannot get what they start with, a change of that
    goes before the deployment that brought it to light. Where AWS replaces tasks, nobody changed
    anything.
    """
    fitting = []
    for call in calls:
        at = parse_time(call.at)
        rank = _rank(suspect, call)
        if rank is None or not _happened(suspect, call) or at is None or call.is_routine:
            continue
        if rank != REFERENCE and call.name.startswith(_MADE) and _is_missing(suspect):
            continue
        fitting.append((at > suspect.failed + DURING, rank, -at.timestamp(), call))
    if not suspect.own.kind and _ambiguous([row[3] for row in fitting if row[1] == SAME]):
        return ()  # several objects have this name: nobody knows which one is meant
    ordered = sorted(fitting, key=lambda row: row[:3])
    own = [row[3] for row in ordered if row[1] < NAMED][:1]
    return (*own, *[row[3] for row in ordered if row[1] == NAMED][:1])


def _is_missing(suspect: Suspect) -> bool:
    """Return whether a diagnosis says that an object is not there any more."""
    return suspect.diagnosis.cause in _GONE_BY_NOW


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
    if any(c.same(needed) for c in call.changed for needed in suspect.references.values()):
        return REFERENCE
    if any(changed.same(own) for changed in call.changed):
        return SAME
    for changed in call.changed:
        if changed.parent and changed.parent.same(own):
            return RELATIVE
        if own.parent and changed.same(own.parent) and call.name.startswith(_GONE):
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
