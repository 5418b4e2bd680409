"""Convert what RDS and ElastiCache describe into a `Store`.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ReplicationGroup.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from canary.control_plane.stores import Kind, Store
from canary.observe.calls import when

Json = dict[str, Any]


def instance(raw: Json) -> Store:
    """Return a DB instance; in a cluster its storage is the cluster's."""
    parent = _text(raw, "DBClusterIdentifier")
    at = raw.get("Endpoint") or {}
    return Store(
        service="",
        kind=Kind.INSTANCE,
        id=_text(raw, "DBInstanceIdentifier"),
        arn=_text(raw, "DBInstanceArn"),
        status=_text(raw, "DBInstanceStatus"),
        engine=_text(raw, "Engine"),
        endpoints=_hosts([at.get("Address")]),
        port=int(at.get("Port") or raw.get("DbInstancePort") or 0),
        multi_az=bool(raw.get("MultiAZ")),
        storage_gib=0 if parent else int(raw.get("AllocatedStorage") or 0),
        most_storage_gib=int(raw.get("MaxAllocatedStorage") or 0),
        parent=parent,
        copy_of=_text(raw, "ReadReplicaSourceDBInstanceIdentifier")
        or _text(raw, "ReadReplicaSourceDBClusterIdentifier"),
        pending=_pending(raw),
        maintenance=_text(raw, "PreferredMaintenanceWindow"),
        restarts_at=when(raw.get("AutomaticRestartTime")),
    )


def cluster(raw: Json) -> Store:
    """Return a DB cluster; Aurora tells 1 GiB where its storage grows by itself."""
    aurora = _text(raw, "Engine").startswith("aurora")
    hosts = [raw.get("Endpoint"), raw.get("ReaderEndpoint"), *(raw.get("CustomEndpoints") or [])]
    return Store(
        service="",
        kind=Kind.CLUSTER,
        id=_text(raw, "DBClusterIdentifier"),
        arn=_text(raw, "DBClusterArn"),
        status=_text(raw, "Status"),
        engine=_text(raw, "Engine"),
        endpoints=_hosts(hosts),
        port=int(raw.get("Port") or 0),
        multi_az=bool(raw.get("MultiAZ")),
        storage_gib=0 if aurora else int(raw.get("AllocatedStorage") or 0),
        copy_of=_text(raw, "ReplicationSourceIdentifier"),
        pending=_pending(raw),
        maintenance=_text(raw, "PreferredMaintenanceWindow"),
        restarts_at=when(raw.get("AutomaticRestartTime")),
    )


def group(raw: Json) -> Store:
    """Return a replication group with the endpoints of all its shards."""
    shards = raw.get("NodeGroups") or []
    ends = [s.get(key) for s in shards for key in ("PrimaryEndpoint", "ReaderEndpoint")]
    ends = [e for e in (raw.get("ConfigurationEndpoint"), *ends) if e]
    return Store(
        service="",
        kind=Kind.GROUP,
        id=_text(raw, "ReplicationGroupId"),
        arn=_text(raw, "ARN"),
        status=_text(raw, "Status"),
        engine=_text(raw, "Engine"),
        endpoints=_hosts(e.get("Address") for e in ends),
        port=next((int(e["Port"]) for e in ends if e.get("Port")), 0),
        multi_az=raw.get("MultiAZ") == "enabled",
        pending=_pending(raw),
    )


def nodes(raw: Json) -> Store:
    """Return a cache cluster with the endpoints of its nodes."""
    own = [n.get("Endpoint") for n in raw.get("CacheNodes") or []]
    ends = [e for e in (raw.get("ConfigurationEndpoint"), *own) if e]
    return Store(
        service="",
        kind=Kind.NODES,
        id=_text(raw, "CacheClusterId"),
        arn=_text(raw, "ARN"),
        status=_text(raw, "CacheClusterStatus"),
        engine=_text(raw, "Engine"),
        endpoints=_hosts(e.get("Address") for e in ends),
        port=next((int(e["Port"]) for e in ends if e.get("Port")), 0),
        parent=_text(raw, "ReplicationGroupId"),
        pending=_pending(raw),
        maintenance=_text(raw, "PreferredMaintenanceWindow"),
    )


def _text(raw: Json, key: str) -> str:
    return str(raw.get(key) or "")


def _hosts(names: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(n).lower() for n in names if n))


def _pending(raw: Json) -> tuple[str, ...]:
    """Return the names of pending changes, never their values: a password may be among them."""
    return tuple(sorted(k for k, v in (raw.get("PendingModifiedValues") or {}).items() if v))
