"""What ECS rolled out and what scaled a service: read after failures, bounded, denied is said."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from canary.control_plane.rollouts import newest, set_by_itself
from canary.control_plane.state import PlatformState
from canary.observe import observe, refresh_failing, rollouts, scaling
from tests.canary.support.moto_platform import ANSWERS, Recorder, environment

OWN = {a.action for r in (rollouts, scaling) for a in r.ACTIONS}
NOW = dt.datetime.now(dt.UTC)
ARN = "arn:aws:ecs:us-east-1:123456789012"
LIST, DESCRIBE = "ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"
REVISIONS = "ecs:DescribeServiceRevisions"
TARGETS = "application-autoscaling:DescribeScalableTargets"
ACTIVITIES = "application-autoscaling:DescribeScalingActivities"


def at(minutes: float) -> dt.datetime:
    return NOW - dt.timedelta(minutes=minutes)


def brief(number: int) -> dict[str, Any]:
    return {"serviceDeploymentArn": f"{ARN}:service-deployment/c/api/{number}",
            "createdAt": at(number)}  # fmt: skip


WHY = "Service deployment rolled back because the circuit breaker threshold was exceeded."
BACK = {
    **brief(1),
    "status": "ROLLBACK_SUCCESSFUL",
    "finishedAt": at(0.5),
    "targetServiceRevision": {"arn": "r2"},
    "sourceServiceRevisions": [{"arn": "r1"}],
    "rollback": {"reason": WHY, "startedAt": at(0.8), "serviceRevisionArn": "r1"},
    "alarms": {"triggeredAlarmNames": ["too-slow"]},
}
RESOURCE = "service/c/api"
TARGET = {
    "ServiceNamespace": "ecs", "ResourceId": RESOURCE, "MinCapacity": 0, "MaxCapacity": 4,
    "ScalableDimension": "ecs:service:DesiredCount",
    "SuspendedState": {"DynamicScalingInSuspended": True, "ScheduledScalingSuspended": False},
}  # fmt: skip


def activity(minutes: float, count: str, cause: str = "why", status: str = "Successful") -> Any:
    return {
        "ActivityId": "x", "ServiceNamespace": "ecs", "ResourceId": RESOURCE,
        "Description": f"Setting desired count to {count}.", "Cause": cause,
        "StartTime": at(minutes), "StatusCode": status,
    }  # fmt: skip


FULL: dict[str, dict[str, Any]] = {
    **ANSWERS,
    LIST: {"serviceDeployments": [brief(9), brief(1)]},
    DESCRIBE: {"serviceDeployments": [BACK]},
    REVISIONS: {"serviceRevisions": [
        {"serviceRevisionArn": f"r{n}", "taskDefinition": f"{ARN}:task-definition/api:{n}"}
        for n in (1, 2)]},
    TARGETS: {"ScalableTargets": [TARGET, {**TARGET, "ResourceId": "service/c/of-others"}]},
    ACTIVITIES: {"ScalingActivities": [
        activity(9, "3"), activity(2, "0", "scheduled action name night was triggered")]},
}  # fmt: skip


def refreshed(clients: Recorder) -> PlatformState:
    return refresh_failing(clients, environment(), observe(clients, environment()), ["api"])


def test_a_healthy_run_asks_for_neither(aws: str) -> None:
    clients = Recorder(aws, answers=FULL)
    state = observe(clients, environment())
    assert (state.rollouts, state.scaling, clients.calls & OWN) == ((), (), set())


def test_what_rolled_when_and_why_it_went_back(aws: str) -> None:
    clients = Recorder(aws, answers=FULL)
    state = refreshed(clients)
    (found,) = state.rollouts
    assert (found.service, found.status, found.reason) == ("api", "ROLLBACK_SUCCESSFUL", WHY)
    assert (found.task_definition, found.back_to, found.before, found.alarms) == (
        f"{ARN}:task-definition/api:2", f"{ARN}:task-definition/api:1",
        (f"{ARN}:task-definition/api:1",), ("too-slow",),
    )  # fmt: skip
    assert found.went_back and newest(state.rollouts, "api") is found
    assert newest(state.rollouts, "other") is None
    assert (state.unavailable, state.bounds) == ((), ())
    asked = [key.split()[0] for key in clients.requests.elements()]
    assert [asked.count(action) for action in (LIST, DESCRIBE, REVISIONS)] == [1, 1, 1]


def test_of_many_deployments_the_newest_are_described_and_the_rest_is_said(aws: str) -> None:
    many = {"serviceDeployments": [brief(n) for n in (7, 3, 1, 9, 2)]}
    clients = Recorder(aws, answers={**FULL, LIST: many})
    state = refreshed(clients)
    assert [(b.action, b.limit) for b in state.bounds] == [(LIST, 4)]


def test_what_a_service_scaled_to_by_itself(aws: str) -> None:
    state = refreshed(Recorder(aws, answers=FULL))
    (own,) = state.scaling
    assert (own.service, own.least, own.most, own.suspended) == (
        "api", 0, 4, ("DynamicScalingInSuspended",)
    )  # fmt: skip
    assert [a.count for a in own.activities] == [0, 3]
    last = set_by_itself(state.scaling, "api", 0)
    assert last and last.cause == "scheduled action name night was triggered"
    assert set_by_itself(state.scaling, "api", 3) is None  # it has set another since
    assert set_by_itself(state.scaling, "other", 0) is None


@pytest.mark.parametrize("count", ["x", "-1", "", "99999999999"])
def test_a_count_that_is_none_is_unknown(aws: str, count: str) -> None:
    odd = {"ScalingActivities": [activity(1, count), activity(0.5, "2", status="Failed")]}
    (own,) = refreshed(Recorder(aws, answers={**FULL, ACTIVITIES: odd})).scaling
    assert [(a.count, a.status) for a in own.activities] == [(2, "Failed"), (None, "Successful")]


@pytest.mark.parametrize("action", sorted(OWN))
def test_each_right_taken_away_is_said_and_costs_its_own_part(aws: str, action: str) -> None:
    state = refreshed(Recorder(aws, denied=action, answers=FULL))
    assert [(u.action, u.denied) for u in state.unavailable] == [(action, True)]
    if action == ACTIVITIES:
        assert [(s.activities, s.unread) for s in state.scaling] == [((), ("activities",))]
    elif action == REVISIONS:
        assert [(d.status, d.task_definition) for d in state.rollouts] == [
            ("ROLLBACK_SUCCESSFUL", "")
        ]
    else:
        part = "scaling" if action == TARGETS else "rollouts"
        assert part in state.unread and not getattr(state, part)
