"""The reader of stores: found by name or by endpoint, bounded, and unread where it is denied."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from canary.control_plane.configured import unknown_names
from canary.control_plane.state import PlatformState
from canary.control_plane.stores import Kind, Store
from canary.model import Environment
from canary.observe import observe, refresh_failing
from canary.observe.calls import operation_of
from canary.observe.stores import events, links, shapes
from canary.observe.stores import read as stores
from tests.canary.support.moto_platform import ANSWERS, Recorder, environment

MINUTE = dt.timedelta(minutes=1)
CACHE_EVENTS = "elasticache:DescribeEvents"
OWN = {a.action for a in stores.ACTIONS}


def refreshed(clients: Recorder, where: Environment | None = None) -> PlatformState:
    known = where or environment()
    return refresh_failing(clients, known, observe(clients, known), ["api"])


def with_stores(**changed: dict[str, Any]) -> Environment:
    """Return the small platform's file with other settings of its stores."""
    known = environment()
    services = {
        n: msgspec.structs.replace(s, **changed.get(n, {})) for n, s in known.services.items()
    }
    return msgspec.structs.replace(known, services=services)


def by_id(state: PlatformState) -> dict[str, Store]:
    return {s.id: s for s in state.stores}


def test_a_healthy_run_asks_neither_rds_nor_elasticache(aws: str) -> None:
    clients = Recorder(aws)
    assert observe(clients, environment()).stores == ()
    assert clients.calls & OWN == set()


def test_a_database_is_read_with_its_events_and_counts(state: PlatformState) -> None:
    found = by_id(state)["platform-db"]
    told = (found.service, found.kind, found.status, found.engine, found.port, found.multi_az)
    assert told == ("database", Kind.INSTANCE, "available", "postgres", 5432, True)
    assert (found.storage_gib, found.most_storage_gib) == (20, 100)
    assert found.maintenance == "sun:05:00-sun:06:00"
    assert [e.message for e in found.events] == [
        "DB instance created", "Backing up DB instance", "Finished DB instance backup",
    ]  # fmt: skip
    assert found.free_bytes and found.connections
    assert (found.free_bytes.latest, found.free_bytes.most) == (7e8, 14e8)
    assert (found.connections.latest, found.connections.least) == (41.0, 41.0)
    assert found.unread == found.bounded == ()


def test_stores_of_others_are_not_kept(state: PlatformState) -> None:
    assert sorted(by_id(state)) == ["platform-cache", "platform-db"]
    assert (state.unread, state.bounds) == ((), ())


def test_a_cache_is_read_with_awss_own_words(aws: str) -> None:
    at = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)
    told = [
        {"SourceIdentifier": "platform-cache", "Message": "Test\x1bFailover " * 90, "Date": at},
        {"SourceIdentifier": "of-others", "Message": "x", "Date": at},
    ]
    found = by_id(refreshed(Recorder(aws, answers={CACHE_EVENTS: {"Events": told}})))
    (event,) = found["platform-cache"].events
    assert event.at == "2026-11-29T00:00:00+00:00"
    assert event.message.startswith("Test Failover Test") and len(event.message) == 400
    assert found["platform-cache"].kind is Kind.GROUP and found["platform-cache"].port == 6379


def test_of_many_events_the_newest_are_kept_and_the_rest_is_said(aws: str) -> None:
    at = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)
    raw = [
        {"SourceIdentifier": "platform-cache", "Message": str(n), "Date": at + n * MINUTE}
        for n in reversed(range(600))
    ]
    state = refreshed(Recorder(aws, answers={CACHE_EVENTS: {"Events": raw}}))
    found = by_id(state)["platform-cache"]
    assert [e.message for e in found.events] == [str(n) for n in range(580, 600)]
    assert found.bounded == ("events",)
    assert by_id(state)["platform-db"].bounded == state.bounds == ()


def test_without_a_name_the_endpoint_tells_which_store_it_is(aws: str) -> None:
    named = by_id(refreshed(Recorder(aws)))
    (host,) = named["platform-db"].endpoints
    known = with_stores(
        database={"instance": "", "discovery": host.upper()},
        cache={"instance": "", "url": f"redis://{named['platform-cache'].endpoints[0]}:6379"},
    )
    assert sorted(by_id(refreshed(Recorder(aws), known))) == ["platform-cache", "platform-db"]


def test_an_address_that_a_dependant_uses_tells_it_too(aws: str, state: PlatformState) -> None:
    """DB_HOST of the API's container is "db.local": the address of no store, so none is found."""
    known = with_stores(database={"instance": ""}, cache={"instance": ""})
    assert refreshed(Recorder(aws), known).stores == ()
    used = links.used(known, state.ecs_services, state.task_definitions)
    assert used["database"].hosts == {"db.local", "mlflow.local"}
    assert used["other"] == links.Used()


def test_a_name_that_is_not_found_may_be_a_proxy_and_is_unread(aws: str) -> None:
    """A proxy of RDS and a serverless cache are in neither list: the name may still be right."""
    known = with_stores(database={"instance": "a-proxy"})
    state = refreshed(Recorder(aws), known)
    assert (sorted(by_id(state)), state.unread) == (["platform-cache"], ("stores",))
    assert "a-proxy" not in unknown_names(known, state)


def test_where_no_store_is_wanted_aws_is_not_asked(aws: str) -> None:
    clients = Recorder(aws)
    run_by_ecs = {"instance": "", "ecs_service": "never-made"}
    refreshed(clients, with_stores(database=run_by_ecs, cache=run_by_ecs))
    assert clients.calls & OWN == set()
    clients = Recorder(aws)
    refresh_failing(clients, environment(), observe(clients, environment()), ["cache"])
    assert {a.split(":")[0] for a in clients.calls & OWN} == {"elasticache"}


@pytest.mark.parametrize("action", sorted(OWN))
def test_each_right_taken_away_is_said_and_costs_its_own_part(aws: str, action: str) -> None:
    state = refreshed(Recorder(aws, denied=action))
    assert [(u.action, u.denied) for u in state.unavailable] == [(action, True)]
    parts = {s.id: s.unread for s in state.stores if s.unread}
    if action.endswith("Events"):
        wanted = "platform-db" if action.startswith("rds") else "platform-cache"
        assert (parts, state.unread) == ({wanted: ("events",)}, ())
    else:
        assert (parts, state.unread) == ({}, ("stores",))


def test_each_kind_of_store_is_asked_for_its_own_events() -> None:
    known = "db-instance", "db-cluster", "replication-group", "cache-cluster"
    assert tuple(events.TYPES[kind] for kind in Kind) == known


def test_a_database_and_a_cache_of_one_name_keep_their_own_counts(aws: str) -> None:
    node = {"CacheClusterId": "platform-db", "CacheClusterStatus": "available"}
    counts = [{"Id": i, "Values": [v]} for i, v in (("m0x0", 5e10), ("m0x1", 40), ("m1x1", 9000))]
    lists = {
        "elasticache:DescribeReplicationGroups": {"ReplicationGroups": []},
        "elasticache:DescribeCacheClusters": {"CacheClusters": [node]},
        "cloudwatch:GetMetricData": {"MetricDataResults": counts},
        **ANSWERS,
    }
    state = refreshed(Recorder(aws, answers=lists), with_stores(cache={"instance": "platform-db"}))
    found = {s.kind: s for s in state.stores}
    told = [(s.free_bytes, s.connections) for s in (found[Kind.INSTANCE], found[Kind.NODES])]
    assert [(a and a.latest, b and b.latest) for a, b in told] == [(5e10, 40.0), (None, 9000.0)]


@pytest.mark.parametrize(
    ("service", "action", "key", "name"),
    [
        ("database", "rds:DescribeDBInstances", "DBInstances", "DBInstanceIdentifier"),
        ("cache", "elasticache:DescribeCacheClusters", "CacheClusters", "CacheClusterId"),
    ],
)
def test_the_bound_of_parts_names_the_list_that_has_them(
    aws: str, service: str, action: str, key: str, name: str
) -> None:
    of = {"database": "DBClusterIdentifier", "cache": "ReplicationGroupId"}[service]
    listed = [{name: f"n{n}", of: "whole"} for n in range(25)]
    known = with_stores(**{service: {"instance": "n0"}})
    state = refreshed(Recorder(aws, answers={action: {key: listed}, **ANSWERS}), known)
    assert len([s for s in state.stores if s.service == service]) == stores.MOST_PARTS
    assert [(b.action, b.resource, b.limit) for b in state.bounds] == [
        (action, service, stores.MOST_PARTS)
    ]


def test_without_metrics_only_the_counts_are_missing(aws: str) -> None:
    found = by_id(refreshed(Recorder(aws, denied="cloudwatch:GetMetricData")))
    assert found["platform-db"].free_bytes is None
    assert found["platform-db"].status == "available"


def member(name: str, parent: str = "", host: str = "") -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": name, "DBInstanceStatus": "available", "AllocatedStorage": 1,
        "DBClusterIdentifier": parent, "Endpoint": {"Address": host, "Port": 5432},
    }  # fmt: skip


def test_a_cluster_comes_with_its_members_and_a_member_with_its_cluster(aws: str) -> None:
    cluster = {
        "DBClusterIdentifier": "c1", "Status": "failing-over", "Engine": "aurora-postgresql",
        "Endpoint": "writer.example", "ReaderEndpoint": "reader.example", "AllocatedStorage": 1,
        "Port": 5432, "PendingModifiedValues": {"MasterUserPassword": "****"},
    }  # fmt: skip
    members = [member("m1", "c1"), member("m2", "c1", "m2.example"), member("x", "c2")]
    answers = {
        "rds:DescribeDBClusters": {"DBClusters": [cluster]},
        "rds:DescribeDBInstances": {"DBInstances": members},
        **ANSWERS,
    }
    for own in ({"instance": "C1"}, {"instance": "m2"}, {"instance": "", "discovery": "m2.example"},
                {"instance": "", "discovery": "reader.example"}):  # fmt: skip
        state = refreshed(Recorder(aws, answers=answers), with_stores(database=own))
        found = [s for s in state.stores if s.service == "database"]
        assert [(s.id, s.parent) for s in found] == [("c1", ""), ("m1", "c1"), ("m2", "c1")]
        assert (found[0].status, found[0].pending) == ("failing-over", ("MasterUserPassword",))
        assert found[0].endpoints == ("writer.example", "reader.example")
        assert {s.storage_gib for s in found} == {0}


def test_the_nodes_of_a_cache_have_endpoints_of_their_own() -> None:
    shard = {"PrimaryEndpoint": {"Address": "P.example", "Port": 6380}, "ReaderEndpoint": {}}
    group = shapes.group({"ReplicationGroupId": "g", "NodeGroups": [shard], "MultiAZ": "enabled"})
    assert (group.endpoints, group.port, group.multi_az) == (("p.example",), 6380, True)
    node = {"Endpoint": {"Address": "n1.example", "Port": 6379}}
    single = shapes.nodes({"CacheClusterId": "g-001", "CacheNodes": [node]})
    assert (single.endpoints, single.port, single.parent) == (("n1.example",), 6379, "")


@pytest.mark.parametrize(
    ("action", "names"),
    [
        ("rds:DescribeDBInstances", ("rds", "describe_db_instances")),
        ("elasticloadbalancing:DescribeTags", ("elbv2", "describe_tags")),
        ("ssm:DescribeParameters", ("ssm", "describe_parameters")),
        ("wafv2:GetWebACLForResource", ("wafv2", "get_web_acl_for_resource")),
    ],
)
def test_capitals_in_a_row_are_one_word(action: str, names: tuple[str, str]) -> None:
    assert operation_of(action) == names
