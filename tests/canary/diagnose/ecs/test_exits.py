"""Which container ended a task, what is quoted of it, and programs that cannot be started."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import Container, StoppedContainer, Task, TaskDefinition
from canary.diagnose.core.case import Case
from canary.diagnose.ecs import exits
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
