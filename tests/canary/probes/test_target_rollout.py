"""A rollout's new target has ECS's grace period beside a healthy one."""

from __future__ import annotations

import pytest

from canary.control_plane.state import Task
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
