"""Databases of RDS and caches of ElastiCache, as AWS describes them.

Statuses, events and names are AWS's own words; nothing of a store's content is ever read.
"""

from __future__ import annotations

from enum import StrEnum

from canary.model import Frozen


class Kind(StrEnum):
    """What AWS calls a store."""

    INSTANCE = "instance"  # RDS DB instance, alone or in a cluster
    CLUSTER = "cluster"  # RDS DB cluster: Aurora, or Multi-AZ with two readable standbys
    GROUP = "replication group"  # ElastiCache
    NODES = "cache cluster"  # ElastiCache, alone or in a replication group


class StoreEvent(Frozen, frozen=True, kw_only=True):
    """An event of RDS or ElastiCache, masked and cut."""

    at: str
    message: str


class Readings(Frozen, frozen=True, kw_only=True):
    """The values of a metric in the last hour."""

    latest: float
    least: float
    most: float


class Store(Frozen, frozen=True, kw_only=True):
    """One part of a store; of a cluster and its members each is a `Store` of the same service."""

    service: str  # its name in the environment file
    doubtful: bool = False
    """Whether another store may be meant: it is not named, not at the service's own address, and
    not the only one whose address the tasks of those have that depend on the service."""
    kind: Kind
    id: str  # DBInstanceIdentifier, DBClusterIdentifier, ReplicationGroupId, CacheClusterId
    arn: str = ""
    status: str = ""  # "available", "storage-full", "stopped", "failing-over", …
    engine: str = ""  # "postgres", "aurora-postgresql", "mysql", "redis", "valkey", …
    endpoints: tuple[str, ...] = ()  # host names
    port: int = 0
    multi_az: bool = False
    storage_gib: int = 0  # allocated; 0: none is, as in Aurora and in caches
    most_storage_gib: int = 0  # to which RDS grows it by itself; 0: it does not
    parent: str = ""  # id of the cluster or the replication group that it is a member of
    copy_of: str = ""  # id or ARN of the database of which it is a read replica
    pending: tuple[str, ...] = ()  # names of changes that wait for the maintenance window
    maintenance: str = ""  # weekly window, UTC: "sun:05:00-sun:06:00"
    restarts_at: str = ""  # when RDS starts a stopped store by itself
    events: tuple[StoreEvent, ...] = ()  # of the last hour, newest last
    free_bytes: Readings | None = None  # None: unread, or there is no such metric
    connections: Readings | None = None
    memory_percent: Readings | None = None  # of a cache
    unread: tuple[str, ...] = ()
    bounded: tuple[str, ...] = ()

    @property
    def is_database(self) -> bool:
        """Return whether RDS runs it, and not ElastiCache."""
        return self.kind in (Kind.INSTANCE, Kind.CLUSTER)

    @property
    def whole(self) -> tuple[Kind, str]:
        """Return kind and id of what it is a member of, else its own: ids are unique in a kind."""
        if not self.parent:
            return self.kind, self.id
        return (Kind.CLUSTER if self.is_database else Kind.GROUP), self.parent
