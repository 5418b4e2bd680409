"""Containers that listen elsewhere than their revision maps, and the revision that fits."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import EcsDeployment, PlatformState, Task, TaskDefinition
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs.listen_port import listening
from canary.model import Confidence, Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import HEALTHY, NAMES, case
from tests.canary.support.told_scenes import down

NAME = "hokusai-auth-development"


def revision(number: int, port: str = "8000", **more: Any) -> TaskDefinition:
    made = p.definition(NAMES, "auth", number)
    (one,) = made.containers
    return p.replace(made, containers=(p.replace(one, plain={"PORT": port}),), **more)


def platform(*revisions: TaskDefinition, **service: Any) -> PlatformState:
    """Return the platform with these revisions of auth; `service` changes its ECS service."""
    others = tuple(d for d in HEALTHY.task_definitions if d.family != NAME)
    state = p.replace(HEALTHY, task_definitions=(*others, *revisions))
    return faults.service(state, "auth", **service) if service else state


def found(
    state: PlatformState, before: PlatformState | None = None, results: list[Result] | None = None
) -> list[Finding]:
    return list(listening(case(state, before, *(down() if results is None else results))))


def test_a_container_that_listens_on_another_port_than_it_maps() -> None:
    wrong = revision(7, "9000")
    (one,) = found(platform(revision(6), wrong))
    assert (one.cause, one.service, one.resource) == ("port-mismatch", "auth", wrong.arn)
    assert one.confidence is Confidence.CERTAIN
    assert one.summary == (
        f"The container of {NAME} listens on 9000; its task definition maps 8000, where the"
        " balancer is refused (502)."
    )
    (line,) = one.evidence
    assert (line.resource, line.seen, line.expected, line.at) == (
        f"{NAME}:7", "PORT=9000, container port 8000", "PORT=8000", wrong.registered_at,
    )  # fmt: skip
    assert {f.check_id for f in one.explained_failures} == {
        "auth.health", "auth.target-group", "auth.ecs-service",
    }  # fmt: skip
    assert wrong.arn in one.remedy.inspect[0]
    assert found(platform(revision(6), revision(7))) == []
    assert found(platform(revision(6), wrong), results=[]) == []
    assert found(platform(revision(6), task_definition=wrong.arn)) == []  # it was not read


def task(number: int, **more: Any) -> Task:
    return p.replace(p.running_task(NAMES, "auth", number), arn=f"task/{number}", **more)


def test_each_revision_that_runs_counts_and_the_first_of_them_is_told() -> None:
    state = platform(revision(6, "5"), revision(7), tasks=(task(6), task(7)))
    assert [f.resource for f in found(state)] == [NAMES.revision("auth", 6)]
    both = platform(revision(6, "5"), revision(7, "4"), tasks=(task(6), task(7)))
    assert [f.resource for f in found(both)] == [NAMES.revision("auth", 6)]
    ended = platform(revision(6, "5"), revision(7), tasks=(task(6, last_status="STOPPED"),))
    assert found(ended) == []


def deployment(number: int, **more: int) -> EcsDeployment:
    counts = {"desired": 0, "running": 0, "pending": 0, **more}
    return EcsDeployment(
        id=str(number), status="ACTIVE", task_definition=NAMES.revision("auth", number),
        created_at=p.ago(9), **counts,
    )  # fmt: skip


def test_a_rollout_that_cannot_end_is_told_beside_it() -> None:
    def lines(*deployments: EcsDeployment) -> list[tuple[str, str, str]]:
        state = platform(revision(6), revision(7, "9"), deployments=deployments, running=1)
        (one,) = found(state)
        return [(e.resource, e.seen, e.expected) for e in one.evidence[1:]]

    said = (
        "2 deployments, running 1 of 1: a task runs and does not answer where the balancer asks,"
        " so the rollout cannot end"
    )
    for one in ({"running": 1}, {"pending": 1}, {"desired": 1}):
        assert lines(deployment(7, running=1), deployment(6, **one)) == [
            (NAME, said, "one deployment")
        ]
    assert lines(deployment(7, running=1), deployment(6)) == lines(deployment(7, running=1)) == []


def back(state: PlatformState, before: PlatformState | None = None) -> str:
    (one, *_) = found(state, before)
    if not one.remedy.fix:
        assert one.remedy.summary == one.remedy.decision == "Register a revision with PORT=8000."
        return ""
    (command,) = one.remedy.fix
    (target,) = [w for w in command.split() if ":task-definition/" in w]
    name = target.rpartition("/")[2]
    assert one.remedy.summary == f"Go back to {name}."
    return name.rpartition(":")[2]


def test_the_newest_older_revision_that_fits_comes_back_or_the_one_that_ran_before() -> None:
    wrong = revision(7, "9")
    assert back(platform(revision(5), revision(6), wrong)) == "6"
    assert back(platform(revision(6), revision(5), wrong)) == "6"
    assert back(platform(revision(5), revision(6, "4"), wrong)) == "5"
    assert back(platform(revision(5), revision(6, status="INACTIVE"), wrong)) == "5"
    assert back(platform(wrong, revision(8))) == ""
    foreign = revision(6, family="other", arn="arn:aws:ecs:x:1:task-definition/other:6")
    assert back(platform(foreign, wrong)) == ""
    was = platform(revision(5), revision(6), revision(7), task_definition=NAMES.revision("auth", 5))
    assert back(platform(revision(5), revision(6), wrong), was) == "5"
    same = platform(revision(5), revision(6), revision(7))
    assert back(platform(revision(5), revision(6), wrong), same) == "6"
