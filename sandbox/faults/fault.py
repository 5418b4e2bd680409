"""What a fault is."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sandbox.faults.site import Site


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which the platform breaks."""

    id: str
    sentence: str  # what is wrong, for people
    incident: str  # its number in the record of incidents, "" when it is a fault of degree
    cause: str  # the cause id that a diagnosis should name first
    plant: Callable[[Site], None]
    also: tuple[str, ...] = ()  # further causes that hold at the same time
    symptom: bool = True  # False: it does not show at the edge by itself
