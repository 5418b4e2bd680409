"""What AWS does not say of an object is empty, and never a value that means something."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from canary.control_plane import rollouts, stores, vpc
from canary.control_plane.edge import counters, dns, web_acl
from canary.model import Frozen

OBJECTS: tuple[tuple[Frozen, dict[str, Any]], ...] = (
    (
        vpc.Subnet(id="s", cidr="10.0.0.0/24"),
        {"zone": "", "ipv6_cidrs": (), "vpc_id": "", "owner": ""},
    ),
    (
        vpc.AclEntry(number=1, egress=False, allows=True, protocol="6", cidr="10.0.0.0/24"),
        {"from_port": -1, "to_port": -1},
    ),
    (vpc.NetworkAcl(id="a"), {"vpc_id": "", "entries": (), "associations": {}}),
    (
        vpc.Route(destination="0.0.0.0/0", target="igw-1"),
        {"kind": "", "state": "active", "origin": ""},
    ),
    (vpc.RouteTable(id="r"), {"vpc_id": "", "main": False, "subnets": (), "routes": ()}),
    (
        vpc.NatGateway(id="n", state="available"),
        {
            "subnet": "", "vpc_id": "", "connectivity": "public", "addresses": (), "failure": "",
            "deleted_at": "",
        },
    ),
    (
        vpc.Endpoint(id="e", type="Gateway", service="s3", state="available"),
        {"vpc_id": "", "private_dns": False, "subnets": (), "groups": (), "route_tables": ()},
    ),
    (
        rollouts.ServiceDeployment(service="s", arn="a", status="SUCCESSFUL"),
        {"reason": "", "created_at": "", "ended_at": "", "task_definition": "", "before": (),
         "back_to": "", "back_at": "", "alarms": ()},
    ),
    (rollouts.ScalingActivity(at="t", count=1, cause="c", status="Successful"), {"message": ""}),
    (
        rollouts.Scaling(service="s", least=0, most=2),
        {"suspended": (), "activities": (), "unread": ()},
    ),
    (
        stores.Store(service="database", kind=stores.Kind.INSTANCE, id="db"),
        {"doubtful": False, "arn": "", "status": "", "engine": "", "endpoints": (), "port": 0,
         "multi_az": False, "storage_gib": 0, "most_storage_gib": 0, "parent": "", "copy_of": "",
         "pending": (), "maintenance": "", "restarts_at": "", "events": (), "free_bytes": None,
         "connections": None, "memory_percent": None, "unread": (), "bounded": ()},
    ),
    (
        counters.Counter(load_balancer="lb", metric="m", total=1.0, minutes=15),
        {"target_group": "", "newest": ""},
    ),
    (
        dns.DnsRecord(zone_id="Z", type="A"),
        {"values": (), "alias": "", "set_id": "", "health": None, "config": {}},
    ),
    (
        web_acl.OwnRequest(method="GET", path="/", action="BLOCK", at="t"),
        {"status": 0, "inner": "", "run_id": "", "of_this_run": False},
    ),
    (
        web_acl.AclRule(name="r"),
        {"priority": 0, "action": "", "metric": "", "sampled": False, "ended": 0, "own": ()},
    ),
)  # fmt: skip


@pytest.mark.parametrize(("made", "rest"), OBJECTS, ids=lambda v: type(v).__name__)
def test_what_aws_does_not_say_is_empty(made: Frozen, rest: dict[str, Any]) -> None:
    fields = {f.name: f for f in msgspec.structs.fields(type(made))}
    assert {n: getattr(made, n) for n, f in fields.items() if not f.required} == rest


@pytest.mark.parametrize(
    ("kind", "is_database", "whole"),
    [
        (stores.Kind.INSTANCE, True, stores.Kind.CLUSTER),
        (stores.Kind.CLUSTER, True, stores.Kind.CLUSTER),
        (stores.Kind.GROUP, False, stores.Kind.GROUP),
        (stores.Kind.NODES, False, stores.Kind.GROUP),
    ],
)
def test_a_part_of_a_store_is_a_member_of_its_parent(
    kind: stores.Kind, is_database: bool, whole: stores.Kind
) -> None:
    alone = stores.Store(service="x", kind=kind, id="own")
    assert (alone.is_database, alone.whole) == (is_database, (kind, "own"))
    member = stores.Store(service="x", kind=kind, id="own", parent="all")
    assert (member.is_database, member.whole) == (is_database, (whole, "all"))


def test_kinds_are_kept_by_awss_words() -> None:
    assert [str(kind) for kind in stores.Kind] == [
        "instance", "cluster", "replication group", "cache cluster",
    ]  # fmt: skip


def deployment(at: str, service: str = "api", **fields: Any) -> rollouts.ServiceDeployment:
    known = {"service": service, "arn": f"sd/{at}", "status": "SUCCESSFUL", "created_at": at}
    return rollouts.ServiceDeployment(**{**known, **fields})


def test_the_newest_deployment_is_that_of_the_service_itself() -> None:
    old, new, other = deployment("01"), deployment("02"), deployment("03", "mlflow")
    assert rollouts.newest((old, new, other), "api") == new
    assert rollouts.newest((new, old), "api") == new
    assert rollouts.newest((other,), "api") is None


@pytest.mark.parametrize(
    ("status", "went_back"),
    [
        ("ROLLBACK_SUCCESSFUL", True), ("ROLLBACK_IN_PROGRESS", True), ("SUCCESSFUL", False),
        ("STOPPED", False), ("IN_PROGRESS", False),
    ],
)  # fmt: skip
def test_a_deployment_went_back_where_ecs_says_so(status: str, went_back: bool) -> None:
    assert deployment("01", status=status).went_back is went_back


def activity(count: int | None, status: str = "Successful") -> rollouts.ScalingActivity:
    return rollouts.ScalingActivity(at="t", count=count, cause="c", status=status)


@pytest.mark.parametrize(
    ("least", "done", "sets"),
    [
        (1, (activity(2),), True),
        (2, (activity(2),), True),  # its least count itself
        (3, (activity(2),), False),  # below its least count: somebody else
        (1, (activity(None), activity(2, "Failed"), activity(2)), True),
        (1, (activity(3), activity(2)), False),  # its last one set another
        (1, (activity(2, "Failed"),), False),
        (1, (activity(None),), False),
        (1, (), False),
    ],
)
def test_a_count_is_its_own_scalings_if_the_last_activity_set_it(
    least: int, done: tuple[rollouts.ScalingActivity, ...], sets: bool
) -> None:
    own = rollouts.Scaling(service="api", least=least, most=9, activities=done)
    other = rollouts.Scaling(service="mlflow", least=0, most=9, activities=(activity(7),))
    found = rollouts.set_by_itself((other, own), "api", 2)
    assert (found == done[-1] if sets else found is None) and bool(found) is sets
    assert rollouts.set_by_itself((own,), "mlflow", 2) is None
