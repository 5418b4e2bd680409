"""A rollout's new target has ECS's grace period beside a healthy one."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import Event, Task
from canary.model import Status
from tests.canary.probes.test_state import CRASH, ago, bench, deployment, ecs, group, stopped


@pytest.mark.parametrize(
    ("state", "minutes", "others", "status"),
    [
        ("IN_PROGRESS", 1.0, ("healthy",), Status.PASS),
        ("IN_PROGRESS", 3.0, ("healthy",), Status.FAIL),  # the grace of two minutes is over
        ("COMPLETED", 1.0, ("healthy",), Status.FAIL),  # nothing rolls
        ("IN_PROGRESS", 1.0, (), Status.FAIL),  # nothing else serves
    ],
)
def test_a_starting_target_beside_a_healthy_one_is_no_failure(
    state: str, minutes: float, others: tuple[str, ...], status: Status
) -> None:
    task = Task(
        arn="t", service="api", task_definition="td:3", last_status="RUNNING",
        address=f"10.0.1.{len(others)}", started_at=ago(minutes),
    )  # fmt: skip
    service = ecs(deployments=(deployment(rollout_state=state),), tasks=(task,), grace_period_s=120)
    one = bench(target_groups=(group("api-tg", *others, "unhealthy"),), ecs_services=(service,))
    assert one.run("target_group") is status


@pytest.mark.parametrize(
    ("desired", "minutes", "others", "failed", "status"),
    [
        (2, 1.0, ("healthy",), False, Status.PASS),
        (3, 1.0, ("healthy", "healthy"), False, Status.PASS),
        (2, 3.0, ("healthy",), False, Status.FAIL),  # the grace of two minutes is over
        (2, 1.0, ("healthy", "healthy"), False, Status.FAIL),  # more targets than are wanted
        (2, 1.0, (), False, Status.FAIL),  # nothing else serves
        (2, 1.0, ("healthy",), True, Status.FAIL),  # tasks fail one after the other
    ],
)
def test_a_scaled_service_s_new_target_is_no_failure_though_nothing_rolls(
    desired: int, minutes: float, others: tuple[str, ...], failed: bool, status: Status
) -> None:
    task = Task(
        arn="t", service="api", task_definition="td:2", last_status="RUNNING",
        address=f"10.0.1.{len(others)}", started_at=ago(minutes),
    )  # fmt: skip
    tasks = (task, stopped(2, *CRASH)) if failed else (task,)
    service = ecs(desired=desired, running=desired, tasks=tasks, grace_period_s=120)
    one = bench(target_groups=(group("api-tg", *others, "unhealthy"),), ecs_services=(service,))
    assert one.run("target_group") is status


@pytest.mark.parametrize(
    ("running", "attached", "status"),
    [
        (1, True, Status.PASS),
        (2, True, Status.FAIL),  # all its tasks are known
        (1, False, Status.FAIL),  # a target of somebody else
    ],
)
def test_a_target_may_be_newer_than_the_reading_of_its_service(
    running: int, attached: bool, status: Status
) -> None:
    groups = ("arn:api-tg",) if attached else ()
    service = ecs(desired=2, running=running, target_groups=groups, grace_period_s=120)
    one = bench(target_groups=(group("api-tg", "healthy", "unhealthy"),), ecs_services=(service,))
    assert one.run("target_group") is status


YOUNG = Task(arn="t", service="api", task_definition="td:2", last_status="PENDING",
             created_at=ago(2))  # fmt: skip
OLD = Task(arn="t", service="api", task_definition="td:2", last_status="PENDING",
           created_at=ago(30))  # fmt: skip
UNABLE = Event(at=ago(1), message="(service api) was unable to place a task because of RAM.")
BEFORE = Event(at=ago(9), message="(service api) was unable to place a task because of RAM.")
READY = Event(at=ago(5), message="(service api) has reached a steady state.")
NAMED = Event(at=ago(1), message="(service unable-to-place) has started 1 tasks: (task 0a).")
BROKEN = Event(at=ago(1), message="(service has-reached-a-steady-state) was unable to place a task")
THROTTLED = Event(at=ago(1), message="(service api) operations are being throttled.")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, Status.PASS),  # asked at once: no task is there yet
        ({"tasks": (YOUNG,), "pending": 1}, Status.PASS),
        ({"events": (READY, BEFORE)}, Status.PASS),
        ({"events": (NAMED, READY)}, Status.PASS),  # a name is no complaint
        ({"events": (BROKEN, READY)}, Status.FAIL),  # nor a steady state
        ({"events": (THROTTLED, READY)}, Status.FAIL),
        ({"running": 0}, Status.FAIL),
        ({"tasks": (OLD,), "pending": 1}, Status.FAIL),
        ({"tasks": (stopped(2, *CRASH),)}, Status.FAIL),
        ({"events": (UNABLE, READY)}, Status.FAIL),
        ({"controller": "EXTERNAL"}, Status.FAIL),  # nobody starts one by itself
    ],
)
def test_a_service_that_grows_is_no_failure_unless_something_hinders_it(
    fields: dict[str, Any], status: Status
) -> None:
    one = bench(ecs_services=(ecs(**{"desired": 3, "running": 1, **fields}),))
    assert one.run("ecs_service") is status
