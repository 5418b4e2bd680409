"""Events of databases and caches, in AWS's words.

Sources: the RDS guide, "Amazon RDS event categories and event messages"; the ElastiCache guide,
"Event Notifications and Amazon SNS".
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from emulator.settings import ACCOUNT, REGION

INSTANCE = "db-instance"
STOPPED = ("DB instance stopped", "notification")
STARTED = ("DB instance started", "notification")
SHUT_DOWN = ("DB instance shutdown", "availability")
RESTARTED = ("DB instance restarted", "availability")
FAILOVER_STARTED = ("Multi-AZ instance failover started", "failover")
FAILOVER_DONE = ("Multi-AZ instance failover completed", "failover")
EXHAUSTED = ("Allocated storage has been exhausted", "low storage")
GROWING = ("Applying modification to allocated storage", "configuration change")
GROWN = ("Finished applying modification to allocated storage", "configuration change")


def rds() -> Any:
    """Return moto's RDS of the emulator's account and region."""
    from moto.rds.models import rds_backends

    return rds_backends[ACCOUNT][REGION]


def elasticache() -> Any:
    """Return moto's ElastiCache of the emulator's account and region."""
    from moto.elasticache.models import elasticache_backends

    return elasticache_backends[ACCOUNT][REGION]


def now() -> dt.datetime:
    """Return this moment as moto keeps it: UTC, without a zone."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class DatabaseEvent:
    """An event of a DB instance, with the members that DescribeEvents gives."""

    source_identifier: str
    source_arn: str
    message: str
    event_categories: list[str]
    source_type: str = INSTANCE
    date: dt.datetime = field(default_factory=now)


def say(database: Any, event: tuple[str, str]) -> None:
    """Record an event of a DB instance."""
    message, category = event
    ident = str(database.db_instance_identifier)
    rds().events.append(DatabaseEvent(ident, str(database.arn), message, [category]))


@dataclass(frozen=True)
class CacheEvent:
    """An event of a cache cluster or replication group."""

    source_identifier: str
    message: str
    source_type: str = "cache-cluster"
    date: dt.datetime = field(default_factory=now)


CACHE_EVENTS: list[CacheEvent] = []


def say_of_cache(ident: str, message: str, kind: str = "cache-cluster") -> None:
    """Record an event of a cache cluster or replication group."""
    CACHE_EVENTS.append(CacheEvent(ident, message, kind))


def forget() -> None:
    """Forget all events, as of a platform that nothing has happened to for a while."""
    rds().events.clear()
    CACHE_EVENTS.clear()
