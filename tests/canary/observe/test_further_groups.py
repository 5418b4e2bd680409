"""Log groups beside the service's own: read where the file names them, else told with the line."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from canary.config.aws_names import name_problems
from canary.control_plane.configured import is_readable, line_for
from canary.control_plane.state import Container, EcsService, StoppedContainer, Task, TaskDefinition
from canary.model import Environment, Service
from canary.observe import statements
from canary.observe.calls import Reader
from canary.observe.failing import last_lines
from tests.canary.support.moto_platform import Recorder, environment

NOW = dt.datetime.now(dt.UTC)


def where(**service: object) -> Environment:
    own = msgspec.structs.replace(Service(log_group="/ecs/web", ecs_service="web"), **service)
    return msgspec.structs.replace(environment(), services={"web": own, "cache": Service()})


@pytest.mark.parametrize(
    ("group", "named", "readable"),
    [
        ("/ecs/web", (), True),
        ("/ecs/web-proxy", (), False),
        ("/ecs/web-proxy", ("/ecs/web-proxy",), True),
        ("/ecs/web-proxy-2", ("/ecs/web-proxy",), False),
        ("/ecs/web-proxy-2", ("/jobs/*", "/ecs/web-*"), True),
        ("/ecs/web", ("/ecs/web-*",), True),
        ("/ecs/we", ("/ecs/web-*",), False),
        ("/ecs/web-proxy", ("/ecs/web",), False),
        ("", ("/ecs/*",), False),
    ],
)
def test_a_group_is_read_that_the_file_names_or_whose_beginning_it_names(
    group: str, named: tuple[str, ...], readable: bool
) -> None:
    file = where(further_log_groups=named)
    one = Container(name="proxy", image="i", log_group=group)
    assert is_readable(file, one) is readable
    assert not is_readable(file, msgspec.structs.replace(one, log_region="eu-west-1"))


def test_the_role_may_read_of_further_groups_a_tasks_own_stream_and_no_more() -> None:
    found = statements(where(further_log_groups=("/ecs/web-*", "/jobs/x")))
    logs = {"logs:GetLogEvents", "logs:FilterLogEvents"}
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:"
    assert {(p.action, p.resource.removeprefix(arn)) for p in found if p.action in logs} == {
        ("logs:FilterLogEvents", "/ecs/web:*"),
        ("logs:GetLogEvents", "/ecs/web:log-stream:*"),
        ("logs:GetLogEvents", "/ecs/web-*:log-stream:*"),
        ("logs:GetLogEvents", "/jobs/x:log-stream:*"),
    }


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("/ecs/web-proxy", False),
        ("/ecs/web-*", False),
        ("*", True),
        ("/*", True),
        ("/ecs/*-proxy", True),
        ("/ecs/web proxy", True),
    ],
)
def test_a_star_stands_at_the_end_of_a_beginning_alone(name: str, wrong: bool) -> None:
    problems = [*name_problems(where(further_log_groups=(name,)))]
    assert [p.partition(":")[0] for p in problems] == (
        ["services.web.further_log_groups"] if wrong else []
    )


@pytest.mark.parametrize(
    ("name", "service", "line"),
    [
        ("web", {}, 'further_log_groups = ["/x"]'),
        ("web", {"further_log_groups": ("/jobs/*",)}, 'further_log_groups = ["/jobs/*", "/x"]'),
        ("cache", {}, 'log_group = "/x"'),
        ("of-nobody", {}, 'further_log_groups = ["/x"]'),
    ],
)
def test_the_line_of_the_file_keeps_what_stands_there(
    name: str, service: dict[str, tuple[str, ...]], line: str
) -> None:
    assert line_for(where(**service), name, "/x") == line


@pytest.mark.parametrize(
    ("named", "expected"), [((), []), (("/ecs/web-side*",), ["no schema"]), (("/ecs/b",), [])]
)
def test_the_last_lines_of_a_container_are_read_where_the_file_names_its_group(
    aws: str, named: tuple[str, ...], expected: list[str]
) -> None:
    clients = Recorder(aws)
    group, stream = "/ecs/web-sidecar", "ecs/side/7"
    logs = clients.client("logs")
    known = {g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]}
    if group not in known:
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        event = {"timestamp": int(NOW.timestamp() * 1000), "message": "no schema"}
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])
    reader = Reader(Recorder(aws), where(further_log_groups=named))
    ended = Task(
        arn="arn:aws:ecs:us-east-1:1:task/c/7", service="web", task_definition="d",
        last_status="STOPPED", stop_code="EssentialContainerExited", stopped_at=NOW.isoformat(),
        containers=(StoppedContainer(name="side", exit_code=1),),
    )  # fmt: skip
    service = EcsService(
        name="web", arn="s", status="ACTIVE", desired=1, running=0, pending=0,
        task_definition="d", tasks=(ended,),
    )  # fmt: skip
    side = Container(name="side", image="i", log_group=group, log_prefix="ecs")
    definition = TaskDefinition(arn="d", family="web", revision=1, containers=(side,))
    found = last_lines.read(reader, (service,), (definition,), NOW, str)
    assert [line.message for lines in found.values() for line in lines] == expected
    assert reader.unavailable() == ()
