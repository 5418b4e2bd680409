"""Of a log the newest lines are read, and of a crashed task what it wrote last."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from typing import Any

import msgspec
import pytest

from canary.control_plane.state import (
    Bound,
    Container,
    EcsService,
    LogLine,
    StoppedContainer,
    Task,
    TaskDefinition,
)
from canary.model import Service
from canary.observe import logs
from canary.observe.calls import Reader
from canary.observe.failing import last_lines, log_groups
from tests.canary.support.moto_platform import Recorder, environment

GROUP = "/ecs/loud"


def written(aws: str, stream: str, lines: list[tuple[int, str]], group: str = GROUP) -> None:
    """Write lines (age in milliseconds, text) to a stream."""
    client = Recorder(aws).client("logs")
    for make in (
        lambda: client.create_log_group(logGroupName=group),
        lambda: client.create_log_stream(logGroupName=group, logStreamName=stream),
    ):
        with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
            make()
    now = int(time.time() * 1000)
    events = [{"timestamp": now - age, "message": text} for age, text in lines]
    client.put_log_events(
        logGroupName=group, logStreamName=stream, logEvents=sorted(events, key=_at)
    )


def _at(event: dict[str, Any]) -> int:
    return int(event["timestamp"])


def reader(aws: str, **more: Any) -> Reader:
    return Reader(Recorder(aws), msgspec.structs.replace(environment(), **more))


def read(found: Reader, group: str = GROUP) -> list[str]:
    now = dt.datetime.now(dt.UTC)
    return [line.message for line in logs.read(found, group, now, str)]


def test_of_more_lines_than_the_bound_the_newest_are_read_and_the_bound_is_said(aws: str) -> None:
    noise = [(600_000 + n, "GET /health 200") for n in range(logs.MAX_SCANNED + 50)]
    errors = [(20_000, "ERROR older"), (1_000, "ERROR newest"), (700_000, "ERROR oldest")]
    written(aws, "s", noise + errors)
    found = reader(aws)
    assert read(found) == ["ERROR older", "ERROR newest"]
    assert found.bounds() == (
        Bound(action="logs:FilterLogEvents", resource=GROUP, limit=2000, unit="events"),
    )


def test_a_quiet_log_is_read_to_its_end(aws: str) -> None:
    written(aws, "s", [(1_500_000, "ERROR a"), (1_000, "fine"), (2_000, "ERROR b")], "/ecs/quiet")
    found = reader(aws)
    assert read(found, "/ecs/quiet") == ["ERROR a", "ERROR b"]
    assert (found.bounds(), found.unavailable()) == ((), ())


def test_log_groups_that_do_not_exist_are_told(aws: str) -> None:
    services = {
        "a": Service(log_group="/ecs/api"),
        "b": Service(log_group="/ecs/ap"),  # a prefix of one that exists
        "c": Service(),
    }
    assert logs.missing(reader(aws, services=services)) == ("/ecs/ap",)


ENDED = dt.datetime.now(dt.UTC).isoformat()


def task(number: int, code: int | None, **more: Any) -> Task:
    known: dict[str, Any] = {
        "arn": f"arn:aws:ecs:us-east-1:1:task/c/{number}",
        "service": "web",
        "task_definition": "d",
        "last_status": "STOPPED",
        "stop_code": "EssentialContainerExited",
        "stopped_at": ENDED,
        "containers": (StoppedContainer(name="app", exit_code=code),),
    }
    return Task(**{**known, **more})


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (task(1, 1), ["Traceback", "RuntimeError: schema is out of date"]),
        (task(1, 1, last_status="RUNNING", stop_code="", stopped_at=""), None),
        (task(1, 1, stopped_at="2020-01-01T00:00:00+00:00"), None),
        (task(2, 1), None),  # it has no stream
    ],
    ids=["crashed", "runs", "long ago", "silent"],
)
def test_a_crashed_task_tells_its_last_lines(
    aws: str, one: Task, expected: list[str] | None
) -> None:
    written(aws, "ecs/app/1", [(2, "Traceback"), (1, "RuntimeError: schema is out of date")])
    found = reader(aws, services={"web": Service(log_group=GROUP)})
    texts = {arn: [line.message for line in told] for arn, told in last(found, one).items()}
    assert texts == ({one.arn: expected} if expected else {})
    assert found.unavailable() == ()


def test_denied_last_lines_are_said_to_be_unread(aws: str) -> None:
    written(aws, "ecs/app/1", [(1, "RuntimeError: schema is out of date")])
    clients = Recorder(aws, denied="logs:GetLogEvents")
    services = {"web": Service(log_group=GROUP)}
    found = Reader(clients, msgspec.structs.replace(environment(), services=services))
    assert last(found, task(1, 1)) == {}
    assert [(u.action, u.denied) for u in found.unavailable()] == [("logs:GetLogEvents", True)]
    assert last(found, task(3, 0)) == {}
    assert len(found.unavailable()) == 1


def last(found: Reader, one: Task) -> dict[str, tuple[LogLine, ...]]:
    """Read the last lines of the one task of a service."""
    service = EcsService(
        name="web", arn="s", status="ACTIVE", desired=1, running=0, pending=0,
        task_definition="d", tasks=(one,),
    )  # fmt: skip
    app = Container(name="app", image="i", log_group=GROUP, log_prefix="ecs")
    quiet = Container(name="side", image="i", log_group="/ecs/of-nobody", log_prefix="ecs")
    definition = TaskDefinition(arn="d", family="web", revision=1, containers=(app, quiet))
    return last_lines.read(found, (service,), (definition,), dt.datetime.now(dt.UTC), str)


def test_of_a_huge_event_the_beginning_is_kept_and_masked_whole(aws: str) -> None:
    """A secret that reaches over the end of what is shown is masked before it is cut."""
    secret = "hk_live_" + "a" * 60
    lines = [
        (2_000, "error " + "x" * 250_000),
        (1_000, "error " + "y" * (logs.MAX_LENGTH - 20) + secret + "z" * 100_000),
    ]
    written(aws, "huge/one", lines, "/ecs/huge")
    first, second = read(reader(aws), "/ecs/huge")
    assert first == "error " + "x" * (logs.MAX_LENGTH - 6)
    assert second.startswith("error yyy") and len(second) <= logs.MAX_LENGTH
    assert "hk_live_a" not in second


def test_of_a_reading_with_too_many_items_nothing_is_known(aws: str) -> None:
    """What is not among the first items may still be there: its absence proves nothing."""
    for n in range(4):
        Recorder(aws).client("logs").create_log_group(logGroupName=f"/many/{n}")
    for most, known in ((3, None), (4, 4)):
        found = Reader(Recorder(aws), environment(), most)
        listed = found.pages("logs:DescribeLogGroups", "logGroups", logGroupNamePrefix="/many/")
        assert (None if listed is None else len(listed)) == known
        said = [(u.action, u.code, u.reason) for u in found.unavailable()]
        why = "more than 3 items: none was kept"
        assert said == ([] if known else [("logs:DescribeLogGroups", "TooManyError", why)])


def named(found: Reader, *groups: str, region: str = "", **more: Any) -> dict[str, bool]:
    """Read the log groups of a task that did not start."""
    failed = task(1, None, stop_code="TaskFailedToStart", containers=(), **more)
    service = EcsService(
        name="web", arn="s", status="ACTIVE", desired=1, running=0, pending=0,
        task_definition="d", tasks=(failed,),
    )  # fmt: skip
    made = tuple(Container(name=g, image="i", log_group=g, log_region=region) for g in groups)
    definition = TaskDefinition(arn="d", family="web", revision=1, containers=made)
    return log_groups.read(found, (service,), (definition,), dt.datetime.now(dt.UTC))


def test_the_groups_of_tasks_that_failed_lately_are_looked_up(aws: str) -> None:
    Recorder(aws).client("logs").create_log_group(logGroupName="/tasks/there")
    services = {"web": Service(log_group="/ecs/of-the-file")}
    groups = ("/tasks/there", "/tasks/th", "/ecs/of-the-file", "")
    assert named(reader(aws, services=services), *groups) == {
        "/tasks/there": True, "/tasks/th": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [{"region": "eu-west-1"}, {"stopped_at": "2020-01-01T00:00:00+00:00"}, {"stopped_at": ""}],
    ids=["another region", "long ago", "runs"],
)
def test_other_groups_are_not_asked_for(aws: str, more: dict[str, str]) -> None:
    clients = Recorder(aws)
    assert named(Reader(clients, environment()), "/tasks/there", **more) == {}
    assert clients.calls == set()


def test_a_group_that_could_not_be_read_stays_unknown_and_a_bound_is_said(aws: str) -> None:
    denied = Reader(Recorder(aws, denied="logs:DescribeLogGroups"), environment())
    assert named(denied, "/tasks/there") == {}
    assert [(u.action, u.denied) for u in denied.unavailable()] == [
        ("logs:DescribeLogGroups", True)
    ]
    found = reader(aws)
    groups = [f"/tasks/{n}" for n in range(7)]
    assert named(found, *groups) == dict.fromkeys(groups[: log_groups.MAX_GROUPS], False)
    assert found.bounds() == (
        Bound(action="logs:DescribeLogGroups", resource="/tasks/5", limit=5, unit="log groups"),
    )
