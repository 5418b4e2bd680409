"""Which container ended a task, what is quoted of it, and programs that cannot be started."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from canary.control_plane.state import Container, LogLine, StoppedContainer, Task, TaskDefinition
from canary.diagnose.core.case import Case
from canary.diagnose.ecs import exits
from canary.diagnose.ecs.last_words import last_words
from canary.diagnose.ecs.task_stops import stop_of
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = p.Names()
EXITED = "Essential container in task exited"
CANNOT_START = (
    "CannotStartContainerError: ResourceInitializationError: failed to create new container "
    "runtime task: failed to create shim task: OCI runtime create failed: runc create failed: "
    'unable to start container process: exec: "{}": {}: unknown'
)
BESIDE = (Container(name="app", image="i"), Container(name="log", image="i", essential=False))
DEFINITION = TaskDefinition(arn="d", family="f", revision=1, containers=BESIDE)


def container(name: str, code: int | None = None, reason: str = "") -> StoppedContainer:
    return StoppedContainer(name=name, exit_code=code, reason=reason)


def task(*containers: StoppedContainer, **fields: Any) -> Task:
    known = {
        "arn": "task/1", "service": NAMES.of("auth"), "task_definition": NAMES.revision("auth"),
        "last_status": "STOPPED", "stopped_at": p.ago(3), "created_at": p.ago(5),
        "stop_code": "EssentialContainerExited", "stopped_reason": EXITED,
    }  # fmt: skip
    return Task(**known | {"containers": containers} | fields)


def case(found: Task) -> Case:
    state = faults.service(p.healthy(), "auth", tasks=(found,))
    environment = p.environment(NAMES)
    return Case(results=(), state=state, environment=environment, previous=None, now=p.NOW)


@pytest.mark.parametrize(
    ("containers", "words", "named"),
    [
        ((container("app", 1),), "exit code 1", ""),
        ((container("app"),), "exit code unknown", ""),
        ((container("app", 143), container("proxy", 2)),
         "container app: exit code 143; container proxy: exit code 2", "container proxy"),
        ((container("app", 0), container("proxy", 137)),
         "container app: exit code 0; container proxy: exit code 137", ""),
        ((container("app", 1), container("proxy", 2)),
         "container app: exit code 1; container proxy: exit code 2", ""),
        ((container("app"), container("proxy", 2)),
         "container proxy: exit code 2", "container proxy"),
        # what is not essential ends no task
        ((container("app", 1), container("log", 9)),
         "container app: exit code 1; container log: exit code 9", "container app"),
        ((container("app", 0), container("log", 9)),
         "container app: exit code 0; container log: exit code 9", "container app"),
    ],
)  # fmt: skip
def test_the_container_that_ended_the_task_is_named(
    containers: tuple[StoppedContainer, ...], words: str, named: str
) -> None:
    found = task(*containers)
    assert (exits.codes(found), exits.first(found, DEFINITION)) == (words, named)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("serve", "executable file not found in $PATH"),
        ("./start.sh", "permission denied"),
        ("/app/start.sh", "stat /app/start.sh: no such file or directory"),
    ],
)
def test_a_program_that_cannot_be_started_is_no_missing_secret(program: str, why: str) -> None:
    reason = CANNOT_START.format(program, why)
    failed = {"stop_code": "TaskFailedToStart", "stopped_reason": "Task failed to start"}
    alone, beside = container("app", reason=reason), container("log", 143)
    found = stop_of(case(task(alone, **failed)), "auth")
    assert found is not None
    assert (found.cause, found.name) == ("task-crash-loop", "")
    assert found.words == f"Task failed to start {reason}"
    several = stop_of(case(task(beside, alone, **failed)), "auth")
    assert several is not None and several.name == "container app"


def test_each_container_that_ended_has_its_last_line_as_evidence() -> None:
    def line(name: str, text: str) -> LogLine:
        return LogLine(at=p.ago(3), message=text, stream=f"x/{name}/1")

    ended = task(container("app", 1), container("proxy", 139), container("log", 143))
    said = (line("app", "one"), line("app", "two"), line("proxy", "three"), line("proxy", ""))
    state = p.replace(case(ended).state, last_lines={ended.arn: said})
    told = last_words(replace(case(ended), state=state), "auth", ended)
    assert [(e.resource, e.seen) for e in told] == [
        ("last line of x/app/1", "two"), ("last line of x/proxy/1", "three"),
    ]  # fmt: skip


def with_logs(**groups: str) -> tuple[Case, Task]:
    """Return a case whose task has containers that write to these groups, and the task."""
    made = tuple(Container(name=n, image="i", log_group=g) for n, g in groups.items())
    state = p.healthy()
    own = next(d for d in state.task_definitions if d.arn == NAMES.revision("auth"))
    others = tuple(d for d in state.task_definitions if d.arn != own.arn)
    state = p.replace(state, task_definitions=(*others, p.replace(own, containers=made)))
    ended = task(*(container(n, 1) for n in groups), container("well", 0))
    return replace(case(ended), state=state), ended


def test_a_log_group_that_the_file_does_not_name_is_told_with_the_line_for_it() -> None:
    own = p.environment(NAMES).services["auth"].log_group
    of, ended = with_logs(app=own, proxy="/ecs/proxy", agent="/ecs/agent", well="")
    assert [(e.resource, e.expected) for e in last_words(of, "auth", ended)] == [
        ("log group /ecs/agent",
         'further_log_groups = ["/ecs/agent"] in [services.auth], then deploy again'),
        ("log group /ecs/proxy",
         'further_log_groups = ["/ecs/proxy"] in [services.auth], then deploy again'),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["/ecs/a b", '/x"]\n[notify]\npage = ["a"]', "/x*", "", "/ecs/é", "x" * 513]
)
def test_a_name_that_aws_cannot_have_stands_in_no_line_to_copy(name: str) -> None:
    of, ended = with_logs(app=name)
    assert last_words(of, "auth", ended) == ()
    of, ended = with_logs(app="x" * 512)
    assert len(last_words(of, "auth", ended)) == 1


def test_of_groups_that_the_file_names_no_line_is_asked_for() -> None:
    of, ended = with_logs(app=p.environment(NAMES).services["mlflow"].log_group)
    assert last_words(of, "auth", ended) == ()
    assert last_words(of, "auth", p.replace(ended, task_definition="of-nobody")) == ()


@pytest.mark.parametrize("code", [1, 126, 127, 137, 139, 143])
def test_a_container_that_ends_by_itself_is_a_crash_whatever_its_code(code: int) -> None:
    found = stop_of(case(task(container("app", code))), "auth")
    assert found is not None
    assert (found.cause, found.words) == ("task-crash-loop", f"{EXITED}; exit code {code}")


def test_a_kill_for_memory_is_told_by_awss_own_reason() -> None:
    killed = container("app", 137, "OutOfMemoryError: Container killed due to memory usage")
    found = stop_of(case(task(killed)), "auth")
    assert found is not None and found.cause == "task-out-of-memory"
