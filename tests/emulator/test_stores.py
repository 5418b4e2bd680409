"""Databases of RDS and caches of ElastiCache: states, events and refusals of AWS."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.stores import caches, databases, events
from tests.emulator.support.emulated import aws, until

__all__ = ["aws"]

DATABASE, CACHE = "runs", "sessions"
Json = dict[str, Any]


class Stores:
    """A Multi-AZ instance, one without a standby, and a replication group of two."""

    def __init__(self, aws: Endpoint) -> None:
        self.rds, self.elasticache = aws.client("rds"), aws.client("elasticache")
        for name, standby in ((DATABASE, True), ("alone", False)):
            self.rds.create_db_instance(
                DBInstanceIdentifier=name,
                DBInstanceClass="db.t4g.small",
                Engine="postgres",
                AllocatedStorage=20,
                MultiAZ=standby,
                MasterUsername="runs",
                MasterUserPassword=name * 3,
            )
        self.elasticache.create_replication_group(
            ReplicationGroupId=CACHE,
            ReplicationGroupDescription="-",
            Engine="redis",
            NumNodeGroups=1,
            ReplicasPerNodeGroup=1,
        )
        for number in (1, 2):
            self.elasticache.create_cache_cluster(
                CacheClusterId=f"{CACHE}-00{number}",
                ReplicationGroupId=CACHE,
                Engine="redis",
                NumCacheNodes=1,
                CacheNodeType="cache.t4g.small",
            )
        events.forget()

    def instance(self, name: str = DATABASE) -> Json:
        """An instance as it is described."""
        found = self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        return dict(found[0])

    def status(self, name: str = DATABASE) -> str:
        """An instance's status."""
        return str(self.instance(name)["DBInstanceStatus"])

    def told(self, **wanted: Any) -> list[tuple[str, list[str]]]:
        """The messages of RDS with their categories, oldest first."""
        found = self.rds.describe_events(**wanted)["Events"]
        return [(one["Message"], one["EventCategories"]) for one in found]


@pytest.fixture(scope="module")
def kept(aws: Endpoint) -> Stores:
    return Stores(aws)


@pytest.fixture
def stores(kept: Stores) -> Stores:
    events.forget()
    return kept


def refusal(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**given)
    return str(refused.value.response["Error"]["Code"])


def test_a_stopped_instance_says_when_it_starts_by_itself(stores: Stores) -> None:
    stores.rds.stop_db_instance(DBInstanceIdentifier=DATABASE)
    shown = stores.instance()
    after = shown["AutomaticRestartTime"] - shown["InstanceCreateTime"]
    assert (shown["DBInstanceStatus"], after.days) == ("stopped", 7)
    assert refusal(stores.rds.reboot_db_instance, DBInstanceIdentifier=DATABASE) == (
        "InvalidDBInstanceState"
    )
    stores.rds.start_db_instance(DBInstanceIdentifier=DATABASE)
    assert stores.status() == "available" and "AutomaticRestartTime" not in stores.instance()
    assert stores.told() == [
        ("DB instance stopped", ["notification"]),
        ("DB instance started", ["notification"]),
    ]


def test_a_failover_needs_a_standby_and_ends(stores: Stores) -> None:
    call = stores.rds.reboot_db_instance
    refused = refusal(call, DBInstanceIdentifier="alone", ForceFailover=True)
    assert (refused, stores.status("alone")) == ("InvalidParameterCombination", "available")
    call(DBInstanceIdentifier=DATABASE, ForceFailover=True)
    assert stores.status() == "rebooting"
    assert until(lambda: stores.status() == "available")
    assert stores.told(SourceIdentifier=DATABASE, SourceType="db-instance") == [
        ("Multi-AZ instance failover started", ["failover"]),
        ("DB instance shutdown", ["availability"]),
        ("DB instance restarted", ["availability"]),
        ("Multi-AZ instance failover completed", ["failover"]),
    ]
    assert stores.told(SourceIdentifier="alone", SourceType="db-instance") == []


def test_a_full_instance_is_well_with_more_storage_and_never_with_less(stores: Stores) -> None:
    databases.fill(DATABASE)
    assert stores.status() == "storage-full"
    change = {"DBInstanceIdentifier": DATABASE, "ApplyImmediately": True}
    call = stores.rds.modify_db_instance
    assert refusal(call, **change, AllocatedStorage=10) == "InvalidParameterCombination"
    assert stores.status() == "storage-full"
    call(**change, AllocatedStorage=40)
    assert (stores.status(), stores.instance()["AllocatedStorage"]) == ("available", 40)
    assert stores.told()[0] == ("Allocated storage has been exhausted", ["low storage"])


def test_events_are_those_of_the_time_that_is_asked_for(stores: Stores) -> None:
    databases.fill("alone")
    (event,) = events.rds().events
    old = events.DatabaseEvent(
        "alone", event.source_arn, "long ago", ["failure"], date=event.date.replace(year=2020)
    )
    events.rds().events.append(old)
    assert [text for text, _ in stores.told()] == ["Allocated storage has been exhausted"]
    stores.rds.modify_db_instance(DBInstanceIdentifier="alone", AllocatedStorage=30)


def test_a_platform_s_own_endpoints_are_shown(stores: Stores) -> None:
    databases.place(DATABASE, "runs.example")
    caches.place(CACHE, "sessions.example")
    assert stores.instance()["Endpoint"]["Address"] == "runs.example"
    (group,) = stores.elasticache.describe_replication_groups()["ReplicationGroups"]
    assert group["NodeGroups"][0]["PrimaryEndpoint"]["Address"] == "sessions.example"
    members = stores.elasticache.describe_cache_clusters()["CacheClusters"]
    assert [one["CacheClusterId"] for one in members] == group["MemberClusters"]


def test_a_cache_fails_over_and_goes_down(stores: Stores) -> None:
    def status() -> set[str]:
        (group,) = stores.elasticache.describe_replication_groups()["ReplicationGroups"]
        members = stores.elasticache.describe_cache_clusters()["CacheClusters"]
        return {group["Status"], *(one["CacheClusterStatus"] for one in members)}

    stores.elasticache.test_failover(ReplicationGroupId=CACHE, NodeGroupId="0001")
    assert status() == {"modifying"}
    assert until(lambda: status() == {"available"})
    caches.take_down(CACHE)
    assert status() == {"deleting"}
    asked = stores.elasticache.describe_events(SourceType="replication-group")["Events"]
    assert [one["Message"] for one in asked] == [
        "Failover to replica node sessions-001 started",
        "Failover to replica node sessions-001 completed",
    ]
    everything = stores.elasticache.describe_events(Duration=60)["Events"]
    assert [one["SourceIdentifier"] for one in everything] == [
        *(CACHE, CACHE),
        *("sessions-001", "sessions-002"),
    ]
