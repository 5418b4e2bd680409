"""The platform's own history: which resource changed, when, from what to what."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from canary.model import Drift, Frozen

CHANGES_SCHEMA = "hokusai-canary/changes/1"
KEPT = 200


class Changes(Frozen, frozen=True, kw_only=True):
    """The last changes of an environment's control plane, newest first."""

    changes: tuple[Drift, ...] = ()
    schema: str = CHANGES_SCHEMA


class ChangesError(Exception):
    """The bytes are no history of changes of this version."""


def decode(data: bytes | None) -> Changes:
    """Return a stored history, an empty one for None; raises ChangesError."""
    if data is None:
        return Changes()
    try:
        found = msgspec.json.decode(data, type=Changes)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ChangesError(f"no history of changes: {error}") from error
    if found.schema != CHANGES_SCHEMA:
        raise ChangesError(f"written by another version: schema {found.schema[:80]!r}")
    return found


def added(known: Changes, new: Iterable[Drift], again: Iterable[Drift] = ()) -> bytes:
    """Return the bytes of a history with the changes of one more run.

    `again` are changes of earlier runs of which this run may know who made them.
    """
    makers = {_change(d): d for d in again if d.by}
    every = (*new, *(makers.get(_change(d), d) for d in known.changes))[:KEPT]
    return msgspec.json.encode(Changes(changes=every)) + b"\n"


def _change(row: Drift) -> Drift:
    """Return a change without who made it."""
    return msgspec.structs.replace(row, by=None)
