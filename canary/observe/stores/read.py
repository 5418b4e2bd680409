"""Find the databases and caches of failing services in RDS and ElastiCache, and read them.

Which store is whose, and how sure that is, `links` tells. A name (`instance`) that no list has may
be that of a store which is not read here, such as a serverless cache or a proxy: it is unread.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import msgspec

from canary.control_plane.state import EcsService, TaskDefinition
from canary.control_plane.stores import Store
from canary.model import Role
from canary.observe.calls import Permission, Reader
from canary.observe.reading.deadline import Deadline
from canary.observe.stores import events, links, metrics, shapes
from canary.observe.threads import begin

# Service Authorization Reference, Amazon RDS and Amazon ElastiCache: the two DescribeEvents take
# no resource. cloudwatch:GetMetricData, which `stores.metrics` calls, is declared in
# `observe.edge.metrics`.
ACTIONS = (
    Permission(action="rds:DescribeDBInstances", resource="arn:aws:rds:{region}:{account}:db:*"),
    Permission(
        action="rds:DescribeDBClusters", resource="arn:aws:rds:{region}:{account}:cluster:*"
    ),
    Permission(action="rds:DescribeEvents"),
    Permission(
        action="elasticache:DescribeReplicationGroups",
        resource="arn:aws:elasticache:{region}:{account}:replicationgroup:*",
    ),
    Permission(
        action="elasticache:DescribeCacheClusters",
        resource="arn:aws:elasticache:{region}:{account}:cluster:*",
    ),
    Permission(action="elasticache:DescribeEvents"),
)
MOST_PARTS = 20
"""Parts of one store: a cluster of RDS has at most 16 instances."""
ROLES = (Role.DATABASE, Role.CACHE)
LISTS = {
    Role.DATABASE: "rds:DescribeDBInstances",
    Role.CACHE: "elasticache:DescribeCacheClusters",
}
"""The list that has the parts of a store of a role."""
Json = dict[str, Any]


def read(
    reader: Reader,
    wanted: frozenset[str],
    services: tuple[EcsService, ...],
    definitions: tuple[TaskDefinition, ...],
    now: dt.datetime,
    redact: Callable[[str], str],
    deadline: Deadline,
) -> tuple[Store, ...]:
    """Return the stores of the wanted services that no ECS service runs.

    Lists, events and counters that are not read by the deadline are unread.
    """
    used = links.used(reader.environment, services, definitions)
    parts = {r: begin(_of_role, reader, r, wanted, used) for r in ROLES}
    stores = tuple(s for role, part in parts.items() for s in _listed(reader, role, part, deadline))
    if not stores:
        return ()
    told = events.begin_events(reader, stores, redact)
    counting = begin(metrics.read, reader, stores, now)
    counts, found = _counts(reader, counting, deadline), events.by(reader, told, deadline)
    return tuple(
        msgspec.structs.replace(store, **counts.get((store.kind, store.id), {}), **found[store])
        for store in stores
    )


def _listed(
    reader: Reader, role: Role, part: Future[list[Store]], deadline: Deadline
) -> list[Store]:
    try:
        return deadline.result(part)
    except TimeoutError:
        prefix = LISTS[role].partition(":")[0] + ":"
        lists = [a for a in ACTIONS if a.action.startswith(prefix) and a.resource != "*"]
        deadline.note(reader, lists)
        reader.miss("stores")
        return []


def _counts(reader: Reader, counting: Future[metrics.Counts], deadline: Deadline) -> metrics.Counts:
    try:
        return deadline.result(counting)
    except TimeoutError:
        deadline.note(reader, (Permission(action="cloudwatch:GetMetricData"),))
        return {}


def _of_role(
    reader: Reader, role: Role, wanted: frozenset[str], used: dict[str, links.Used]
) -> list[Store]:
    environment = reader.environment
    alike = {n: environment.services[n] for n in environment.of_role(role)}
    alike = {n: part for n, part in alike.items() if not part.ecs_service}
    own = [n for n in alike if n in wanted]
    if not own:
        return []
    listed, whole = (_databases if role is Role.DATABASE else _caches)(reader)
    found = {name: links.stores_of(name, listed, alike, used) for name in own}
    if not whole or any(alike[n].instance and not found[n] for n in own):
        reader.miss("stores")
    for name, parts in found.items():
        if len(parts) > MOST_PARTS:
            reader.bounded(LISTS[role], name, MOST_PARTS, "parts of a store")
    return [
        msgspec.structs.replace(store, service=name)
        for name, parts in found.items()
        for store in parts[:MOST_PARTS]
    ]


def _databases(reader: Reader) -> tuple[list[Store], bool]:
    clusters = begin(reader.pages, "rds:DescribeDBClusters", "DBClusters")
    instances = reader.pages("rds:DescribeDBInstances", "DBInstances")
    return _converted((shapes.instance, instances), (shapes.cluster, clusters.result()))


def _caches(reader: Reader) -> tuple[list[Store], bool]:
    groups = begin(reader.pages, "elasticache:DescribeReplicationGroups", "ReplicationGroups")
    nodes = reader.pages(
        "elasticache:DescribeCacheClusters", "CacheClusters", ShowCacheNodeInfo=True
    )
    return _converted((shapes.nodes, nodes), (shapes.group, groups.result()))


def _converted(
    *parts: tuple[Callable[[Json], Store], list[Json] | None],
) -> tuple[list[Store], bool]:
    found = [convert(raw) for convert, items in parts for raw in items or ()]
    return found, all(items is not None for _, items in parts)
