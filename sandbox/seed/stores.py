"""Create the database of RDS and the cache of ElastiCache, as AWS shows them."""

from __future__ import annotations

from typing import Any

from emulator.aws.endpoint import Endpoint
from emulator.stores import caches, databases, events
from sandbox.seed.network import Vpc
from sandbox.world.world import World

STORAGE_GIB = 20
NODES = 2  # a primary and a replica


def build(aws: Endpoint, world: World, vpc: Vpc, password: str, token: str) -> None:
    """Create both; their servers are processes of the twin."""
    _database(aws.client("rds"), world, vpc, password)
    _cache(aws.client("elasticache"), world, vpc, token)
    events.forget()  # they were made long ago


def _database(rds: Any, world: World, vpc: Vpc, password: str) -> None:
    own = world.database
    rds.create_db_subnet_group(
        DBSubnetGroupName=own.called, DBSubnetGroupDescription="-", SubnetIds=vpc.private
    )
    rds.create_db_instance(
        DBInstanceIdentifier=own.called,
        DBInstanceClass="db.t4g.small",
        Engine="postgres",
        EngineVersion="15.8",
        DBName=own.name,
        Port=own.port,
        AllocatedStorage=STORAGE_GIB,
        StorageType="gp3",
        MultiAZ=True,
        MasterUsername=own.user,
        MasterUserPassword=password,
        DBSubnetGroupName=own.called,
        VpcSecurityGroupIds=[vpc.groups[own.group]],
    )
    databases.place(own.called, own.endpoint)


def _cache(elasticache: Any, world: World, vpc: Vpc, token: str) -> None:
    own = world.cache
    guard = {"SecurityGroupIds": [vpc.groups[own.group]], "CacheNodeType": "cache.t4g.small"}
    elasticache.create_replication_group(
        ReplicationGroupId=own.called,
        ReplicationGroupDescription="-",
        Engine="redis",
        EngineVersion="7.1",
        Port=own.port,
        NumNodeGroups=1,
        ReplicasPerNodeGroup=NODES - 1,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        TransitEncryptionEnabled=True,
        AuthToken=token,
        **guard,
    )
    for number in range(1, NODES + 1):
        elasticache.create_cache_cluster(
            CacheClusterId=f"{own.called}-{number:03}",
            ReplicationGroupId=own.called,
            Engine="redis",
            EngineVersion="7.1",
            Port=own.port,
            NumCacheNodes=1,
            **guard,
        )
    caches.place(own.called, own.endpoint)
