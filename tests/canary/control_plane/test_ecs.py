"""What ECS's records mean: tables of plain values, with the texts that AWS documents."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.ecs import (
    connect_names,
    exited,
    is_failure,
    is_steady,
    live,
    never_started,
    primary,
    rolled_back,
    scaled_in,
)
from canary.control_plane.state import EcsDeployment, EcsService, Event, Task

SCHEDULER = "ServiceSchedulerInitiated"
SCALED = "Scaling activity initiated by (deployment ecs-svc/1)"


def task(code: str = "", reason: str = "", **fields: Any) -> Task:
    made = {
        "arn": "t", "service": "api", "task_definition": "td:1", "last_status": "STOPPED",
        "stopped_at": "2026-11-22T12:00:00+00:00", "stop_code": code, "stopped_reason": reason,
    }  # fmt: skip
    return Task(**made | fields)


def deployment(identifier: str, status: str, **fields: Any) -> EcsDeployment:
    return EcsDeployment(
        id=identifier, status=status, task_definition="td:1", desired=1, running=1, pending=0,
        **fields,
    )  # fmt: skip


def service(*deployments: EcsDeployment, events: tuple[str, ...] = (), **fields: Any) -> EcsService:
    return EcsService(
        name="api", arn="s", status="ACTIVE", desired=1, running=1, pending=0,
        task_definition="td:1", deployments=deployments,
        events=tuple(Event(at="", message=m) for m in events), **fields,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("EssentialContainerExited", ""),
        ("EssentialContainerExited", "Task stopped by user"),
        ("TaskFailedToStart", "ResourceInitializationError: unable to pull secrets"),
        ("TaskFailedToStart", ""),
        ("EssentialContainerExited", "Essential container in task exited"),
        (SCHEDULER, "Task failed ELB health checks in (target-group arn:aws:x)"),
        (SCHEDULER, "Task failed container health checks"),
        (SCHEDULER, "a reason that AWS has not documented"),
        (SCHEDULER, "Task failed while scaling activity initiated by (deployment ecs-svc/1)"),
        ("", "Essential container in task exited"),
        ("InfrastructureHealth", "The host is unhealthy"),
    ],
)
def test_stops_that_are_failures(code: str, reason: str) -> None:
    assert is_failure(task(code, reason))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (SCHEDULER, SCALED),
        (SCHEDULER, SCALED.upper()),
        (SCHEDULER, ""),
        ("UserInitiated", "Task stopped by user"),
        ("UserInitiated", "because it failed"),
        ("SpotInterruption", "Your Spot Task was interrupted."),
        ("TerminationNotice", "ECS is performing maintenance on the underlying infrastructure"),
        ("UserInitiated", "Essential container in task exited"),
        ("", "Task stopped by user"),
        ("", ""),
    ],
)
def test_stops_that_are_none(code: str, reason: str) -> None:
    assert not is_failure(task(code, reason))


def test_a_task_that_has_not_stopped_is_no_failure() -> None:
    assert not is_failure(task("EssentialContainerExited", stopped_at=""))


def test_stop_codes_tell_a_start_from_a_crash() -> None:
    codes = ("TaskFailedToStart", "EssentialContainerExited", SCHEDULER)
    assert [never_started(task(c)) for c in codes] == [True, False, False]
    assert [exited(task(c)) for c in codes] == [False, True, False]
    assert [scaled_in(task(SCHEDULER, r)) for r in (SCALED, "Task failed")] == [True, False]


def test_the_primary_deployment_is_the_one_in_force() -> None:
    old, new = deployment("ecs-svc/1", "ACTIVE"), deployment("ecs-svc/2", "PRIMARY")
    assert primary(service(new, old)) is new
    assert primary(service(old, new)) is new
    assert primary(service(old)) is None
    assert primary(None) is None


BACK = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/2."
EVENT, CAPITAL = (
    f"(service api) {word} back to deployment ecs-svc/2." for word in ("rolling", "Rolling")
)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (service(deployment("ecs-svc/2", "PRIMARY", rollout_reason=BACK)), BACK),
        (service(deployment("ecs-svc/2", "PRIMARY"), events=(EVENT,)), EVENT),
        (
            service(deployment("ecs-svc/2", "PRIMARY"), events=("", CAPITAL)),
            CAPITAL,
        ),
        (
            service(
                deployment("ecs-svc/2", "PRIMARY", rollout_reason="ECS deployment completed."),
                events=("(service api) has reached a steady state.", EVENT),
            ),
            EVENT,
        ),
    ],
)
def test_a_roll_back_is_what_ecs_reports_of_the_deployment_in_force(
    found: EcsService, message: str
) -> None:
    assert rolled_back(found) == message


@pytest.mark.parametrize(
    "found",
    [
        service(),
        service(deployment("ecs-svc/2", "PRIMARY", rollout_reason="ECS deployment in progress.")),
        # a later deployment has replaced the one that ECS went back to
        service(deployment("ecs-svc/3", "PRIMARY"), events=(EVENT,)),
        # the circuit breaker without roll back, and somebody who deployed anew
        service(deployment("ecs-svc/2", "PRIMARY", rollout_state="FAILED")),
        service(
            deployment("ecs-svc/2", "PRIMARY"),
            deployment("ecs-svc/1", "ACTIVE", rollout_state="FAILED"),
        ),
        service(deployment("ecs-svc/2", "ACTIVE", rollout_reason=BACK)),
    ],
)
def test_all_else_is_no_roll_back(found: EcsService) -> None:
    assert rolled_back(found) == ""


@pytest.mark.parametrize(
    ("message", "steady"),
    [
        ("(service api) has reached a steady state.", True),
        ("(service api) has started 1 tasks: (task 1).", False),
        ("(service api) (deployment ecs-svc/1) deployment completed.", False),
    ],
)
def test_only_one_event_says_that_a_service_is_steady(message: str, steady: bool) -> None:
    assert is_steady(Event(at="", message=message)) is steady


def test_live_tasks_run_and_have_an_address() -> None:
    good = task(last_status="RUNNING", address="10.0.0.1")
    others = (task(last_status="RUNNING"), task(address="10.0.0.2"))
    assert live(service(tasks=(good, *others))) == (good,)
    assert live(None) == ()


SPACE = "arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-1"


@pytest.mark.parametrize(
    ("services", "namespace", "names"),
    [
        ([{"portName": "http", "clientAliases": [{"port": 80, "dnsName": "Flow"}]}], "a.local",
         {"flow": 80}),
        ([{"portName": "http", "clientAliases": [{"port": 80}]}], "a.local", {"http.a.local": 80}),
        ([{"portName": "http", "discoveryName": "flow"}], "a.local", {"flow.a.local": 0}),
        ([{"portName": "http"}, {"portName": "grpc"}], "a.local",
         {"http.a.local": 0, "grpc.a.local": 0}),
        ([{"portName": "http"}], SPACE, {}),
        ([{"portName": "http", "clientAliases": [{"port": 80, "dnsName": "flow"}]}], SPACE,
         {"flow": 80}),
        ([], "a.local", {}),
    ],
)  # fmt: skip
def test_service_connect_names_a_service_by_aliases_else_in_its_namespace(
    services: list[dict[str, Any]], namespace: str, names: dict[str, int]
) -> None:
    config = {"enabled": True, "namespace": namespace, "services": services}
    newest = deployment("ecs-svc/2", "PRIMARY", service_connect=config)
    older = deployment("ecs-svc/1", "ACTIVE", service_connect={**config, "services": []})
    assert connect_names(service(older, newest)) == names
    off = deployment("ecs-svc/2", "PRIMARY", service_connect={**config, "enabled": False})
    assert connect_names(service(off)) == {}


def test_a_service_without_service_connect_has_no_such_name() -> None:
    assert connect_names(service(deployment("ecs-svc/1", "PRIMARY"))) == connect_names(None) == {}
