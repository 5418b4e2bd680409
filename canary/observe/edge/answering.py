"""Find which records of a zone answer for a host: its own, a wildcard's, or another zone's.

RFC 4592: a wildcard answers for the names below its parent that do not exist, and that have no
name between that exists. Route 53 guide, "Routing traffic for subdomains": NS records hand a
subdomain on to other name servers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from canary.control_plane.edge.dns import plain, wildcard_of

TYPES = ("A", "AAAA", "CNAME")
MOST_PARENTS = 3  # names between a host and its zone
Records = list[dict[str, Any]]
Listed = Callable[[str], Records | None]


class UnreadError(Exception):
    """A listing that is needed could not be read."""


def name_of(record: dict[str, Any]) -> str:
    """Return the name of a record, in plain form."""
    return plain(str(record.get("Name", "")))


def answering(listed: Listed, host: str, zone: str) -> Records | None:
    """Return the records of a zone that answer for a host, None where it hands the host on.

    `listed` gives a zone's records from a name on, in Route 53's order, None where it could not;
    then UnreadError is raised.
    """
    own, exists = _of(listed, host)
    if any(r.get("Type") == "NS" for r in own) and host != zone:
        return None
    if any(r.get("Type") in TYPES for r in own):
        return own
    between = list(_between(host, zone))
    if len(between) > MOST_PARENTS:
        raise UnreadError
    there = {name: _of(listed, name) for name in between}
    if any(r.get("Type") == "NS" for records, _ in there.values() for r in records):
        return None
    if exists or host == zone:
        return []
    for parent in (*between, zone):
        if found := _of(listed, wildcard_of(parent))[0]:
            return found
        if parent != zone and there[parent][1]:
            return []
    return []


def _between(host: str, zone: str) -> Iterator[str]:
    """Yield the names between a host and its zone, the nearest first."""
    name = host.partition(".")[2]
    while name.endswith(f".{zone}"):
        yield name
        name = name.partition(".")[2]


def _of(listed: Listed, name: str) -> tuple[Records, bool]:
    """Return the records of exactly that name, and whether it exists: those below it count."""
    found = listed(name)
    if found is None:
        raise UnreadError
    own = [r for r in found if name_of(r) == name]
    return own, bool(own) or any(name_of(r).endswith(f".{name}") for r in found)
