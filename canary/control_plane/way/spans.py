"""A CIDR block as its first and last address."""

from __future__ import annotations

import functools
import ipaddress
from typing import NamedTuple


class Span(NamedTuple):
    """The addresses from the first to the last one, as numbers of one family (4 or 6)."""

    family: int
    first: int
    last: int

    def within(self, other: Span) -> bool:
        """Return whether all of these addresses are among the other's."""
        same = self.family == other.family
        return same and other.first <= self.first and self.last <= other.last


@functools.lru_cache(maxsize=4096)
def span(cidr: str) -> Span | None:
    """Return the addresses of a CIDR block, None for a text that is none."""
    try:
        found = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return None
    return Span(found.version, int(found.network_address), int(found.broadcast_address))
