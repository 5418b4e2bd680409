"""What agrees with the words of a store: its counts, its status, tasks that ended by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import PlatformState, Task
from canary.control_plane.stores import Kind, Readings, Store
from canary.diagnose.core.case import Case
from canary.diagnose.stores import agreement, events, refusals, remedies
from canary.model import Result, Role
from tests.canary.diagnose.stores.test_by_aws import BLAMED, LOST, cache, db, event
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import NAMES

GIB = 1024**3


def readings(latest: float, least: float = 0.0, most: float = 0.0) -> Readings:
    return Readings(latest=latest, least=least, most=most)


@pytest.mark.parametrize(
    ("part", "full"),
    [
        (db(free_bytes=readings(0.2 * GIB), storage_gib=20), True),  # one hundredth of it
        (db(free_bytes=readings(0.2 * GIB + 1), storage_gib=20), False),
        (db(free_bytes=readings(0.0), storage_gib=20), True),
        (db(free_bytes=readings(0.0), storage_gib=0), False),  # none is allocated
        (db(free_bytes=None, storage_gib=20), False),
    ],
)
def test_a_hundredth_of_the_storage_is_hardly_any(part: Store, full: bool) -> None:
    assert agreement.nearly_full(part) is full
    assert agreement.counted(part, refusals.FULL) is full
    assert not agreement.counted(part, refusals.CONNECTIONS)
    assert not agreement.counted(part, "database-unreachable")


@pytest.mark.parametrize(
    ("now", "many"),
    [
        (readings(40, 20, 42), True),  # twice as many, and 95 % of the most
        (readings(39, 20, 39), False),
        (readings(40, 20, 43), False),  # fewer than there were
        (readings(2, 0, 2), True),
        (readings(1, 0, 1), False),
        (readings(95, 20, 100), True),
    ],
)
def test_connections_that_rise_and_stay_agree(now: Readings, many: bool) -> None:
    assert agreement.counted(db(connections=now), refusals.CONNECTIONS) is many
    assert not agreement.counted(db(connections=now), refusals.CACHE_FULL)
    assert not agreement.counted(db(), refusals.CONNECTIONS)


@pytest.mark.parametrize(("percent", "full"), [(98.0, True), (97.9, False), (100.0, True)])
def test_a_cache_is_full_from_98_percent_on(percent: float, full: bool) -> None:
    part = cache(memory_percent=readings(percent))
    assert agreement.counted(part, refusals.CACHE_FULL) is full
    assert not agreement.counted(part, refusals.CACHE_MOVES)
    assert not agreement.counted(cache(), refusals.CACHE_FULL)


@pytest.mark.parametrize(
    ("status", "serves"),
    [
        ("available", True), ("backing-up", True), ("modifying", True), ("snapshotting", True),
        ("", True), ("configuring-iam-database-auth", True), ("storage-optimization", True),
        ("stopped", False), ("upgrading", False), ("rebooting", False), ("not-available", False),
    ],
)  # fmt: skip
def test_statuses_in_which_a_store_serves(status: str, serves: bool) -> None:
    assert agreement.serves(db(status=status)) is serves


def run(state: PlatformState, *results: Result) -> Case:
    return Case(
        results=results, state=state, previous=None, now=p.NOW, environment=p.environment(NAMES),
    )  # fmt: skip


def agrees(state: PlatformState, result: Result = LOST, **more: Any) -> bool:
    case = run(state, result)
    failures = frozenset(case.failures)
    known = {"cause": refusals.AUTH, "store": "database", "reporting": ["registry"]}
    return agreement.agrees(case, failures=failures, **{**known, **more})


def ended(minutes: float, **fields: Any) -> PlatformState:
    """The platform on which a task of the registry ended so many minutes ago."""
    task = Task(
        arn="task/1", service=NAMES.of("registry"), task_definition=NAMES.revision("registry"),
        last_status="STOPPED", stopped_at=p.ago(minutes), created_at=p.ago(minutes + 9),
        stop_code="EssentialContainerExited", stopped_reason="Essential container in task exited",
        **fields,
    )  # fmt: skip
    return faults.service(p.healthy(), "registry", tasks=(task,), running=1, desired=1)


URL = f"{faults.REGISTRY}/x"


@pytest.mark.parametrize(
    ("state", "result", "wanted"),
    [
        (p.healthy(), LOST, False),
        (p.healthy(), BLAMED, True),  # a document of its own names the store
        (p.healthy(), p.failed("a", "registry", p.none(URL, "read-timeout")), True),
        (p.healthy(), p.failed("a", "registry", p.none(URL, "reset")), True),
        (p.replace(p.healthy(), stores=(db(status="upgrading"),)), LOST, True),
        (p.replace(p.healthy(), stores=(db(),)), LOST, False),
        (p.replace(p.healthy(), stores=(cache(status="upgrading"),)), LOST, False),  # another
        (ended(29), LOST, True),
        (ended(31), LOST, False),
        (p.replace(ended(29), ecs_services=()), LOST, False),
        (faults.service(p.healthy(), "registry", running=0, desired=1), LOST, True),
        (faults.service(p.healthy(), "auth", running=0, desired=1), LOST, False),
    ],
)
def test_what_agrees_with_words(state: PlatformState, result: Result, wanted: bool) -> None:
    assert agrees(state, result) is wanted


def test_a_document_that_names_another_store_does_not_agree() -> None:
    assert not agrees(p.healthy(), BLAMED, store="cache")
    assert not agrees(p.healthy(), LOST, store="cache", reporting=[])


DATABASE_EVENTS: dict[str, tuple[str, ...]] = {
    "database-full": (
        "DB instance has reached the storage-full threshold",
        "Allocated storage has been exhausted. Allocate additional storage",
    ),
    "database-stopped": (
        "DB instance stopped", "DB cluster stopped", "DB instance deleted", "DB cluster deleted",
        "Database instance is in an incompatible state",
        "DB instance put into incompatible-network",
        "Database instance put into an incompatible-restore state",
    ),
}  # fmt: skip
BEGINS = (
    "Multi-AZ instance failover started.", "Multi-AZ instance activation started",
    "Multi-AZ instance recovery started", "DB instance shutdown",
    "Recovery of the DB instance has started. Recovery time will vary",
    "Started same AZ failover to DB instance: a", "Started cross-AZ failover to DB instance: a",
    "Promoting previous primary again",
)  # fmt: skip
ENDS = (
    "Multi-AZ instance failover completed", "Multi-AZ instance activation completed",
    "Multi-AZ instance recovery completed", "Multi-AZ failover to standby complete - DNS",
    "DB instance restarted", "DB instance started", "DB cluster started",
    "Recovery of the DB instance is complete", "Recovered from partial failover",
    "Completed failover to DB instance: a", "Cluster failover failed, check the status",
)  # fmt: skip
CACHE_BEGINS = (
    "Failover to replica node a-002 started",
    "Recovering cache nodes 0001",
    "Test Failover API called for node group 0001",
    "ElastiCache:CacheNodeReplaceStarted : a",
)
CACHE_ENDS = (
    "Failover from master node a-001 to replica node a-002 completed",
    "Failover from primary node a-001 to replica node a-002 completed",
    "Failover to replica node a-002 completed", "Finished recovery for cache nodes 0001",
    "Cache node 0001 restarted", "Cache nodes 0001,0002 rebooted", "ElastiCache:FailoverComplete",
    "ElastiCache:CacheNodesRebooted : 0001", "ElastiCache:CacheNodeReplaceComplete : a",
)  # fmt: skip
CACHE_GONE = (
    "Cache cluster deleted",
    "Replication group deleted",
    "Cluster deleted",
    "Group deleted",
    "ElastiCache:DeleteCacheClusterComplete : a",
)
OF_DATABASES = [
    *((t, cause, False) for cause, texts in DATABASE_EVENTS.items() for t in texts),
    *((t, "database-failing-over", True) for t in BEGINS),
    *((t, "database-failing-over", False) for t in ENDS),
]
OF_CACHES = [
    *((t, "cache-stopped", False) for t in CACHE_GONE),
    *((t, "cache-failing-over", True) for t in CACHE_BEGINS),
    *((t, "cache-failing-over", False) for t in CACHE_ENDS),
]


@pytest.mark.parametrize(
    ("kind", "text", "cause", "lasts"),
    [
        *((Kind.INSTANCE, *row) for row in OF_DATABASES),
        *((Kind.GROUP, *row) for row in OF_CACHES),
    ],
    ids=lambda v: str(v)[:40],
)  # fmt: skip
def test_an_event_points_to_its_cause_and_begins_or_ends_it(
    kind: Kind, text: str, cause: str, lasts: bool
) -> None:
    other = Kind.GROUP if kind is Kind.INSTANCE else Kind.INSTANCE
    for words in (text, text.upper(), f" {text}"):
        told = event(words)
        part = Store(service="x", kind=kind, id="x", events=(told, event("Backup finished")))
        assert events.cause_of(part, told) == cause
        assert [*events.causes(part)] == [cause]
        assert events.about(part, cause) == (told,)
        assert events.lasts(part, (told,)) is lasts
        assert events.cause_of(p.replace(part, kind=other), told) == ""
    inner = event(f"Somebody said: {text}")
    assert events.cause_of(Store(service="x", kind=kind, id="x"), inner) == ""


def test_the_newest_events_cause_comes_first_and_the_last_event_decides() -> None:
    began, over = event(BEGINS[0], 5), event(ENDS[0], 1)
    part = db(events=(event("DB instance stopped", 9), began, over))
    assert [*events.causes(part)] == [
        "database-failing-over", "database-failing-over", "database-stopped",
    ]  # fmt: skip
    assert events.about(part, "database-failing-over") == (began, over)
    assert (events.lasts(part, (over, began)), events.lasts(part, (began, over))) == (True, False)
    assert (events.about(part, "cache-stopped"), events.lasts(part, ())) == ((), False)


SHOW = "aws {} --region us-east-1 {}"


@pytest.mark.parametrize(
    ("part", "command"),
    [
        (db(), SHOW.format("rds describe-db-instances", "--db-instance-identifier platform-db")),
        (db(kind=Kind.CLUSTER),
         SHOW.format("rds describe-db-clusters", "--db-cluster-identifier platform-db")),
        (cache(), SHOW.format("elasticache describe-replication-groups",
                              "--replication-group-id platform-cache")),
        (cache(kind=Kind.NODES), SHOW.format("elasticache describe-cache-clusters",
                                             "--cache-cluster-id platform-cache")),
    ],
)  # fmt: skip
def test_a_command_shows_the_store_as_it_is(part: Store, command: str) -> None:
    assert remedies.describe(run(p.healthy(), LOST), part) == command


def test_what_cloudwatch_counts_is_told_where_it_was_read() -> None:
    case = run(p.healthy(), LOST)
    whole = db(
        free_bytes=readings(1.5 * GIB), connections=readings(80.4, 20.2, 90),
        memory_percent=readings(97.6),
    )  # fmt: skip
    assert [(e.resource, e.seen, e.at) for e in remedies.counts(case, whole)] == [
        ("storage of platform-db", "1.50 of 20 GiB free", case.state.read_at),
        ("connections of platform-db", "80 (in the last hour 20 to 90)", case.state.read_at),
        ("memory of platform-db", "98 % used", case.state.read_at),
    ]
    aurora = db(free_bytes=readings(GIB), storage_gib=0)
    assert [e.seen for e in remedies.counts(case, aurora)] == ["1.00 GiB free"]
    assert [*remedies.counts(case, db())] == []


def remedy(part: Store, cause: str) -> Any:
    case = run(p.replace(p.healthy(), stores=(part,)), LOST)
    return remedies.of(case, part, cause, frozenset(case.failures))


def test_a_stopped_database_is_started_and_a_member_or_a_cache_is_not() -> None:
    found = remedy(db(status="stopped"), "database-stopped")
    assert found.summary == "Start platform-db; until it is available, services fail."
    assert found.verify == found.inspect != ()
    for part in (db(status="stopped", parent="c"), cache(status="stopped"), db(status="failed")):
        other = remedy(part, "database-stopped")
        assert (other.fix, other.verify) == ((), ())
        assert other.decision == remedies.DECISIONS["database-stopped"]
        assert other.summary == remedies.DECISIONS["database-stopped"]


def test_when_rds_starts_it_by_itself_stands_in_the_decision() -> None:
    found = remedy(db(status="failed", restarts_at="2026-11-29"), "database-stopped")
    assert found.decision.endswith("bring it back. RDS starts it by itself at 2026-11-29.")
    doubtful = remedy(db(status="stopped", doubtful=True), "database-stopped")
    assert doubtful.decision.startswith(
        "See first whether platform-db is the database that fails: only an address"
    )
    assert doubtful.fix == ()


def test_every_cause_of_a_store_that_aws_shows_has_its_own_decision() -> None:
    for cause, words in remedies.DECISIONS.items():
        part = (cache if cause.startswith("cache") else db)(status="failed")
        assert remedy(part, cause).decision == words
    assert remedies.DECISIONS[refusals.FAILING_OVER] == remedies.DECISIONS[refusals.CACHE_MOVES]
    assert len(set(remedies.DECISIONS.values())) == len(remedies.DECISIONS) - 1


WORDS: tuple[tuple[Role, str, str], ...] = (
    *((Role.DATABASE, cause, f"sqlstate {code}") for cause, codes in {
        refusals.CONNECTIONS: ("53300",), refusals.FULL: ("53100",),
        refusals.READ_ONLY: ("25006",), refusals.FAILING_OVER: ("57P01", "57P02"),
        refusals.AUTH: ("28000", "3D000", "42501"), refusals.SCHEMA: ("42P01", "42703", "3F000"),
        refusals.LOCKED: ("40001", "55P03", "57014"),
        refusals.UNREACHABLE: ("08001", "53200", "53400", "58000", "XX000", "XX001", "XX002"),
    }.items() for code in codes),
    *((Role.DATABASE, cause, form) for cause, numbers in {
        refusals.CONNECTIONS: (1040, 1203), refusals.FULL: (1021, 1114),
        refusals.READ_ONLY: (1290, 1836), refusals.FAILING_OVER: (1053,),
        refusals.AUTH: (1044, 1045, 1049, 1129, 1130, 3159), refusals.SCHEMA: (1054, 1146),
        refusals.LOCKED: (1205, 1213), refusals.UNREACHABLE: (2002, 2003, 2006, 2013),
    }.items() for k in numbers for form in (f"({k}, 'x')", f'({k},"x")', f"ERROR {k} (HY000)")),
    *((Role.DATABASE, refusals.AUTH, f"permission denied for {what} runs") for what in (
        "table", "schema", "database", "relation", "sequence", "view", "function")),
    *((Role.DATABASE, refusals.AUTH, f"{how} authentication failed for user") for how in (
        "peer", "ident", "ldap", "gssapi", "certificate", "pam")),
    (Role.DATABASE, refusals.CONNECTIONS, "too many connections"),
    (Role.DATABASE, refusals.SCHEMA, "no such table"),
    (Role.DATABASE, refusals.LOCKED, "lock wait timeout exceeded"),
    (Role.DATABASE, refusals.UNREACHABLE, "could not translate host name"),
    (Role.DATABASE, refusals.UNREACHABLE, "SSL connection has been closed unexpectedly"),
    (Role.CACHE, refusals.CACHE_MOVES, "READONLY You can't write"),
    (Role.CACHE, refusals.CACHE_MOVES, "CLUSTERDOWN"),
    (Role.CACHE, refusals.CACHE_MOVES, "TRYAGAIN"),
    (Role.CACHE, refusals.CACHE, "ASK 3999 10.0.1.9:6381"),
)  # fmt: skip


@pytest.mark.parametrize(("role", "cause", "words"), WORDS, ids=lambda v: str(v)[:40])
def test_each_code_and_form_points_to_its_cause_and_to_no_other(
    role: Role, cause: str, words: str
) -> None:
    found = refusals.of(role, words)
    assert found is not None and (found.cause, found.role) == (cause, role)


@pytest.mark.parametrize("number", [1043, 1128, 1131, 1204, 1206, 1214, 1837, 2004, 1115, 1022])
def test_other_numbers_of_mysql_are_no_refusal(number: int) -> None:
    assert refusals.of(Role.DATABASE, f"({number}, 'x')") is None
    assert refusals.of(Role.DATABASE, f"ERROR {number} (HY000): x") is None


def test_one_failure_of_several_that_names_the_store_agrees() -> None:
    case = run(p.healthy(), LOST, BLAMED)
    known = {"cause": refusals.AUTH, "reporting": ["registry"]}
    assert agreement.agrees(case, store="database", failures=frozenset(case.failures), **known)
    assert not agreement.agrees(case, store="cache", failures=frozenset(case.failures), **known)


@pytest.mark.parametrize(("seconds", "agreed"), [(1799, True), (1800, False)])
def test_a_task_that_ended_half_an_hour_ago_is_too_old(seconds: float, agreed: bool) -> None:
    assert agrees(ended(seconds / 60)) is agreed


@pytest.mark.parametrize("cause", [refusals.AUTH, refusals.CONNECTIONS, refusals.CACHE_FULL])
def test_what_is_not_counted_does_not_fit(cause: str) -> None:
    assert agreement.counted(db(), cause) is False
