"""Let ElastiCache show the members of a replication group, fail over and tell events.

moto keeps a group without its cache clusters and knows no events. Sources: the API's
DescribeCacheClusters, TestFailover and DescribeEvents; the ElastiCache guide, "Event notifications
and Amazon SNS".
"""

from __future__ import annotations

import functools
import threading
from typing import Any

from emulator.stores.databases import within
from emulator.stores.events import CACHE_EVENTS, elasticache, say_of_cache

AVAILABLE, MODIFYING, DELETING = "available", "modifying", "deleting"
REBOOTING = "rebooting cluster nodes"
BACK_AFTER_S = 4.0  # AWS needs less than a minute or two
GROUP = "replication-group"


@functools.cache
def install() -> None:
    """Add what moto lacks; call once."""
    from moto.elasticache.responses import ElastiCacheResponse

    ElastiCacheResponse.describe_events = _describe_events  # type: ignore[attr-defined]
    ElastiCacheResponse.test_failover = _test_failover  # type: ignore[attr-defined]


def place(identifier: str, endpoint: str) -> None:
    """Give a replication group the primary endpoint by which a platform knows it."""
    for part in elasticache().replication_groups[identifier].node_groups:
        part["primary_endpoint"] = {**part["primary_endpoint"], "address": endpoint}


def members(identifier: str) -> list[Any]:
    """Return the cache clusters of a replication group."""
    found = list(elasticache().cache_clusters.values())
    return [one for one in found if getattr(one, "replication_group_id", "") == identifier]


def show(identifier: str, status: str) -> None:
    """Give a replication group and its cache clusters a status."""
    elasticache().replication_groups[identifier].status = status
    for one in members(identifier):
        one.cache_cluster_status = status


def take_down(identifier: str) -> None:
    """Let a replication group go down as somebody's deletion takes it down; it never ends."""
    show(identifier, DELETING)
    for one in members(identifier):
        say_of_cache(one.cache_cluster_id, f"Cache cluster deleted: {one.cache_cluster_id}")


def fail_over(identifier: str, back_after_s: float = BACK_AFTER_S) -> None:
    """Promote a replica, as AWS does by itself; 0: it never comes back."""
    show(identifier, MODIFYING)
    primary = members(identifier)[:1]
    for one in primary:
        text = f"Failover to replica node {one.cache_cluster_id} started"
        say_of_cache(identifier, text, GROUP)
    if back_after_s:
        timer = threading.Timer(back_after_s, _back, (identifier,))
        timer.daemon = True
        timer.start()


def _back(identifier: str) -> None:
    group = elasticache().replication_groups.get(identifier)
    if group is not None and group.status == MODIFYING:
        show(identifier, AVAILABLE)
        for one in members(identifier)[:1]:
            text = f"Failover to replica node {one.cache_cluster_id} completed"
            say_of_cache(identifier, text, GROUP)


def _test_failover(self: Any) -> Any:
    from moto.core.responses import ActionResult

    identifier = self._get_param("ReplicationGroupId")
    (group,) = self.elasticache_backend.describe_replication_groups(identifier)
    fail_over(identifier)
    return ActionResult({"ReplicationGroup": group})


def _describe_events(self: Any) -> Any:
    """Return the events that are asked for: by source, its type, and time."""
    from moto.core.responses import PaginatedResult

    source, kind = self._get_param("SourceIdentifier"), self._get_param("SourceType")
    told = [
        event
        for event in CACHE_EVENTS
        if source in (None, "", event.source_identifier) and kind in (None, "", event.source_type)
    ]
    names = {"duration": "Duration", "start_time": "StartTime", "end_time": "EndTime"}
    given = {key: self._get_param(name) for key, name in names.items()}
    return PaginatedResult({"Events": within(told, given)})
