"""Mutes that people typed, as the store keeps them, and how far its word is taken.

Whoever can write to the store can write a mute. So one holds for a day at most, one that begins in
the future is no mute, and all that hold are shown in every report, page and message.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec

from canary.model import Frozen, Scope, StoredMute, is_ahead, parse_time
from canary.mutes.scopes import described, same, scope_problem

LONGEST = dt.timedelta(hours=24)
MOST = 50
"""Mutes that hold at a time."""
MOST_BYTES = 64_000


class MutesError(Exception):
    """The stored mutes are no mutes."""


class StoredMutes(Frozen, frozen=True, kw_only=True):
    """The mutes of one environment in the store."""

    mutes: tuple[StoredMute, ...] = ()


def mutes_name(environment: str) -> str:
    """Return the name of an environment's mutes in the store."""
    return f"mutes/{environment}.json"


def decode(data: bytes | None) -> StoredMutes:
    """Return the stored mutes; raises MutesError for what is none."""
    if data is None:
        return StoredMutes()
    if len(data) > MOST_BYTES:
        raise MutesError(f"the mutes have more than {MOST_BYTES} bytes")
    try:
        return msgspec.json.decode(data, type=StoredMutes)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MutesError(f"the mutes cannot be read: {error}") from error


def encode(mutes: Iterable[StoredMute]) -> bytes:
    """Return the bytes for the store."""
    return msgspec.json.encode(StoredMutes(mutes=tuple(mutes)))


def holding(
    stored: StoredMutes, now: dt.datetime
) -> tuple[tuple[StoredMute, ...], tuple[str, ...]]:
    """Return the stored mutes that hold now, and why others are refused; ended ones are neither."""
    found: list[StoredMute] = []
    refused: list[str] = []
    for mute in stored.mutes:
        problem = refusal(mute, now)
        if problem:
            refused.append(f"{described(mute)}: {problem}")
        elif not has_ended(mute, now):
            found.append(mute)
    if len(found) > MOST:
        refused.append(f"there are {len(found)}, and {MOST} hold")
    return tuple(found[:MOST]), tuple(refused)


def has_ended(mute: StoredMute, now: dt.datetime) -> bool:
    """Return whether a mute is over."""
    until = parse_time(mute.until)
    return until is not None and until <= now


def refusal(mute: StoredMute, now: dt.datetime) -> str:
    """Return why a stored mute is not taken, "" if it is; `now` is in UTC."""
    since, until = parse_time(mute.since), parse_time(mute.until)
    if since is None or until is None:
        return "its times cannot be read"
    if is_ahead(mute.since, now):
        return "it begins in the future"
    if until - since > LONGEST:
        return f"it lasts longer than {LONGEST // dt.timedelta(hours=1)} hours"
    return scope_problem(mute, needed=True)


def added(stored: StoredMutes, mute: StoredMute, now: dt.datetime) -> tuple[StoredMute, ...]:
    """Return the mutes with one more, which replaces one of the same scope; ended ones go."""
    kept = holding(stored, now)[0]
    return (*(m for m in kept if not same(m, mute)), mute)


def removed(stored: StoredMutes, scope: Scope, now: dt.datetime) -> tuple[StoredMute, ...] | None:
    """Return the mutes without that of a scope, None where none of it holds."""
    kept = holding(stored, now)[0]
    left = tuple(m for m in kept if not same(m, scope))
    return left if len(left) < len(kept) else None
