"""Open the store that a place names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from canary.adapters.store.folder import FolderStore
from canary.adapters.store.protocol import Store


def open_store(place: str, s3: Any = None) -> Store:
    """Return the store at "s3://bucket/prefix" or in a folder; `s3` makes the client."""
    if place.startswith("s3://"):
        from canary.adapters.store.s3 import BucketStore

        return BucketStore(place, s3)
    return FolderStore(Path(place))
