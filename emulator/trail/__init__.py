"""CloudTrail's event history: each write call of the account, and LookupEvents."""

from __future__ import annotations

from emulator.trail import lookup, record


def install() -> None:
    """Record every write call that goes through moto, and answer LookupEvents; call once."""
    record.install()
    lookup.install()
