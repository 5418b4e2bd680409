"""Failures that a rollout explains wait for its end; every other failure is told at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from canary.comparison.history import updated
from canary.comparison.previous import Previous
from canary.comparison.rollouts import explained_by, under_way
from canary.control_plane.state import EcsDeployment, EcsService, Event, PlatformState
from canary.messages.grouping import groups
from canary.metrics.measure import measure
from canary.model import (
    Check,
    CheckHistory,
    Config,
    Exchange,
    Result,
    Rollout,
    Service,
    Severity,
    Status,
    Step,
    Suite,
)
from canary.probes.ecs_service import EcsServiceSpec
from tests.canary.support.made import report, result
from tests.canary.support.platforms import NOW, ago
from tests.canary.support.servers.toolbox import environment

FAILED_START = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/2."
BACK = "(service x) rolling back to deployment ecs-svc/2."


def config(*checks: Check) -> Config:
    services = {
        "api": Service(ecs_service="the-api", depends_on=("db",)),
        "front": Service(ecs_service="the-front", depends_on=("api",)),
        "db": Service(),
        "other": Service(ecs_service="the-other"),
    }
    return Config(environment=environment(services=services), checks=checks)


def check(rollout_minutes: float) -> Check:
    return Check(
        id="api.ecs", title="Tasks of the API run", kind="ecs_service", service="api",
        suite=Suite.INFRASTRUCTURE, severity=Severity.HIGH, runbook="docs/x.md",
        spec=EcsServiceSpec(rollout_minutes=rollout_minutes),
    )  # fmt: skip


def state(*, controller: str = "ECS", events: tuple[Event, ...] = (), **of: Any) -> PlatformState:
    fields: dict[str, Any] = {
        "id": "ecs-svc/2", "status": "PRIMARY", "task_definition": "td:2", "desired": 1,
        "running": 1, "pending": 0, "rollout_state": "IN_PROGRESS", "created_at": ago(4),
    }  # fmt: skip
    service = EcsService(
        name="the-api", arn="a", status="ACTIVE", desired=1, running=1, pending=0,
        task_definition="td:2", deployments=(EcsDeployment(**fields | of),),
        controller=controller, events=events,
    )  # fmt: skip
    return PlatformState(ecs_services=(service,))


def failed(status: int = 503, failure: str = "", **more: Any) -> Result:
    answer = Exchange(method="GET", url="https://x.example.com/", status=status, failure=failure)
    step = Step(name="ask", status=Status.FAIL, evidence=(answer,))
    return result("F", steps=(step,), **more)


HELD = CheckHistory(outcomes="PPP", last_run_at=ago(1), last_status=Status.PASS, since=ago(600))
ROLLOUT = Rollout(
    service="api", deployment="ecs-svc/2", since=ago(4), until="2026-11-22T12:11:00+00:00"
)
WAITS = "the rollout ecs-svc/2 of api, until 2026-11-22T12:11:00+00:00"


def waits(
    one: Result, seen: PlatformState, history: CheckHistory | None = HELD, now: dt.datetime = NOW
) -> str:
    known = {one.check_id: history} if history else {}
    previous = Previous(report=report(history=known))
    found, _ = explained_by((one,), config(), seen, now, previous)
    return found[0].waits


def test_a_failure_that_began_in_a_rollout_waits_for_its_end() -> None:
    assert under_way(config(), state(), NOW) == (ROLLOUT,)
    assert waits(failed(), state()) == WAITS
    assert waits(failed(0, "refused"), state()) == WAITS
    assert waits(failed(service="front"), state()) == WAITS  # it depends on what is rolled out
    again = CheckHistory(outcomes="PW", last_run_at=ago(1), last_status=Status.FAIL, since=ago(3))
    assert waits(failed(), state(), again) == WAITS


def test_what_aws_or_another_service_says_of_a_service_waits_too() -> None:
    kinds = ("ecs_service", "target_group", "dependency", "certificate", "listener_rule")
    found = [bool(waits(result("F", kind=kind), state())) for kind in kinds]
    assert found == [True, True, True, False, False]


@pytest.mark.parametrize(
    "one",
    [
        failed(200),  # the new revision accepts what it must refuse
        failed(404),
        failed(service="other"),
        failed(service="db"),  # what the service needs is not explained by its rollout
        failed(reused=True),
        result("F"),  # nothing shows why
        result("P"),
        result("E", kind="dependency"),
    ],
)
def test_no_rollout_explains_another_answer_another_service_or_no_failure(one: Result) -> None:
    assert waits(one, state()) == ""


def test_a_failure_that_is_older_than_the_rollout_or_of_unknown_age_is_told() -> None:
    before = CheckHistory(outcomes="F", last_run_at=ago(1), last_status=Status.FAIL, since=ago(9))
    assert waits(failed(), state(), before) == ""
    assert waits(failed(), state(), None) == ""
    assert waits(failed(), state(), CheckHistory()) == ""


@pytest.mark.parametrize(
    "seen",
    [
        state(rollout_state="COMPLETED"),
        state(rollout_state="FAILED"),
        state(rollout_state=""),
        state(failed_tasks=3),
        state(rollout_reason=FAILED_START),
        state(events=(Event(at=ago(1), message=BACK),)),
        state(created_at=ago(15)),
        state(created_at=""),
        state(created_at=ago(-30)),
        state(controller="CODE_DEPLOY"),
        state(status="ACTIVE"),
        PlatformState(),
    ],
)  # fmt: skip
def test_no_rollout_is_under_way_when_it_ended_goes_back_or_cannot_be_told(
    seen: PlatformState,
) -> None:
    assert under_way(config(), seen, NOW) == ()
    assert waits(failed(), seen) == ""


def test_one_failed_task_does_not_end_a_rollout() -> None:
    assert waits(failed(), state(failed_tasks=2)) == WAITS


def test_a_rollout_explains_nothing_after_its_own_time_or_fifteen_minutes() -> None:
    def until(minutes: float) -> list[str]:
        return [r.until for r in under_way(config(check(minutes)), state(), NOW)]

    assert until(60) == ["2026-11-22T12:11:00+00:00"]
    assert until(5) == ["2026-11-22T12:01:00+00:00"]
    assert until(3) == []


def test_who_waits_is_in_no_window_and_in_no_message() -> None:
    one, told = failed(waits=WAITS, check_id="api.a"), failed(check_id="api.b")
    history = updated({"api.a": HELD, "api.b": HELD}, (one, told), ago(0), latency_valid=True)
    assert {i: h.outcomes for i, h in history.items()} == {"api.a": "PPPW", "api.b": "PPPF"}
    assert history["api.a"].first_attempts == "" and history["api.a"].since == ago(0)
    made = report(one, told, history=history)
    points = {(p.metric, *(v for _, v in p.dimensions[1:])): p.value for p in measure(made)}
    assert points["CriticalFailed",] == 1.0
    assert [k for k in points if k[0] == "CheckFailed"] == [("CheckFailed", "api.b")]
    assert [m.check_id for g in groups(made, []) for m in g.members] == ["api.b"]
