"""Keep with a change of the control plane who made it, where CloudTrail was asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from canary.comparison.drift import identified
from canary.comparison.suspects import BEFORE_KNOWN, DURING
from canary.control_plane.named_objects import Changed, named
from canary.control_plane.state import PlatformState
from canary.control_plane.write_calls import Audit, WriteCall
from canary.model import Drift, parse_time

_PARTS = ("Create", "Delete")
"""Calls on a listener or load balancer that make or remove a part of it."""
_MAKE = ("CreateRule", "CreateListener")
_DEFAULT = "rule default "
"""A default rule is changed by calls on its listener."""
MOST = 3
"""Callers told of one change: where several fit, nobody knows which of them made it."""


def objects(states: Iterable[PlatformState | None]) -> dict[str, Changed]:
    """Return the objects that changes are about, by the text that names them there."""
    found: dict[str, Changed] = {}
    for state in states:
        for text, identifier in identified(state) if state is not None else ():
            if (known := named(identifier)) is not None:
                found[text] = known
    return found


def described(
    rows: Sequence[Drift], known: Mapping[str, Changed], audit: Audit | None
) -> tuple[Drift, ...]:
    """Return changes with who made them; where nobody was asked they stay as they are."""
    return tuple(_described(row, known.get(row.resource), audit) for row in rows)


def _described(row: Drift, about: Changed | None, audit: Audit | None) -> Drift:
    at, since = parse_time(row.at), parse_time(audit.since) if audit else None
    if row.by or audit is None or about is None or at is None or since is None or at < since:
        return row
    callers = dict.fromkeys(c.who for c in reversed(_fitting(row, about, at, audit.calls)))
    if not callers and not audit.whole:
        return row
    return msgspec.structs.replace(row, by=" or ".join([*callers][:MOST]))


def _fitting(
    row: Drift, about: Changed, seen: dt.datetime, calls: Iterable[WriteCall]
) -> list[WriteCall]:
    """Return the calls, in their order, that may have made a change that a run saw at a time."""
    parts = (*_PARTS, "Modify") if row.resource.startswith(_DEFAULT) else _PARTS
    timed = [(at, c) for c in calls if (at := parse_time(c.at)) is not None]
    return [
        call
        for at, call in sorted(timed, key=lambda row: row[0])
        if seen - BEFORE_KNOWN <= at <= seen + DURING and not call.error and not call.is_routine
        if _concerns(about, call, parts)
    ]


def _concerns(about: Changed, call: WriteCall, parts: tuple[str, ...]) -> bool:
    above = about.parent
    return any(
        (changed.same(about) and call.name not in _MAKE)
        or (above is not None and changed.same(above) and call.name.startswith(parts))
        for changed in call.changed
    )
