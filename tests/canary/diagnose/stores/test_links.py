"""A store that is perhaps another one, or was perhaps so for months, is never certain."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from canary.control_plane.baselines import Baseline, Baselines
from canary.control_plane.stable import reference
from canary.control_plane.stores import Kind, Store
from canary.diagnose import diagnose
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.stores import start_check
from canary.model import Diagnosis
from tests.canary.diagnose.stores.test_by_aws import (
    ALL_FAIL,
    BLAMED,
    cache,
    db,
    event,
    judge,
    named,
)
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

STOPPED = event("DB instance stopped", 20)
STARTED = "Multi-AZ instance failover started."


def beside(*stores: Store, well: float = 3) -> list[Diagnosis]:
    """Judge stores beside a baseline of so many minutes ago."""
    healthy = p.healthy()
    known = Baseline(reference=reference(healthy), state=healthy, at=p.ago(well))
    past = Baselines(of={BLAMED.check_id: known}, incident=known)
    state = p.replace(healthy, stores=stores)
    return list(diagnose((BLAMED,), state, p.environment(faults.NAMES), healthy, p.NOW,
                         past).diagnoses)  # fmt: skip


def again(minutes: float) -> str:
    """When RDS starts a database by itself that stopped so many minutes ago."""
    return (p.NOW - dt.timedelta(minutes=minutes) + dt.timedelta(days=7)).isoformat()


@pytest.mark.parametrize(
    "others",
    [
        (db(id="reporting", arn="arn:r", status="stopped", events=(STOPPED,)), db()),
        (db(doubtful=True, status="stopped", events=(STOPPED,)),),
        (db(), db(id="copy", copy_of="platform-db", status="stopped", events=(STOPPED,))),
    ],
)
def test_a_store_that_may_be_of_others_is_at_most_likely_and_is_not_started(
    others: tuple[Store, ...],
) -> None:
    (found,) = judge(*others, results=(BLAMED,))
    assert named([found]) == [("database-stopped", "database", "LIKELY")]
    assert found.remedy.fix == ()
    assert found.remedy.decision.startswith("See first whether ")
    assert "`instance` in the environment file" in found.remedy.decision


def test_a_replica_beside_its_source_leaves_the_source_certain() -> None:
    source = db(status="stopped", events=(STOPPED,))
    (found,) = judge(source, db(id="copy", copy_of="platform-db"), results=(BLAMED,))
    assert named([found]) == [("database-stopped", "database", "CERTAIN")]
    assert found.remedy.fix != ()


def test_another_store_that_may_have_been_so_for_months_is_possible() -> None:
    found = beside(db(), db(id="reporting", arn="arn:r", status="stopped"))
    assert [(d.cause, d.confidence.value, d.remedy.fix) for d in found] == [
        ("database-stopped", "POSSIBLE", ())
    ]


@pytest.mark.parametrize("status", ["stopped", "storage-full", "failed", "incompatible-network"])
def test_a_status_that_nobody_saw_begin_is_likely(status: str) -> None:
    (found,) = beside(db(status=status))
    assert (found.resource, found.confidence.value) == ("arn:db", "LIKELY")
    assert [d.confidence.value for d in judge(db(status=status), results=ALL_FAIL)] == ["LIKELY"]


def test_when_a_database_stopped_is_told_by_when_rds_starts_it() -> None:
    (new,) = beside(db(status="stopped", restarts_at=again(2)), well=3)
    assert (new.confidence.value, len(new.remedy.fix)) == ("CERTAIN", 1)
    (old,) = beside(db(status="stopped", restarts_at=again(90)), well=3)
    assert (old.confidence.value, old.remedy.fix) == ("LIKELY", ())
    (unknown,) = judge(db(status="stopped", restarts_at=again(90)), results=(BLAMED,))
    assert (unknown.confidence.value, len(unknown.remedy.fix)) == ("LIKELY", 1)
    (odd,) = beside(db(status="stopped", restarts_at="soon"))
    assert odd.confidence.value == "LIKELY"


@pytest.mark.parametrize("status", ["rebooting", "failing-over", "stopping"])
def test_a_status_that_lasts_minutes_is_new(status: str) -> None:
    assert [d.confidence.value for d in beside(db(status=status))] == ["CERTAIN"]


def cluster(**fields: Any) -> Store:
    return db(kind=Kind.CLUSTER, id="c", arn="arn:c", storage_gib=0, **fields)


def member(name: str, **fields: Any) -> Store:
    return db(id=name, arn=f"arn:{name}", parent="c", storage_gib=0, **fields)


def test_a_member_that_is_scaled_in_accuses_nobody() -> None:
    shut = (event("DB instance shutdown", 40),)
    found = judge(cluster(), member("w"), member("r", events=shut), results=(BLAMED,))
    assert [d.cause for d in found] == ["database-unreachable"]


def test_events_of_all_members_are_likely_and_those_of_the_cluster_too() -> None:
    shut = (event("DB instance shutdown", 4),)
    members = (member("w", events=shut), member("r", events=shut))
    assert named(judge(cluster(), *members, results=(BLAMED,))) == [
        ("database-failing-over", "database", "LIKELY")
    ]
    moved = (event("Started cross AZ failover to DB instance: r", 1),)
    whole = cluster(status="upgrading", events=moved)
    assert named(judge(whole, member("w"), member("r"), results=(BLAMED,))) == [
        ("database-failing-over", "database", "CERTAIN")
    ]


def test_without_its_cluster_one_member_that_restarts_is_no_outage() -> None:
    found = judge(member("w"), member("r", status="rebooting"), results=(BLAMED,))
    assert [d.cause for d in found] == ["database-unreachable"]
    both = (member("w", status="rebooting"), member("r", status="rebooting"))
    assert named(judge(*both, results=(BLAMED,))) == [
        ("database-failing-over", "database", "LIKELY")
    ]
    nodes = (cache(kind=Kind.NODES, id=n, parent="g", status=s)
             for n, s in (("a", "rebooting cluster nodes"), ("b", "available")))  # fmt: skip
    assert "cache-failing-over" not in {d.cause for d in judge(*nodes, results=ALL_FAIL)}


def test_where_events_were_left_out_none_is_known_to_last() -> None:
    began = db(status="upgrading", events=(event(STARTED, 4),), bounded=("events",))
    assert [d.confidence.value for d in judge(began, results=(BLAMED,))] == ["LIKELY"]
    long_ago = db(status="upgrading", events=(event(STARTED, 50),), bounded=("events",))
    assert "database-failing-over" not in {d.cause for d in judge(long_ago, results=(BLAMED,))}


@pytest.mark.parametrize(
    ("stores", "why"),
    [
        ((db(status="stopped"),), []),
        ((db(status="stopped", doubtful=True),),
         ["platform-db may be no database of this platform"]),
        ((db(status="stopped"), db(id="other")),
         ["platform-db may be no database of this platform"]),
        ((db(),), ["platform-db is not stopped"]),
        ((), ["platform-db is no database of this platform"]),
    ],
)  # fmt: skip
def test_only_the_services_own_database_is_started(
    stores: tuple[Store, ...], why: list[str]
) -> None:
    case = Case(
        results=(), state=p.replace(p.healthy(), stores=stores), previous=None, now=p.NOW,
        environment=p.environment(faults.NAMES),
    )  # fmt: skip
    edit = Edit(service="rds", operation="start-db-instance", resource="platform-db",
                parameters={"DBInstanceIdentifier": "platform-db"})  # fmt: skip
    assert list(start_check.started(case, edit)) == why
