"""What the events of RDS and ElastiCache say: a store stops, fills up, fails over, is back.

AWS's messages are compared from their beginning, each form by itself, without regard to case:
"started" and "failover" stand in messages of other things, too.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ElastiCacheSNS.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_TestFailover.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from canary.control_plane.stores import Store, StoreEvent
from canary.diagnose.stores import refusals


class _Form(NamedTuple):
    """The beginning of a message; whether it begins what a later message must end."""

    cause: str
    words: re.Pattern[str]
    begins: bool = False


def _form(cause: str, words: str, *, begins: bool = False) -> _Form:
    return _Form(cause, re.compile(words, re.IGNORECASE), begins)


_MULTI_AZ = r"multi-az instance (?:failover|activation|recovery)"
_DATABASE = (
    _form(
        refusals.FULL,
        r"db instance has reached the storage-full threshold"
        r"|allocated storage has been exhausted",
    ),
    _form(
        "database-stopped",
        r"db (?:instance|cluster) (?:stopped|deleted)\b"
        r"|(?:db|database) instance (?:is in an|put into(?: an)?) incompatible",
    ),
    _form(
        refusals.FAILING_OVER,
        rf"{_MULTI_AZ} started\b|db instance shutdown\b"
        r"|recovery of the db instance has started"
        r"|started (?:same|cross)[ -]az failover to db instance"
        r"|promoting previous primary again",
        begins=True,
    ),
    _form(
        refusals.FAILING_OVER,
        rf"{_MULTI_AZ} completed\b|multi-az failover to standby complete"
        r"|db instance (?:restarted|started)\b|db cluster started\b"
        r"|recovery of the db instance is complete|recovered from partial failover"
        r"|completed failover to db instance|cluster failover failed",
    ),
)
_CACHE = (
    _form(
        "cache-stopped",
        r"(?:cache cluster|replication group|cluster|group) deleted\b"
        r"|elasticache:deletecacheclustercomplete\b",
    ),
    _form(
        refusals.CACHE_MOVES,
        r"failover to replica node \S{1,80} started\b|recovering cache nodes\b"
        r"|test failover api called\b|elasticache:cachenodereplacestarted\b",
        begins=True,
    ),
    _form(
        refusals.CACHE_MOVES,
        r"failover (?:from (?:primary|master) node \S{1,80} )?to replica node \S{1,80} completed\b"
        r"|finished recovery for cache nodes\b|cache nodes? \S{1,80} (?:rebooted|restarted)\b"
        r"|elasticache:(?:failovercomplete|cachenodesrebooted|cachenodereplacecomplete)\b",
    ),
)


def _form_of(part: Store, event: StoreEvent) -> _Form | None:
    text = event.message.strip()
    forms = _DATABASE if part.is_database else _CACHE
    return next((form for form in forms if form.words.match(text)), None)


def cause_of(part: Store, event: StoreEvent) -> str:
    """Return the cause that an event of a store points to, "" for none."""
    form = _form_of(part, event)
    return form.cause if form else ""


def causes(part: Store) -> Iterator[str]:
    """Yield the causes that a store's events point to, the newest event's first."""
    return (cause for event in reversed(part.events) if (cause := cause_of(part, event)))


def about(part: Store, cause: str) -> tuple[StoreEvent, ...]:
    """Return the events of a store that point to a cause, newest last."""
    return tuple(e for e in part.events if cause_of(part, e) == cause)


def lasts(part: Store, recent: tuple[StoreEvent, ...]) -> bool:
    """Return whether the last of these events begins something that no later one ends."""
    form = _form_of(part, recent[-1]) if recent else None
    return form is not None and form.begins
