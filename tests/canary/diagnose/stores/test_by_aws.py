"""A store of which AWS shows a fault: named, as sure as it is shown, and started if it stopped."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import LogLine, PlatformState, Unavailable
from canary.control_plane.stores import Kind, Readings, Store, StoreEvent
from canary.diagnose import diagnose
from canary.model import Diagnosis, Result, Status, Step
from tests.canary.support import commands
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

LOST = p.failed("registry.x", "registry", p.answer(f"{faults.REGISTRY}/x", 500, "no"))
BLAMED = p.failed(
    "registry.ready", "registry",
    p.answer(f"{faults.REGISTRY}/ready", 503, '{"checks":{"database":{"healthy":false}}}'),
)  # fmt: skip
ALL_FAIL = (
    LOST,
    p.failed("auth.x", "auth", p.answer(f"{faults.AUTH}/x", 500, "no")),
    p.failed("mlflow.x", "registry", p.answer(f"{faults.REGISTRY}/mlflow/", 500, "no")),
)


def db(**fields: Any) -> Store:
    known = {"service": "database", "kind": Kind.INSTANCE, "id": "platform-db", "arn": "arn:db",
             "status": "available", "storage_gib": 20}  # fmt: skip
    return Store(**known | fields)


def cache(**fields: Any) -> Store:
    known = {"service": "cache", "kind": Kind.GROUP, "id": "platform-cache", "status": "available"}
    return Store(**known | fields)


ENDS = {
    "database-full": "Allocated storage has been exhausted. Allocate additional storage.",
    "database-stopped": "DB instance stopped",
    "database-failing-over": "DB instance shutdown",
}


def event(message: str, minutes: float = 2) -> StoreEvent:
    return StoreEvent(at=p.ago(minutes), message=message)


def judge(*stores: Store, results: tuple[Result, ...] = (LOST,), **more: Any) -> list[Diagnosis]:
    state: PlatformState = p.replace(p.healthy(), stores=stores, **more)
    names = faults.NAMES
    return list(diagnose(results, state, p.environment(names), p.healthy(), p.NOW).diagnoses)


def named(found: list[Diagnosis]) -> list[tuple[str, str, str]]:
    return [(d.cause, d.service, d.confidence.value) for d in found]


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("storage-full", "database-full"), ("stopped", "database-stopped"),
        ("stopping", "database-stopped"), ("failed", "database-stopped"),
        ("inaccessible-encryption-credentials", "database-stopped"),
        ("incompatible-network", "database-stopped"), ("rebooting", "database-failing-over"),
        ("failing-over", "database-failing-over"),
    ],
)  # fmt: skip
def test_a_status_names_the_cause_and_an_answer_makes_it_certain(status: str, cause: str) -> None:
    assert named(judge(db(status=status))) == [(cause, "database", "LIKELY")]
    part = db(status=status, events=(event(ENDS[cause], 50),))
    (found,) = judge(part, results=(BLAMED,))
    assert named([found]) == [(cause, "database", "CERTAIN")]
    assert found.resource == "arn:db"
    shown = next(e for e in found.evidence if e.resource == "platform-db")
    assert (shown.seen, shown.expected) == (f"status {status}", "available")
    assert found.remedy.inspect == (
        "aws rds describe-db-instances --region us-east-1 --db-instance-identifier platform-db",
    )


def test_all_who_ask_the_store_fail_which_is_certain_too() -> None:
    part = db(status="storage-full", events=(event(ENDS["database-full"], 50),))
    assert named(judge(part, results=ALL_FAIL)) == [("database-full", "database", "CERTAIN")]


@pytest.mark.parametrize(
    "status", ["available", "backing-up", "modifying", "maintenance", "odd", ""]
)
def test_a_store_that_serves_is_no_cause(status: str) -> None:
    causes = {d.cause for d in judge(db(status=status), results=(BLAMED,))}
    assert causes == {"database-unreachable"}


def test_without_a_failure_nothing_is_said_of_a_stopped_store() -> None:
    good = p.result("a.b", "auth", Step(name="x", status=Status.PASS), status=Status.PASS)
    assert judge(db(status="stopped"), results=(good,)) == []


def test_a_stopped_instance_is_started_and_the_way_back_stops_it() -> None:
    (found,) = judge(db(status="stopped", restarts_at="2026-11-29T12:00:00+00:00"),
                     results=(BLAMED,))  # fmt: skip
    remedy = found.remedy
    assert remedy.fix == (
        "aws rds start-db-instance --region us-east-1 --db-instance-identifier platform-db",
    )
    assert remedy.undo == (
        "aws rds stop-db-instance --region us-east-1 --db-instance-identifier platform-db",
    )
    assert remedy.decision.startswith("Somebody stopped it") and remedy.irreversible == ""
    assert [commands.faults_of(line) for line in (*remedy.fix, *remedy.undo)] == ["", ""]


def test_a_stopped_cluster_is_started_as_a_whole() -> None:
    whole = db(kind=Kind.CLUSTER, id="c1", status="stopped")
    member = db(id="m1", parent="c1", status="stopped")
    (found,) = judge(whole, member, results=(BLAMED,))
    assert found.remedy.fix == (
        "aws rds start-db-cluster --region us-east-1 --db-cluster-identifier c1",
    )


@pytest.mark.parametrize("status", ["stopping", "starting", "deleting", "failed", "storage-full"])
def test_nothing_else_is_started(status: str) -> None:
    (found,) = judge(db(status=status), results=(BLAMED,))
    assert found.remedy.fix == () and found.remedy.decision


@pytest.mark.parametrize(("states", "cause"), [
    (("rebooting", "available"), "database-unreachable"),
    (("rebooting", "rebooting"), "database-failing-over"),
])  # fmt: skip
def test_one_member_of_a_cluster_that_restarts_is_no_outage(
    states: tuple[str, str], cause: str
) -> None:
    members = (db(id=f"m{n}", parent="c1", status=s) for n, s in enumerate(states))
    found = judge(db(kind=Kind.CLUSTER, id="c1"), *members, results=(BLAMED,))
    assert [d.cause for d in found] == [cause]


@pytest.mark.parametrize(
    ("message", "minutes", "results", "wanted"),
    [
        ("Multi-AZ instance failover started.", 2, (BLAMED,), "CERTAIN"),
        ("Multi-AZ instance failover started.", 40, (BLAMED,), "CERTAIN"),
        ("Multi-AZ instance failover started.", 2, (LOST,), "LIKELY"),
        ("Multi-AZ instance failover completed", 2, (BLAMED,), "LIKELY"),
        ("DB instance shutdown", 2, (BLAMED,), "CERTAIN"),
        ("DB instance restarted", 2, (BLAMED,), "LIKELY"),
        ("Started cross AZ failover to DB instance: m2", 1, (BLAMED,), "CERTAIN"),
        ("Completed failover to DB instance: m2", 1, (BLAMED,), "LIKELY"),
    ],
)
def test_an_event_names_a_failover(
    message: str, minutes: float, results: tuple[Result, ...], wanted: str
) -> None:
    told = (event(message, minutes),)
    (found,) = judge(db(status="upgrading", events=told), results=results)
    assert named([found]) == [("database-failing-over", "database", wanted)]
    served = judge(db(status="available", events=told), results=results)
    assert named(served) == [("database-failing-over", "database", "LIKELY")]
    assert ("event of platform-db", message) in {(e.resource, e.seen) for e in found.evidence}
    assert found.remedy.fix == ()


@pytest.mark.parametrize(
    ("message", "minutes"),
    [
        ("Multi-AZ instance failover completed", 20),  # long ago
        ("DB instance restarted", -30),  # from the future
        ("Finished DB instance backup", 1),
        ("The free storage capacity for DB instance: x is low at 8% of the provisioned storage", 1),
        ("Automated backups deleted", 1),
        ("Performance Insights activation started", 1),
        ("A Multi-AZ conversion has started", 1),
        ("The parameter group failover-started was applied", 1),
        ("Recovery of standby DB instance has started", 1),
        ("Multi-AZ instance failover started.", 70),  # older than what is read
    ],
)
def test_other_events_accuse_nobody(message: str, minutes: float) -> None:
    found = judge(db(events=(event(message, minutes),)), results=(BLAMED,))
    assert [d.cause for d in found] == ["database-unreachable"]


@pytest.mark.parametrize(
    ("status", "cause"),
    [("available", "database-unreachable"), ("storage-optimization", "database-unreachable"),
     ("upgrading", "database-full"), ("storage-full", "database-full")],
)  # fmt: skip
def test_a_full_storage_is_over_once_the_database_serves(status: str, cause: str) -> None:
    """AWS: the status is `storage-full` as long as it is full; the event stands for an hour."""
    (found,) = judge(db(status=status, events=(event(ENDS["database-full"], 3),)),
                     results=(BLAMED,))  # fmt: skip
    assert found.cause == cause


def test_hardly_any_free_storage_is_likely_a_full_database() -> None:
    least = Readings(latest=1e8, least=1e8, most=1e9)
    (found,) = judge(db(free_bytes=least), results=(BLAMED,))
    assert named([found]) == [("database-full", "database", "LIKELY")]
    seen = {e.resource: e.seen for e in found.evidence}
    assert seen["storage of platform-db"] == "0.09 of 20 GiB free"
    enough = Readings(latest=1e9, least=1e8, most=1e9)
    assert [d.cause for d in judge(db(free_bytes=enough), results=(BLAMED,))] == [
        "database-unreachable"
    ]


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("FATAL: remaining connection slots are reserved", "database-connections-exhausted"),
        ("FATAL: password authentication failed for user x", "database-auth-failed"),
        ('could not extend file "base/1": No space left on device', "database-full"),
        ("a line that names nothing", "database-full"),
    ],
)
def test_a_count_of_free_storage_is_older_than_what_the_database_says(
    words: str, cause: str
) -> None:
    """CloudWatch counts once a minute: the storage may be mended since."""
    least = Readings(latest=1e8, least=1e8, most=1e9)
    logs = {"auth": (LogLine(at=p.ago(1), message=words),)}
    found = judge(db(free_bytes=least), results=ALL_FAIL, logs=logs)
    told = {d.cause for d in found if d.service == "database"}
    assert told == {cause}


@pytest.mark.parametrize(
    ("part", "cause"),
    [
        (cache(status="deleting"), "cache-stopped"),
        (cache(kind=Kind.NODES, status="rebooting cluster nodes"), "cache-failing-over"),
        (cache(kind=Kind.NODES, status="incompatible-network"), "cache-stopped"),
        (cache(events=(event("Failover to replica node platform-cache-002 completed"),)),
         "cache-failing-over"),
    ],
)  # fmt: skip
def test_a_cache_is_judged_by_its_own_statuses(part: Store, cause: str) -> None:
    down = '{"checks":{"redis":{"healthy":false}}}'
    ready = p.failed("registry.ready", "registry", p.answer(f"{faults.REGISTRY}/ready", 503, down))
    (found,) = judge(part, results=(ready,))
    assert (found.cause, found.service, found.remedy.fix) == (cause, "cache", ())
    ends = found.remedy.decision.endswith(" It is being deleted, and nothing ends that.")
    assert ends is (part.status == "deleting")


def test_a_store_that_nobody_failing_needs_accuses_nobody() -> None:
    ui = p.failed("mlflow.x", "mlflow", p.answer(f"{faults.REGISTRY}/mlflow/", 500, "no"))
    causes = {d.cause for d in judge(cache(status="deleting"), results=(ui,))}
    assert "cache-stopped" not in causes  # MLflow depends on the database alone


@pytest.mark.parametrize(
    "action",
    ["rds:DescribeDBInstances", "rds:DescribeDBClusters", "rds:DescribeEvents",
     "elasticache:DescribeReplicationGroups", "cloudwatch:GetMetricData"],
)  # fmt: skip
def test_a_denied_reading_is_said_and_makes_nothing_certain(action: str) -> None:
    gap = Unavailable(action=action, resource="*", code="AccessDenied", reason="no", denied=True)
    found = judge(results=(BLAMED,), unavailable=(gap,), unread=("stores",))
    assert [d.cause for d in found] == ["database-unreachable", "canary-permission-denied"]
    assert "CERTAIN" not in {d.confidence.value for d in found[:1]}


WORDS = LogLine(at=p.ago(1), message="FATAL: remaining connection slots are reserved")
FEW, MANY = Readings(latest=80, least=20, most=80), Readings(latest=80, least=75, most=90)


@pytest.mark.parametrize(
    ("stores", "logs", "wanted"),
    [
        ((), {"registry": (WORDS,)}, "POSSIBLE"),
        ((db(),), {"registry": (WORDS,)}, "POSSIBLE"),
        ((db(connections=MANY),), {"registry": (WORDS,)}, "POSSIBLE"),
        ((db(connections=FEW),), {"registry": (WORDS,)}, "LIKELY"),
        ((db(status="upgrading"),), {"registry": (WORDS,)}, "LIKELY"),
        ((), {"registry": (WORDS,), "auth": (WORDS,)}, "POSSIBLE"),  # one visitor may write both
    ],
)
def test_words_alone_are_possible_and_what_agrees_makes_them_likely(
    stores: tuple[Store, ...], logs: dict[str, tuple[LogLine, ...]], wanted: str
) -> None:
    (found,) = judge(*stores, logs=logs)
    assert named([found]) == [("database-connections-exhausted", "database", wanted)]
    assert WORDS.message in {e.seen for e in found.evidence}
    assert found.remedy.fix == () and "pg_stat_activity" in found.remedy.decision
    shows = "aws rds describe-db-instances --region us-east-1 --db-instance-identifier platform-db"
    assert (shows in found.remedy.inspect) is bool(stores)


def test_what_aws_shows_comes_before_what_services_say_of_it() -> None:
    logs = {"registry": (LogLine(at=p.ago(1), message="database: connection refused"),)}
    found = judge(db(status="stopped"), results=(BLAMED,), logs=logs)
    assert named(found) == [("database-stopped", "database", "LIKELY")]
    part = db(status="stopped", events=(event("DB instance stopped", 20),))
    assert named(judge(part, results=(BLAMED,), logs=logs)) == [
        ("database-stopped", "database", "CERTAIN")
    ]


def test_of_members_that_all_restart_the_first_is_named() -> None:
    members = tuple(db(id=f"m{n}", parent="c1", status="rebooting") for n in range(2))
    (found,) = judge(*members, results=(BLAMED,))
    assert found.summary.startswith("The database m0 is failing over or restarting:")


def test_a_store_that_only_a_service_without_failures_needs_is_not_felt() -> None:
    """The registry and the auth service ask the cache: one of them alone is not everybody."""
    part = cache(events=(event("Failover to replica node platform-cache-002 started"),),
                 status="modifying-odd")  # fmt: skip
    auth = p.failed("auth.x", "auth", p.answer(f"{faults.AUTH}/x", 500, "no"))
    assert named(judge(part, results=(LOST,))) == [("cache-failing-over", "cache", "LIKELY")]
    assert named(judge(part, results=(LOST, auth))) == [("cache-failing-over", "cache", "CERTAIN")]
