"""Every status of RDS and ElastiCache that is a fault, and since when a store has it."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.baselines import Baseline, Baselines
from canary.control_plane.stable import reference
from canary.control_plane.stores import Kind, Readings, Store
from canary.diagnose.core.case import Case
from canary.diagnose.stores import links
from canary.model import Diagnosis, Result
from tests.canary.diagnose.stores.test_by_aws import ALL_FAIL, BLAMED, LOST, cache, db, event, judge
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

DATABASE = {
    "storage-full": ("database-full", "has no storage left"),
    **dict.fromkeys(
        ("stopped", "stopping", "starting", "deleting", "failed", "restore-error",
         "inaccessible-encryption-credentials", "inaccessible-encryption-credentials-recoverable",
         "incompatible-network", "incompatible-parameters", "incompatible-option-group",
         "incompatible-restore", "insufficient-capacity"),
        ("database-stopped", "does not run"),
    ),
    **dict.fromkeys(("failing-over", "rebooting", "promoting"),
                    ("database-failing-over", "is failing over or restarting")),
}  # fmt: skip
CACHE = {
    **dict.fromkeys(("deleting", "deleted", "create-failed", "creating", "incompatible-network",
                     "restore-failed"), ("cache-stopped", "does not run")),
    "rebooting cluster nodes": ("cache-failing-over", "is failing over or restarting"),
}  # fmt: skip


@pytest.mark.parametrize("status", DATABASE)
def test_each_status_of_a_database(status: str) -> None:
    cause, words = DATABASE[status]
    (found,) = judge(db(status=status), results=(BLAMED,))
    assert (found.cause, found.resource) == (cause, "arn:db")
    assert found.summary == f"The database platform-db {words}: AWS shows it as {status}."


@pytest.mark.parametrize("status", CACHE)
def test_each_status_of_a_cache(status: str) -> None:
    cause, words = CACHE[status]
    (found,) = [d for d in judge(cache(status=status), results=ALL_FAIL) if d.service == "cache"]
    assert (found.cause, found.resource) == (cause, "platform-cache")  # it has no ARN here
    assert found.summary == f"The cache platform-cache {words}: AWS shows it as {status}."


def test_the_words_tell_by_what_aws_shows_it() -> None:
    by_event = judge(db(events=(event("DB instance shutdown"),)), results=(BLAMED,))
    assert [d.summary for d in by_event] == [
        "The database platform-db is failing over or restarting: AWS shows it in its events."
    ]
    few = Readings(latest=1e8, least=1e8, most=1e9)
    assert [d.summary for d in judge(db(free_bytes=few), results=(BLAMED,))] == [
        "The database platform-db has no storage left: AWS shows it in its free storage."
    ]


def test_the_last_two_events_stand_in_the_evidence() -> None:
    told = tuple(event(f"DB instance restarted {k}", 9 - k) for k in range(3))
    (found,) = judge(db(events=told), results=(BLAMED,))
    lines = [(e.resource, e.seen, e.at) for e in found.evidence if e.resource.startswith("event")]
    assert lines == [("event of platform-db", e.message, e.at) for e in told[1:]]


OVER, BEGAN = "DB instance restarted", "Multi-AZ instance failover started."


@pytest.mark.parametrize(
    ("message", "minutes", "named"),
    [
        (OVER, 899 / 60, True), (OVER, 15, False), (BEGAN, 3599 / 60, True), (BEGAN, 60, False),
        ("DB instance stopped", 899 / 60, True), ("DB instance stopped", 15, False),
    ],
)  # fmt: skip
def test_what_is_over_counts_for_a_quarter_of_an_hour(
    message: str, minutes: float, named: bool
) -> None:
    found = judge(db(status="upgrading", events=(event(message, minutes),)), results=(BLAMED,))
    assert ("database-unreachable" not in {d.cause for d in found}) is named


def certain(*stores: Store, results: tuple[Result, ...] = (BLAMED,)) -> list[str]:
    found: list[Diagnosis] = judge(*stores, results=results)
    return [d.confidence.value for d in found if d.cause == "database-full"]


def full(minutes: float, **fields: Any) -> Store:
    text = "Allocated storage has been exhausted."
    return db(status="storage-full", events=(event(text, minutes),), **fields)


@pytest.mark.parametrize(
    ("minutes", "wanted"), [(3599 / 60, "CERTAIN"), (60, "LIKELY"), (1, "CERTAIN"), (-30, "LIKELY")]
)
def test_an_event_of_the_last_hour_makes_a_status_new(minutes: float, wanted: str) -> None:
    assert certain(full(minutes)) == [wanted]


def test_an_event_of_the_cause_tells_that_it_is_felt() -> None:
    assert certain(full(5), results=(LOST,)) == ["CERTAIN"]
    assert certain(db(status="storage-full"), results=(LOST,)) == ["LIKELY"]
    assert certain(full(5, doubtful=True)) == ["LIKELY"]
    assert certain(full(5, parent="c", kind=Kind.INSTANCE)) == ["LIKELY"]  # its cluster is unread


@pytest.mark.parametrize(
    ("fields", "since"),
    [
        ({"restarts_at": "2026-11-29T12:00:00+00:00"}, "2026-11-22T12:00:00+00:00"),
        ({"restarts_at": "2026-11-29T13:00:00+01:00"}, "2026-11-22T12:00:00+00:00"),
        ({"restarts_at": "2026-11-29T12:00:00"}, ""),  # of no time zone
        ({"restarts_at": "soon"}, ""),
        ({}, ""),
        ({"restarts_at": "2026-11-29T12:00:00+00:00", "status": "starting"}, ""),
    ],
)
def test_rds_starts_a_database_seven_days_after_it_stopped(
    fields: dict[str, Any], since: str
) -> None:
    assert links.stopped_at(db(**{"status": "stopped", **fields})) == since


def past(*ats: str) -> Case:
    """Return a run of checks that were well at these times."""
    healthy = p.healthy()
    results = tuple(p.failed(f"c{k}", "registry", p.answer(faults.PROXY, 500, "no"))
                    for k in range(len(ats) + 1))  # fmt: skip
    known = {
        f"c{k}": Baseline(reference=reference(healthy), state=healthy, at=at)
        for k, at in enumerate(ats)
    }
    return Case(results=results, state=healthy, previous=None, now=p.NOW,
                environment=p.environment(faults.NAMES), baselines=Baselines(of=known))  # fmt: skip


@pytest.mark.parametrize(
    ("ats", "well"),
    [
        ((), ""),
        (("2026-11-22T11:00:00+00:00",), "2026-11-22T11:00:00+00:00"),
        (("2026-11-22T11:00:00+00:00", "2026-11-22T12:30:00+01:00"), "2026-11-22T11:30:00+00:00"),
        (("2026-11-22T11:00:00+00:00", "odd"), "2026-11-22T11:00:00+00:00"),
        (("odd", "2026-11-22T10:00:00+00:00", "2026-11-22T09:00:00+00:00"),
         "2026-11-22T10:00:00+00:00"),
        (("odd",), ""),
    ],
)  # fmt: skip
def test_the_last_time_when_a_failing_check_was_well(ats: tuple[str, ...], well: str) -> None:
    case = past(*ats)
    assert links.well_at(case, frozenset(case.failures)) == well
    assert links.well_at(case, frozenset()) == ""


STOPPED = {"status": "stopped", "restarts_at": "2026-11-29T11:00:00+00:00"}  # since 11:00


@pytest.mark.parametrize(
    ("at", "new", "was_so"),
    [
        ("2026-11-22T10:59:59+00:00", True, False),
        ("2026-11-22T11:00:00+00:00", False, True),
        ("2026-11-22T11:30:00+00:00", False, True),
        ("odd", False, False),
    ],
)
def test_a_database_stopped_before_or_after_all_was_well(at: str, new: bool, was_so: bool) -> None:
    case = past(at)
    failures = frozenset(case.failures)
    assert links.is_new(case, db(**STOPPED), "database-stopped", failures) is new
    assert links.was_so(case, db(**STOPPED), failures) is was_so
    assert not links.was_so(case, db(status="stopped"), failures)


@pytest.mark.parametrize(
    "status",
    ["stopping", "rebooting", "failing-over", "promoting", "deleting", "rebooting cluster nodes"],
)
def test_statuses_that_pass_are_new(status: str) -> None:
    case = past()
    assert links.is_new(case, db(status=status), "x", frozenset())
    assert not links.is_new(case, db(status="failed"), "x", frozenset())
