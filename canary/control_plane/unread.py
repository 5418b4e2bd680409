"""Ask what a reading holds, where a part of it may be unread or cut at a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Protocol


class Known(Enum):
    """An answer about the platform; what was not read, or not to its end, is unknown."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Read(Protocol):
    """An object of `state` that says which of its fields were not read."""

    @property
    def unread(self) -> tuple[str, ...]:
        """Return the names of the fields whose reading failed."""
        ...


def of(holds: bool) -> Known:
    """Return an answer that is known."""
    return Known.YES if holds else Known.NO


def knows(thing: Read, part: str) -> bool:
    """Return whether a field of an object was read, and read to its end."""
    return part not in thing.unread and part not in getattr(thing, "bounded", ())


def has(thing: Read, part: str, wanted: Callable[[Any], bool] = lambda _: True) -> Known:
    """Return whether a field of an object has an item (of the wanted kind).

    What is there is there; what is not there is known to be absent only where all was read.
    """
    items: Iterable[Any] = getattr(thing, part)
    if any(wanted(item) for item in items):
        return Known.YES
    return Known.NO if knows(thing, part) else Known.UNKNOWN


def lacks(thing: Read, part: str, wanted: Callable[[Any], bool] = lambda _: True) -> bool:
    """Return whether a field of an object is known to have no item (of the wanted kind)."""
    return has(thing, part, wanted) is Known.NO
