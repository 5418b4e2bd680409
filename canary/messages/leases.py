"""Leases on messages, so that of overlapping runs only one sends each.

A run takes a lease on a message before it sends it. A run that dies before it has sent, or that
cannot give its lease back, must not silence a message for good: the lease expires. A sent message
is remembered for a day; after that the same key may be sent again, which is right where the state
of messages was lost and an incident got a number that was used before.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable
from typing import Protocol

import msgspec

from canary.model import Frozen, parse_time

FOLDER = "claims/"
LEASE_S = 180.0
"""Seconds after which a lease expires: more than a function that still sends can live."""
MEMORY_S = 86_400.0
"""Seconds for which a sent message is remembered; the state of messages remembers it for ever."""


class Lease(enum.Enum):
    """The outcome of asking for a lease."""

    ACQUIRED = "this run may send the message"
    HELD = "another run is about to send it"
    DONE = "it was sent"


class LeaseStore(Protocol):
    """The operations of a store that leases need."""

    def read(self, name: str) -> bytes | None:
        """Return the object's bytes, None if there is none."""
        ...

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Write the object unless it exists, and return whether it was written."""
        ...

    def compare_and_swap(self, name: str, seen: bytes, data: bytes) -> bool:
        """Write the object if it still holds `seen`, and return whether it was written."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write the object, whether it exists or not."""
        ...


class Record(Frozen, frozen=True, kw_only=True):
    """One lease as it is stored; without a time it is free."""

    at: str = ""
    sent: bool = msgspec.field(default=False, name="said")  # the name in stored leases


class StoreLeases:
    """Leases as objects of the store; of two runs that ask at once only one gets a lease."""

    def __init__(self, store: LeaseStore, now: Callable[[], dt.datetime]) -> None:
        self._store, self._now = store, now

    def acquire(self, key: str, *, as_sent: bool = False) -> Lease:
        """Ask for the lease on a key. Errors of the store are raised.

        `as_sent`: the key counts as sent at once, so that it is never sent twice.
        """
        new = self._record(sent=as_sent)
        if self._store.put_if_absent(name(key), new):
            return Lease.ACQUIRED
        present = self._store.read(name(key))
        if present is None:  # only the bucket's lifecycle removes leases, and it just did
            return Lease.HELD
        taken = self._taken(_decoded(present))
        if taken is not None:
            return taken
        swapped = self._store.compare_and_swap(name(key), present, new)
        return Lease.ACQUIRED if swapped else Lease.HELD

    def mark_sent(self, key: str) -> None:
        """Record that the message was sent."""
        self._store.write(name(key), self._record(sent=True))

    def release(self, key: str) -> None:
        """Give the lease back after a failed send."""
        self._store.write(name(key), msgspec.json.encode(Record()))

    def _taken(self, record: Record) -> Lease | None:
        """Return HELD or DONE, None for a lease that is free."""
        at = parse_time(record.at)
        if at is None:  # given back, or not readable
            return None
        if (self._now() - at).total_seconds() >= (MEMORY_S if record.sent else LEASE_S):
            return None
        return Lease.DONE if record.sent else Lease.HELD

    def _record(self, *, sent: bool) -> bytes:
        return msgspec.json.encode(Record(at=self._now().isoformat(), sent=sent))


def name(key: str) -> str:
    """Return the name of the object that holds the lease on a key."""
    plain = "".join(c if c.isalnum() or c in "-._/" else "_" for c in key)
    return f"{FOLDER}{plain}.json"


def _decoded(data: bytes) -> Record:
    try:
        return msgspec.json.decode(data, type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Record()
