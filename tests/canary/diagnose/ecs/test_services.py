"""Deployments that do not end, and how sure it is why tasks do not start."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs import services
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import HEALTHY, NAMES, case
from tests.canary.support.told_scenes import deployment, down, stopped


def found(state: PlatformState, before: PlatformState | None = HEALTHY) -> list[Finding]:
    return [*services.deployments(case(state, before, *down()))]


def auth(*deployed: Any, **fields: Any) -> PlatformState:
    known = {"deployments": deployed, "running": 0, "tasks": ()}
    return faults.service(HEALTHY, "auth", **{**known, **fields})


def newest(state: str, minutes: float = 5, **more: Any) -> Any:
    return deployment(7, "PRIMARY", rollout_state=state, created_at=p.ago(minutes),
                      rollout_reason="why", updated_at="then", **more)  # fmt: skip


@pytest.mark.parametrize(
    ("state", "minutes", "failed", "pending", "cause"),
    [
        ("FAILED", 5, 0, 1, "deployment-stuck"),
        ("IN_PROGRESS", 5, 0, 1, ""),
        ("IN_PROGRESS", 15, 0, 1, ""),
        ("IN_PROGRESS", 16, 0, 1, "deployment-stuck"),
        ("IN_PROGRESS", 5, 1, 1, "deployment-stuck"),
        ("COMPLETED", 16, 1, 1, ""),
        ("COMPLETED", 5, 0, 0, "deployment-stuck"),
        ("IN_PROGRESS", 5, 0, 0, "deployment-stuck"),
    ],
)
def test_a_deployment_that_does_not_come_through(
    state: str, minutes: float, failed: int, pending: int, cause: str
) -> None:
    rows = found(auth(newest(state, minutes, failed_tasks=failed), pending=pending))
    assert [f.cause for f in rows] == [cause] * bool(cause)


def test_a_service_that_runs_enough_or_has_no_deployment_is_not_stuck() -> None:
    good = newest("COMPLETED")
    assert found(auth(good, running=1)) == found(auth(running=0)) == []
    assert found(auth(good, desired=2, running=1, pending=1)) == []
    assert len(found(auth(good, desired=2, running=1))) == 1


def test_a_deployment_is_told_by_its_state_and_its_reason() -> None:
    (stuck,) = found(auth(newest("FAILED"), pending=1))
    assert stuck.summary == "The deployment of hokusai-auth-development does not end."
    assert [(e.seen, e.expected, e.at) for e in stuck.evidence] == [
        ("FAILED why", "rollout COMPLETED", "then")
    ]
    (short,) = found(auth(newest("COMPLETED"), pending=0))
    assert short.summary == (
        "ECS starts no task of hokusai-auth-development, though it runs too few."
    )
    assert [(e.resource, e.seen, e.expected) for e in short.evidence] == [
        ("hokusai-auth-development", "running 0 of 1, pending 0", "running 1")
    ]
    (waits,) = found(auth(newest("IN_PROGRESS"), pending=0))
    assert waits.evidence[0].seen == "IN_PROGRESS why"


def test_a_deployment_that_was_rolled_back_is_told_so() -> None:
    back = p.replace(newest("IN_PROGRESS"), rollout_reason="rolling back to this deployment")
    (told,) = found(auth(back, pending=1))
    assert (told.cause, told.summary) == (
        "deployment-rolled-back",
        "The deployment of hokusai-auth-development was rolled back.",
    )
    (done,) = found(auth(p.replace(back, rollout_state="COMPLETED"), pending=1))
    assert done.summary == told.summary
    assert done.evidence[0].seen == "COMPLETED rolling back to this deployment"


def start(words: str, **more: Any) -> tuple[str, str, str]:
    state, results = stopped("auth", words, **more)
    (one,) = services.not_starting(case(state, HEALTHY, *results))
    return one.cause, one.confidence.name, one.summary


def test_how_sure_it_is_why_tasks_end() -> None:
    name = NAMES.of("auth")
    assert start("CannotPullContainerError: not found", code="TaskFailedToStart") == (
        "image-pull-failed", "CERTAIN", f"{name} has an image that cannot be pulled.")  # fmt: skip
    assert start("OutOfMemoryError: killed", exit_code=137) == (
        "task-out-of-memory", "CERTAIN", f"{name} needs more memory than its tasks have."
    )  # fmt: skip


def test_a_service_without_tasks_is_scaled_to_what_it_had() -> None:
    def scaled(before: PlatformState | None) -> tuple[str, list[tuple[str, str]]]:
        state = faults.service(HEALTHY, "auth", desired=0, running=0, tasks=())
        (one,) = services.scaled_to_zero(case(state, before, *down()))
        return one.remedy.summary, [(e.seen, e.expected) for e in one.evidence]

    def told(count: int) -> tuple[str, list[tuple[str, str]]]:
        return (f"Set the desired count to {count}.",
                [("desired 0, running 0", f"desired {count}")])  # fmt: skip

    assert scaled(None) == scaled(HEALTHY) == told(1)
    assert scaled(faults.service(HEALTHY, "auth", desired=3)) == told(3)
    assert scaled(faults.service(HEALTHY, "auth", desired=0)) == told(1)
    assert [*services.scaled_to_zero(case(HEALTHY, None, *down()))] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("AccessDeniedException: x", "may not read what its tasks need at start"),
        ("ResourceNotFoundException: x",
         "refers to a secret or parameter that its tasks cannot get"),
        ("ResourceInitializationError: the log group does not exist",
         "names a log group that does not exist"),
        ("CannotStartContainerError: x: exec format error",
         "has an image for another processor architecture"),
        ("CannotPullContainerError: x", "has an image that cannot be pulled"),
        ("OutOfMemoryError: x", "needs more memory than its tasks have"),
        ("CannotStartContainerError: x", "names a program that its tasks cannot start"),
        ("Essential container in task exited", "has tasks that end soon after their start"),
        ("Task failed container health checks",
         "has tasks that fail their container's own health check"),
    ],
)  # fmt: skip
def test_each_reason_is_told_in_words(words: str, said: str) -> None:
    state, results = stopped("auth", words, exit_code=1)
    (one,) = services.not_starting(case(state, HEALTHY, *results))
    assert one.summary.startswith(f"{NAMES.of('auth')} {said}")
