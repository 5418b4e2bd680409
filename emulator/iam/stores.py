"""The resources of calls to RDS and ElastiCache.

Source: the Service Authorization Reference, "Amazon RDS" and "Amazon ElastiCache": a call that
lists without a name asks for all of a kind; DescribeEvents has no resource.
"""

from __future__ import annotations

from typing import Any

from emulator.settings import ACCOUNT, REGION

# what a call names -> how its ARN begins
NAMES = {
    "rds": {"DBInstanceIdentifier": "db", "DBClusterIdentifier": "cluster"},
    "elasticache": {"ReplicationGroupId": "replicationgroup", "CacheClusterId": "cluster"},
}
LISTS = {
    "DescribeDBInstances": "db",
    "DescribeDBClusters": "cluster",
    "DescribeReplicationGroups": "replicationgroup",
    "DescribeCacheClusters": "cluster",
}


def rds(action: str, params: dict[str, Any]) -> list[str]:
    """Return the resources of a call to RDS."""
    return _resources("rds", action, params)


def elasticache(action: str, params: dict[str, Any]) -> list[str]:
    """Return the resources of a call to ElastiCache."""
    return _resources("elasticache", action, params)


def _resources(service: str, action: str, params: dict[str, Any]) -> list[str]:
    if action == "DescribeEvents":
        return ["*"]
    begins = f"arn:aws:{service}:{REGION}:{ACCOUNT}:"
    kinds = NAMES[service].items()
    named = [f"{begins}{kind}:{params[key]}" for key, kind in kinds if params.get(key)]
    if not named and action in LISTS:
        named = [f"{begins}{LISTS[action]}:*"]
    return named or ["*"]


RESOURCES = {"rds": rds, "elasticache": elasticache}
