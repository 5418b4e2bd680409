"""Deployments that fail, crashes of services without a past, and services that are gone."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import Container, PlatformState
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.scenes.dependencies import NAME, REPORTED
from tests.canary.support.scenes.ecs import definition, on_revision
from tests.canary.support.told_scenes import (
    APP_SECRET,
    ENVIRONMENT,
    HEALTHY,
    NAMES,
    REGISTRY,
    Told,
    api,
    deployment,
    deployments,
    down,
    stopped,
)

CRASH = "Essential container in task exited"
ELSEWHERE = [{"registryArn": "arn:gone", "port": 5000}, {"registryArn": "arn:gone-too"}]
MINE = ENVIRONMENT.arn("servicediscovery", "service/srv-new")
NAMED = p.replace(HEALTHY, discovery=tuple(
    p.replace(d, arn=MINE) if d.name == NAME else d for d in HEALTHY.discovery))  # fmt: skip


def crashed(words: str = CRASH, **container: Any) -> PlatformState:
    """Return auth whose tasks end, with another container in revision 7."""
    return definition(stopped("auth", words, exit_code=1)[0], "auth", 7, container=container)


def stuck(minutes: float, state: str = "IN_PROGRESS", **more: Any) -> PlatformState:
    """Return auth with a deployment that began minutes ago."""
    newest = deployment(7, "PRIMARY", rollout_state=state, created_at=p.ago(minutes), **more)
    return deployments("auth", newest, deployment(6, "ACTIVE"))


def gone(registries: list[dict[str, Any]], state: PlatformState = NAMED) -> Told:
    """Return a platform without MLflow's service, which had these registries."""
    config = {"serviceRegistries": registries, "taskDefinition": NAMES.revision("mlflow")}
    before = faults.service(HEALTHY, "mlflow", config=config)
    kept = tuple(s for s in state.ecs_services if s.name != NAMES.of("mlflow"))
    state = p.replace(state, ecs_services=kept, missing_services=(NAMES.of("mlflow"),))
    return Told(p.change(state, "target_groups", NAMES.group("mlflow"), targets=()),
                [*REPORTED, p.control("ecs_service", "mlflow")], before)  # fmt: skip


def older(**before: Any) -> Told:
    """Return the API on revision 6 again, after 7 was there as told."""
    lost = api(p.answer(f"{REGISTRY}/api/v1/models", 404, "{}"), "registry.models")
    return Told(on_revision("registry", 6), [lost], faults.service(HEALTHY, "registry", **before))


(ONE,) = HEALTHY.ecs_services[1].deployments
SCENES = {
    "crash-without-a-log-group": Told(crashed(log_group=""), down()),
    "two-log-groups-of-which-one-is-gone": Told(
        definition(stopped("auth", "ResourceInitializationError: log group does not exist",
                           "TaskFailedToStart")[0], "auth", 7, containers=(
            Container(name="a", image="x", log_group="/ecs/b"),
            Container(name="b", image="x", log_group="/ecs/a"))), down()),
    "no-log-group-and-one-is-gone": Told(
        definition(stopped("auth", "ResourceInitializationError: log group does not exist",
                           "TaskFailedToStart")[0], "auth", 7, container={"log_group": ""}),
        down()),
    "crash-with-a-log-group-of-an-odd-name": Told(crashed(log_group="/ecs/a b"), down()),
    "crash-since-a-revision-and-a-changed-secret": Told(
        p.replace(crashed(), secrets=(APP_SECRET,)), down(), on_revision("auth", 6)),
    "crash-and-a-secret-of-one-version": Told(
        p.replace(crashed(), secrets=(p.replace(APP_SECRET, version_before=""),)), down()),
    "crash-of-four-tasks": Told(
        faults.service(crashed(), "auth", tasks=tuple(
            p.replace(t, arn=f"{t.arn}{n}") for t in crashed().ecs_services[0].tasks
            for n in range(4))), down()),
    "task-cannot-reach-aws": Told(
        stopped("auth", "ResourceInitializationError: unable to pull secrets or registry auth:"
                " unable to retrieve secret from asm: There is a connection issue between the task"
                " and AWS Secrets Manager. Check your task network configuration.",
                "TaskFailedToStart")[0], down()),
    "image-of-another-architecture-without-a-past": Told(
        stopped("auth", "CannotPullContainerError: pull image manifest has been"
                " retried 1 time(s): image Manifest does not contain descriptor"
                " matching platform linux/arm64", "TaskFailedToStart")[0], down()),
    "database-lacks-a-table-at-start": Told(
        p.replace(crashed(), last_lines={"task/auth/1": (faults.LogLine(
            at=p.ago(3), message="UndefinedTable: relation users does not exist"),)}), down()),
    "database-silent-at-start": Told(
        p.replace(crashed(), last_lines={"task/auth/1": (faults.LogLine(
            at=p.ago(3), message="could not connect to the database"),)}), down()),
    "variable-missing-at-start": Told(
        p.replace(crashed(), last_lines={"task/auth/1": (faults.LogLine(
            at=p.ago(3), message="KeyError: 'API_SECRET'"),)}), down()),
    "deployment-of-a-quarter-of-an-hour": Told(stuck(15), [p.control("ecs_service", "auth")]),
    "deployment-of-more-than-that": Told(stuck(15.01), [p.control("ecs_service", "auth")]),
    "deployment-with-a-failed-task": Told(
        stuck(2, failed_tasks=1), [p.control("ecs_service", "auth")]),
    "deployment-that-failed": Told(stuck(2, "FAILED"), [p.control("ecs_service", "auth")]),
    "rolled-back-and-the-old-one-fails-too": Told(
        deployments(
            "auth",
            deployment(6, "PRIMARY", failed_tasks=1, rollout_state="FAILED",
                       rollout_reason=faults.ROLLING_BACK),
            deployment(7, "INACTIVE", rollout_state="FAILED", failed_tasks=3, running=0),
            task_definition=NAMES.revision("auth", 6)),
        [p.control("ecs_service", "auth")]),
    "rolled-back-as-a-task-alone-shows": Told(
        deployments(
            "auth",
            deployment(6, "PRIMARY", rollout_state="COMPLETED",
                       rollout_reason=faults.ROLLING_BACK),
            task_definition=NAMES.revision("auth", 6), tasks=(
                p.running_task(NAMES, "auth", 6),
                *stopped("auth", CRASH, exit_code=1)[0].ecs_services[0].tasks)),
        [p.control("ecs_service", "auth", reason="rolled back")]),
    "service-that-no-run-saw-before": Told(
        crashed(), down(), p.replace(HEALTHY, ecs_services=HEALTHY.ecs_services[1:])),
    "scaled-to-zero-and-never-more": Told(
        faults.service(HEALTHY, "auth", desired=0, tasks=()), down(),
        faults.service(HEALTHY, "auth", desired=0)),
    "scaled-from-three-to-zero": Told(
        faults.service(HEALTHY, "auth", desired=0, running=1), down(),
        faults.service(HEALTHY, "auth", desired=3)),
    "service-gone-with-its-registry": gone(ELSEWHERE[:1]),
    "service-gone-with-its-registries": gone(ELSEWHERE),
    "service-gone-and-a-registry-is-there": gone([*ELSEWHERE[:1], {"registryArn": MINE}]),
    "service-gone-and-all-registries-are-there": gone([{"registryArn": MINE, "port": 5000}]),
    "service-gone-and-its-name-too": gone(ELSEWHERE, p.replace(HEALTHY, discovery=())),
    "older-revision-after-a-deployment-that-went-on": older(
        deployments=(ONE, p.replace(ONE, id="ecs-svc/2", status="ACTIVE"))),
    "older-revision-after-too-few-tasks": older(running=0),
    "older-revision-after-no-task": older(running=0, desired=0),
    "older-revision-after-failed-tasks": older(deployments=(p.replace(ONE, failed_tasks=1),)),
}  # fmt: skip
