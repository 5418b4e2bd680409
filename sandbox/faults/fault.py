"""The type of a fault."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sandbox.faults.context import FaultContext


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault of the platform."""

    id: str
    sentence: str  # what is wrong, for people
    incident: str  # its number in the record of incidents, "" when it is a fault of degree
    cause: str  # the cause id that a diagnosis should name first
    plant: Callable[[FaultContext], None]
    also: tuple[str, ...] = ()  # further causes that hold at the same time
    symptom: bool = True  # False: it does not show at the edge by itself
