"""CloudTrail's event history: each write call of the account, and LookupEvents."""

from __future__ import annotations

import functools

from emulator.trail import lookup, record


@functools.cache
def install() -> None:
    """Record every write call that goes through moto, and answer LookupEvents; call once."""
    record.install()
    lookup.install()
