"""Open the store that a place names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from canary.adapters.store.folder import FolderStore
from canary.adapters.store.protocol import LARGEST, Store

SMALLEST_LIMIT, OF_A_CHECK = 8_000_000, 16_000
"""Bytes that an object may have in any environment, and for each check: one that failed with
excerpts in four steps has some 8,000."""


def largest_object(checks: int) -> int:
    """Return the bytes that a report of so many checks may have at most."""
    return min(max(SMALLEST_LIMIT, OF_A_CHECK * checks), LARGEST)


def open_store(place: str, s3: Any = None, largest: int = LARGEST) -> Store:
    """Return the store at "s3://bucket/prefix" or in a folder; `s3` makes the client.

    An object of more than `largest` bytes is refused.
    """
    if place.startswith("s3://"):
        from canary.adapters.store.s3 import BucketStore

        return BucketStore(place, s3, largest)
    return FolderStore(Path(place), largest)
