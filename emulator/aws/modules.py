"""Let moto read the names of its own folders once instead of twice in each request."""

from __future__ import annotations

import functools


@functools.cache
def install() -> None:
    """Replace moto's reading of its folder: a quarter of the time of a short request."""
    from moto import backends

    names = frozenset(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: names
