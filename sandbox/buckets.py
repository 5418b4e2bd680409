"""Restore the settings of the platform's buckets, but not their contents."""

from __future__ import annotations

import copy
from typing import Any

from emulator.settings import ACCOUNT, REGION

CONTENT = ("keys", "multiparts")

Kept = dict[str, dict[str, Any]]


def take(names: tuple[str, ...]) -> Kept:
    """Copy the buckets' settings, without their contents."""
    return {name: _settings(_backend().buckets[name]) for name in names}


def restore(kept: Kept) -> None:
    """Create deleted buckets again and restore the settings of all."""
    backend = _backend()
    for name, settings in kept.items():
        if name not in backend.buckets:
            backend.create_bucket(name, REGION)
        bucket = backend.buckets[name]
        bucket.__dict__.update(copy.deepcopy(settings))
        backend.tagger.tags.pop(bucket.arn, None)


def _settings(bucket: Any) -> dict[str, Any]:
    found = {key: value for key, value in vars(bucket).items() if key not in CONTENT}
    return copy.deepcopy(found)


def _backend() -> Any:
    from moto.s3.models import s3_backends

    return s3_backends[ACCOUNT]["aws"]
