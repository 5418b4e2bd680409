"""Which revision is suspected, and to which one the remedy rolls back."""

from __future__ import annotations

import json
import shlex

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.model import Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p


def _two_deployments(older: int, newer: int, failed: int) -> PlatformState:
    """Return auth with a task on the wrong port, and a deployment whose tasks stop."""
    wrong = faults.by_id("auth-wrong-port").change(p.healthy())
    service = next(s for s in wrong.ecs_services if s.name == faults.NAMES.of("auth"))
    first = p.replace(service.deployments[0], status="ACTIVE", failed_tasks=older)
    definition = p.definition(faults.NAMES, "auth", newer)
    second = p.replace(
        service.deployments[0],
        id="ecs-svc/3",
        task_definition=definition.arn,
        failed_tasks=failed,
        running=0,
        rollout_state="IN_PROGRESS",
    )
    state = faults.service(
        wrong, "auth", task_definition=definition.arn, deployments=(second, first)
    )
    return p.replace(state, task_definitions=(*state.task_definitions, definition))


def test_an_older_deployment_with_failed_tasks_is_not_what_ecs_went_back_from() -> None:
    state = _two_deployments(older=1, newer=9, failed=3)
    results = faults.by_id("auth-wrong-port").failures()
    verdict = diagnose(results, state, p.environment(faults.NAMES), p.healthy(), p.NOW)
    back = {
        w for d in verdict.diagnoses for c in d.remedy.fix for w in c.split() if ":task-def" in w
    }
    assert {b.rpartition(":")[2] for b in back} == {"7"}


def test_what_a_running_task_answers_is_not_put_on_the_deployment_beside_it() -> None:
    state = _two_deployments(older=0, newer=9, failed=3)
    service = next(s for s in state.ecs_services if s.name == faults.NAMES.of("auth"))
    ended = faults.stops(
        "auth", "Essential container in task exited", "EssentialContainerExited", 1
    )
    dead = next(s for s in ended(state).ecs_services if s.name == service.name).tasks[0]
    state = faults.service(state, "auth", tasks=(*service.tasks, dead))
    results = [*faults.by_id("auth-wrong-port").failures(), p.control("ecs_service", "auth")]
    verdict = diagnose(results, state, p.environment(faults.NAMES), p.healthy(), p.NOW)
    first, second = verdict.diagnoses
    assert (first.cause, second.cause) == ("port-mismatch", "deployment-stuck")
    assert "auth.health" in first.explains and second.explains == ("auth.ecs-service",)


def test_a_role_that_lost_everything_is_granted_all_that_its_revision_reads() -> None:
    fault = faults.by_id("api-role-denied")
    state, results = faults.plant(fault)
    secrets = {"TOKEN": "arn:aws:secretsmanager:us-east-1:1:secret:one-AbCdEf:k::", "HOST": "/p/h"}
    definitions = tuple(
        p.replace(d, containers=(p.replace(d.containers[0], secrets=secrets),))
        for d in state.task_definitions
    )
    state = p.replace(state, task_definitions=definitions)
    verdict = diagnose(results, state, p.environment(faults.NAMES), p.healthy(), p.NOW)
    words = shlex.split(verdict.diagnoses[0].remedy.fix[0])
    policy = json.loads(words[words.index("--policy-document") + 1])
    kinds = [s["Action"] for s in policy["Statement"]]
    assert kinds == [["secretsmanager:GetSecretValue"], ["ssm:GetParameters"]]


def test_while_others_serve_tasks_that_end_are_no_answers_of_the_application() -> None:
    stuck = p.healthy()
    service = next(s for s in stuck.ecs_services if s.name == faults.NAMES.of("registry"))
    failing = p.replace(
        service.deployments[0], rollout_state="IN_PROGRESS", failed_tasks=3, created_at=p.ago(30)
    )
    stuck = faults.service(stuck, "registry", deployments=(failing,))
    results = [
        p.control("ecs_service", "registry"),
        p.failed("registration.model", "registry", p.answer(faults.PROXY, 500, "artifact: no")),
    ]
    verdict = diagnose(results, stuck, p.environment(faults.NAMES), p.healthy(), p.NOW)
    (found,) = [d for d in verdict.diagnoses if d.cause == "deployment-stuck"]
    assert found.explains == ("registry.ecs-service",)


def test_a_deployment_that_failed_without_a_roll_back_is_stuck() -> None:
    """The circuit breaker stops the deployment, and no roll back follows."""
    service = next(s for s in p.healthy().ecs_services if s.name == faults.NAMES.of("registry"))
    failing = p.replace(service.deployments[0], rollout_state="FAILED", failed_tasks=3)
    state = faults.service(p.healthy(), "registry", deployments=(failing,))
    results = [p.control("ecs_service", "registry")]
    (found,) = diagnose(results, state, p.environment(faults.NAMES), p.healthy(), p.NOW).diagnoses
    assert found.cause == "deployment-stuck"


def _brought_back(fault: str) -> tuple[PlatformState, PlatformState, list[Result]]:
    """Return a platform on an older, faulty revision, and its earlier state on the newer one."""
    state, results = faults.plant(faults.by_id(fault))
    newer = p.definition(faults.NAMES, "registry", 9)
    known = (*p.healthy().task_definitions, newer)
    before = faults.service(
        p.replace(p.healthy(), task_definitions=known), "registry", task_definition=newer.arn
    )
    state = p.replace(state, task_definitions=(*state.task_definitions, newer))
    old = next(d for d in state.task_definitions if d.family.endswith("registry-development"))
    if fault == "unmounted":  # this fault changes no revision; the older revision itself is faulty
        state = faults.service(state, "registry", task_definition=old.arn)
    return state, before, results


@pytest.mark.parametrize("fault", ["mlflow-url-wrong", "unmounted", "service-id"])
def test_an_older_revision_in_service_is_a_deployment_that_was_undone(fault: str) -> None:
    state, before, results = _brought_back(fault)
    verdict = diagnose(results, state, p.environment(faults.NAMES), before, p.NOW)
    (found,) = verdict.diagnoses
    assert (found.cause, verdict.unexplained) == ("deployment-not-effective", ())
    assert found.remedy.fix[0].count(":9 ") == 1


@pytest.mark.parametrize("how", ["its-tasks-failed", "its-checks-failed", "it-is-gone"])
def test_a_revision_that_was_left_for_a_reason_is_not_brought_back(how: str) -> None:
    state, before, results = _brought_back("mlflow-url-wrong")
    service = next(s for s in before.ecs_services if s.name == faults.NAMES.of("registry"))
    if how == "its-tasks-failed":
        failing = p.replace(service.deployments[0], failed_tasks=2)
        before = faults.service(before, "registry", deployments=(failing,))
    elif how == "its-checks-failed":
        before = p.replace(before, refreshed_services=("registry",))
    else:
        left = tuple(d for d in state.task_definitions if d.revision != 9)
        state = p.replace(state, task_definitions=left)
    verdict = diagnose(results, state, p.environment(faults.NAMES), before, p.NOW)
    assert "deployment-not-effective" not in {d.cause for d in verdict.diagnoses}
