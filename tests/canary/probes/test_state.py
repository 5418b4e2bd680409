"""The control-plane kinds on plain values: a missing reading never counts as healthy."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from canary.control_plane.state import (
    Action,
    Condition,
    EcsDeployment,
    EcsService,
    Event,
    Forward,
    Listener,
    LoadBalancer,
    PlatformState,
    Rule,
    TargetGroup,
    TargetHealth,
    Task,
    Unavailable,
)
from canary.model import RouteRule, Service, Status
from canary.observe.calls import when
from tests.canary.support.servers.toolbox import Bench, FixedClock, environment

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def ago(minutes: float) -> str:
    return (NOW - dt.timedelta(minutes=minutes)).isoformat()


def bench(url: str = "https://r.example.com", **state: Any) -> Bench:
    service = Service(
        url=url,
        ecs_service="api",
        load_balancer="lb",
        target_groups=("api-tg",),
    )
    mlflow = Service(target_groups=("ml-tg",))
    routes = (
        RouteRule(host="r.example.com", path="/api/mlflow/x", service="target"),
        RouteRule(host="r.example.com", path="/mlflow/", service="ml"),
    )
    where = environment(services={"target": service, "ml": mlflow}, routes=routes)
    return Bench(where, state=PlatformState(read_at=ago(0), **state), clock=FixedClock(NOW))


def deployment(**more: Any) -> EcsDeployment:
    fields: dict[str, Any] = {
        "id": "ecs-svc/1", "status": "PRIMARY", "task_definition": "td:2", "desired": 1,
        "running": 1, "pending": 0, "rollout_state": "COMPLETED", "created_at": ago(60),
    }  # fmt: skip
    return EcsDeployment(**fields | more)


def ecs(**more: Any) -> EcsService:
    fields: dict[str, Any] = {
        "name": "api", "arn": "arn:api", "status": "ACTIVE", "desired": 1, "running": 1,
        "pending": 0, "task_definition": "td:2", "deployments": (deployment(),),
    }  # fmt: skip
    return EcsService(**fields | more)


def stopped(minutes: float, reason: str, code: str, by: str = "ecs-svc/1") -> Task:
    return Task(
        arn=f"t{minutes}",
        service="api",
        task_definition="td:2",
        last_status="STOPPED",
        stop_code=code,
        stopped_reason=reason,
        stopped_at=ago(minutes),
        started_by=by,
    )


ROLLBACK = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/0."
ROLLING = Event(at=ago(5), message="(service api) rolling back to deployment ecs-svc/1.")
CRASH = ("Essential container in task exited", "EssentialContainerExited")
NO_START = ("ResourceInitializationError: unable to pull secrets", "TaskFailedToStart")
SCALED = ("Scaling activity initiated by (deployment ecs-svc/1)", "ServiceSchedulerInitiated")
UNHEALTHY = (
    "Task failed ELB health checks in (target-group arn)",
    "ServiceSchedulerInitiated",
)
STEADY = Event(at=ago(1), message="(service api) has reached a steady state.")
BETWEEN = Event(at=ago(6), message="(service api) has reached a steady state.")


@pytest.mark.parametrize(
    ("service", "failing"),
    [
        (ecs(), set()),
        (ecs(running=0), {"tasks"}),
        (ecs(desired=0, running=0), {"tasks"}),
        (ecs(status="DRAINING"), {"tasks"}),
        (ecs(deployments=(deployment(rollout_state="FAILED"),)), {"rollout"}),
        (ecs(deployments=()), {"rollout"}),
        (ecs(deployments=(deployment(rollout_state="IN_PROGRESS", created_at=ago(5)),)), set()),
        (
            ecs(deployments=(deployment(rollout_state="IN_PROGRESS", created_at=ago(20)),)),
            {"rollout"},
        ),
        (
            ecs(
                deployments=(
                    deployment(rollout_state="IN_PROGRESS", created_at=ago(5), failed_tasks=1),
                )
            ),
            {"rollout"},
        ),
        (ecs(deployments=(deployment(rollout_reason=ROLLBACK, created_at=ago(5)),)), {"rollout"}),
        (ecs(deployments=(deployment(rollout_reason=ROLLBACK, created_at=ago(90)),)), set()),
        (ecs(deployments=(deployment(created_at=ago(5)),), events=(ROLLING,)), {"rollout"}),
        (
            ecs(deployments=(deployment(id="ecs-svc/9", created_at=ago(1)),), events=(ROLLING,)),
            set(),
        ),
        (ecs(tasks=(stopped(3, *CRASH),)), {"stopped tasks"}),
        (ecs(tasks=(stopped(3, *UNHEALTHY),)), {"stopped tasks"}),
        (ecs(tasks=(stopped(3, *NO_START),)), {"stopped tasks"}),
        (ecs(tasks=(stopped(3, *SCALED),)), set()),
        (ecs(tasks=(stopped(3, "Task stopped by user", "UserInitiated"),)), set()),
        (ecs(tasks=(stopped(20, *CRASH),)), set()),
        (ecs(tasks=(stopped(3, *CRASH, by="ecs-svc/0"),)), set()),
        (ecs(tasks=(stopped(3, *CRASH),), events=(STEADY,)), set()),
        (ecs(tasks=(stopped(3, *NO_START), stopped(4, *NO_START)), events=(STEADY,)), set()),
        (ecs(tasks=(stopped(3, *UNHEALTHY), stopped(9, *CRASH)), events=(STEADY,)), set()),
        (
            ecs(tasks=(stopped(3, *CRASH), stopped(9, *CRASH)), events=(STEADY, BETWEEN)),
            {"stopped tasks"},
        ),
    ],
)
def test_an_ecs_service_is_judged_by_counts_rollout_and_stopped_tasks(
    service: EcsService, failing: set[str]
) -> None:
    one = bench(ecs_services=(service,))
    one.run("ecs_service")
    assert {s.name for s in one.steps if s.status is Status.FAIL} == failing
    assert all(s.reason for s in one.steps if s.status is Status.FAIL)


def test_within_one_second_milliseconds_tell_whether_a_steady_state_came_after() -> None:
    """Times as the readers give them: the order of a stop and a steady state decides."""
    second = dt.datetime.fromisoformat(ago(2)).replace(microsecond=0)
    early, late = (when(second + dt.timedelta(milliseconds=ms)) for ms in (120, 961))
    task = msgspec.structs.replace(stopped(2, *UNHEALTHY), stopped_at=early)
    steady = msgspec.structs.replace(STEADY, at=late)
    cases = ((early, late, set()), (early, early, set()), (late, early, {"stopped tasks"}))
    for stop, event, failing in cases:
        found = ecs(
            tasks=(msgspec.structs.replace(task, stopped_at=stop),),
            events=(msgspec.structs.replace(steady, at=event),),
        )
        one = bench(ecs_services=(found,))
        one.run("ecs_service")
        assert {s.name for s in one.steps if s.status is Status.FAIL} == failing


def test_a_service_that_ecs_does_not_know_fails() -> None:
    assert bench(missing_services=("api",)).run("ecs_service") is Status.FAIL
    assert bench(cluster_missing=True).run("ecs_service") is Status.FAIL


@pytest.mark.parametrize("kind", ["ecs_service", "target_group", "listener_rule"])
@pytest.mark.parametrize("read", [True, False])
def test_what_could_not_be_read_is_an_error_and_never_a_pass(kind: str, read: bool) -> None:
    denied = tuple(
        Unavailable(action=action, resource="*", code="AccessDenied", reason="no", denied=True)
        for action in (
            "ecs:DescribeServices",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeRules",
        )
    )
    one = bench(unavailable=denied)
    if not read:
        one.state = PlatformState()
    assert one.run(kind) is Status.ERROR
    assert all("could not tell" in s.reason for s in one.steps)


def group(name: str = "api-tg", *states: str, balancers: tuple[str, ...] = ("a/lb/1",)) -> Any:
    targets = tuple(
        TargetHealth(id=f"10.0.1.{i}", port=8001, state=state) for i, state in enumerate(states)
    )
    return TargetGroup(
        arn=f"arn:{name}",
        name=name,
        protocol="HTTP",
        port=8001,
        load_balancers=balancers,
        targets=targets,
    )


@pytest.mark.parametrize(
    ("states", "failing"),
    [
        (("healthy",), set()),
        (("healthy", "draining"), set()),
        (("healthy", "initial"), set()),
        (("initial",), {"healthy"}),
        (("unhealthy",), {"healthy"}),
        (("healthy", "unhealthy"), {"healthy"}),
        (("draining",), {"registered", "healthy"}),
        ((), {"registered", "healthy"}),
    ],
)
def test_a_target_group_needs_healthy_targets(states: tuple[str, ...], failing: set[str]) -> None:
    one = bench(target_groups=(group("api-tg", *states),))
    one.run("target_group")
    assert {s.name.split()[-1] for s in one.steps if s.status is Status.FAIL} == failing


def test_a_target_group_without_load_balancer_or_missing_fails() -> None:
    assert bench(target_groups=(group("api-tg", "healthy", balancers=()),)).run(
        "target_group"
    ) is Status.FAIL  # fmt: skip
    assert bench().run("target_group") is Status.FAIL


def rule(priority: str, target: str = "", *paths: str, **action: Any) -> Rule:
    conditions = (Condition(field="path-pattern", values=paths),) if paths else ()
    forwards = (Forward(target_group=f"arn:{target}"),) if target else ()
    fields = {"type": "forward" if target else "fixed-response"} | action
    return Rule(
        arn=f"rule/{priority}",
        priority=priority,
        conditions=conditions,
        action=Action(forwards=forwards, **fields),
    )


def for_host(one: Rule, *hosts: str) -> Rule:
    host = Condition(field="host-header", values=hosts)
    return msgspec.structs.replace(one, conditions=(*one.conditions, host))


REDIRECT = rule("default", type="redirect", redirect="HTTPS://#{host}:443/#{path}?#{query}")
GOOD = (
    rule("50", "ml-tg", "/mlflow/*"),
    rule("105", "api-tg", "/api/mlflow/*"),
    rule("default", "api-tg"),
)
ROUTE_API, ROUTE_ML = "r.example.com/api/mlflow/x", "r.example.com/mlflow/"


@pytest.mark.parametrize(
    ("rules", "failing"),
    [
        (GOOD, set()),
        ((GOOD[0], rule("105", "ml-tg", "/api/mlflow/*"), GOOD[2]), {ROUTE_API}),
        ((GOOD[1], GOOD[2]), {ROUTE_ML}),
        ((rule("10", "ml-tg", "/*"), *GOOD), {ROUTE_API}),
        ((rule("9", "", "/api/*", status_code="404"), *GOOD), {ROUTE_API}),
        ((rule("10", "ml-tg", "/API/*"), *GOOD), set()),
        ((rule("10", "ml-tg", "/api/mlflow/?"), *GOOD), {ROUTE_API}),
        ((rule("50", "ml-tg", "regex:^/mlflow/.*$"), *GOOD[1:]), set()),
        ((rule("50", "ml-tg", "regex:^/MLflow/.*$"), *GOOD[1:]), {ROUTE_ML}),
        ((for_host(GOOD[0], r"regex:^R\.example\.com$"), *GOOD[1:]), set()),
        ((for_host(GOOD[0], r"regex:^api\."), *GOOD[1:]), {ROUTE_ML}),
        ((), {ROUTE_API, ROUTE_ML}),
    ],
)
def test_each_route_is_followed_through_the_rules_as_they_are(
    rules: tuple[Rule, ...], failing: set[str]
) -> None:
    listeners = (
        Listener(arn="l443", port=443, protocol="HTTPS", rules=rules),
        Listener(arn="l80", port=80, protocol="HTTP", rules=(REDIRECT,)),
    )
    balancer = LoadBalancer(arn="lb", name="lb", dns_name="lb", listeners=listeners)
    one = bench(load_balancers=(balancer,), target_groups=(group("api-tg"), group("ml-tg")))
    one.run("listener_rule")
    assert {s.name for s in one.steps if s.status is Status.FAIL} == failing


@pytest.mark.parametrize(
    ("url", "listener", "steps"),
    [
        ("https://r.example.com:8443", (8443, "HTTPS"), ["listener 8443"]),
        ("http://r.example.com", (80, "HTTP"), ["listener 80"]),
        ("http://r.example.com:8080", (8080, "HTTP"), ["listener 8080"]),
    ],
)
def test_the_listener_of_the_services_own_url_is_followed(
    url: str, listener: tuple[int, str], steps: list[str]
) -> None:
    port, protocol = listener
    found = Listener(arn="l", port=port, protocol=protocol, rules=GOOD)
    balancer = LoadBalancer(arn="lb", name="lb", dns_name="lb", listeners=(found,))
    one = bench(url, load_balancers=(balancer,), target_groups=(group("api-tg"), group("ml-tg")))
    assert one.run("listener_rule") is Status.PASS
    assert [s.name for s in one.steps] == [*steps, ROUTE_API, ROUTE_ML]


def test_rules_on_port_80_alone_do_not_count() -> None:
    listener = Listener(arn="l80", port=80, protocol="HTTP", rules=GOOD)
    balancer = LoadBalancer(arn="lb", name="lb", dns_name="lb", listeners=(listener,))
    one = bench(load_balancers=(balancer,), target_groups=(group("api-tg"), group("ml-tg")))
    assert one.run("listener_rule") is Status.FAIL
    assert one.status("listener 443") is Status.FAIL
    assert one.status("listener 80 redirects") is Status.FAIL


def test_a_condition_of_an_unknown_kind_cannot_be_judged() -> None:
    odd = Rule(
        arn="rule/1",
        priority="1",
        conditions=(Condition(field="new-kind", values=("x",)),),
        action=Action(type="forward"),
    )
    listener = Listener(arn="l", port=443, protocol="HTTPS", rules=(odd, *GOOD))
    balancer = LoadBalancer(arn="lb", name="lb", dns_name="lb", listeners=(listener,))
    one = bench(load_balancers=(balancer,), target_groups=(group("api-tg"), group("ml-tg")))
    one.run("listener_rule", redirect_port=0)
    assert one.status(ROUTE_API) is Status.ERROR


def test_a_missing_load_balancer_fails() -> None:
    assert bench().run("listener_rule") is Status.FAIL
