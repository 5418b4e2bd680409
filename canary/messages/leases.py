"""Which messages were said, shared by all runs of an environment through its store.

A claim on a message is a lease until the message is out: a run that dies between the two, or that
cannot give its claim back, must not silence a page for good. What was said is forgotten after a
day, so that an incident whose number was used before (the state of messages got lost) is told.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable
from typing import Protocol

import msgspec

from canary.model import Frozen, parse_time

CLAIMS = "claims/"
LEASE_S = 180.0
"""Seconds for which an unsaid claim holds: more than a function that still sends can live."""
MEMORY_S = 86_400.0
"""Seconds for which what was said is remembered; the state of messages knows it for ever."""


class Claim(enum.Enum):
    """What came of asking for a key."""

    MINE = "this run says it"
    TAKEN = "another run is about to say it"
    SAID = "it was said"


class Places(Protocol):
    """What the ledger needs of a store."""

    def read(self, name: str) -> bytes | None:
        """Return what is kept under the name, None for nothing."""
        ...

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Write once and return True; a name that exists already is left as it is."""
        ...

    def compare_and_swap(self, name: str, seen: bytes, data: bytes) -> bool:
        """Write where `seen` is still there, and return whether it was."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write, whatever was there before."""
        ...


class Record(Frozen, frozen=True, kw_only=True):
    """One claim as it is kept; without a time it is free."""

    at: str = ""
    said: bool = False


class StoreLedger:
    """Claims as objects of the store; of two runs that ask at once only one gets a key."""

    def __init__(self, places: Places, now: Callable[[], dt.datetime]) -> None:
        self._places, self._now = places, now

    def claim(self, key: str, *, final: bool = False) -> Claim:
        """Take a key; `final`: it counts as said at once. Raises what the store raises."""
        mine = self._record(said=final)
        if self._places.put_if_absent(name(key), mine):
            return Claim.MINE
        present = self._places.read(name(key))
        if present is None:  # nobody removes claims but the bucket's lifecycle, just now
            return Claim.TAKEN
        held = self._held(_decoded(present))
        if held is not None:
            return held
        return (
            Claim.MINE if self._places.compare_and_swap(name(key), present, mine) else Claim.TAKEN
        )

    def said(self, key: str) -> None:
        """Note that the message is out."""
        self._places.write(name(key), self._record(said=True))

    def release(self, key: str) -> None:
        """Give a key back whose send failed."""
        self._places.write(name(key), msgspec.json.encode(Record()))

    def _held(self, record: Record) -> Claim | None:
        at = parse_time(record.at)
        if at is None:  # given back, or not readable
            return None
        if (self._now() - at).total_seconds() >= (MEMORY_S if record.said else LEASE_S):
            return None
        return Claim.SAID if record.said else Claim.TAKEN

    def _record(self, *, said: bool) -> bytes:
        return msgspec.json.encode(Record(at=self._now().isoformat(), said=said))


def name(key: str) -> str:
    """Return the name under which a claim is kept."""
    plain = "".join(c if c.isalnum() or c in "-._/" else "_" for c in key)
    return f"{CLAIMS}{plain}.json"


def _decoded(data: bytes) -> Record:
    try:
        return msgspec.json.decode(data, type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Record()
