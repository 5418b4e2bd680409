"""Alarms on what AWS counts, judged by CloudWatch's rules from plain counts a minute."""

from __future__ import annotations

import msgspec
import pytest

from alarm_evaluator.states import ALARM, INSUFFICIENT_DATA, State, breaches, evaluate
from canary import config
from canary.alarms.plan import AlarmPlan, plan_alarms
from canary.model import Config

Points = tuple[float | None, ...]
AWS = ("AWS/Lambda", "AWS/SQS", "AWS/States")


def of(scale: str = "single", *, follow: bool = True) -> Config:
    loaded = config.load("development", authoring=False)
    deployment = msgspec.structs.replace(
        loaded.environment.deployment, scale=scale, follow_changes=follow
    )
    where = msgspec.structs.replace(loaded.environment, deployment=deployment)
    return msgspec.structs.replace(loaded, environment=where)


def alarm(key: str, found: Config) -> AlarmPlan:
    [one] = [a for a in plan_alarms(found, "the-canary", 60).alarms if a.key == key]
    return one


def rang(plan: AlarmPlan, counted: Points) -> list[int]:
    """Return the minutes in which the alarm is in ALARM, of the counts of its metric."""
    points = [None if v is None else breaches(v, plan.comparison, plan.threshold) for v in counted]
    state: State = INSUFFICIENT_DATA
    minutes = []
    for minute in range(len(points)):
        until = points[: minute + 1]
        state = evaluate(until, plan.datapoints, plan.periods, plan.missing.value, state)
        minutes += [minute] if state == ALARM else []
    return minutes


def test_no_alarm_reads_how_often_somebody_was_refused() -> None:
    """A gate is refused while the schedule's run is under way, and the other way round."""
    for scale in ("single", "map"):
        read = {s.name for a in plan_alarms(of(scale), "fn", 60).alarms for s in a.series}
        assert "Throttles" not in read


def test_each_alarm_reads_one_metric_for_an_expression_has_no_value_where_one_is_missing() -> None:
    for scale in ("single", "map"):
        own = [a for a in plan_alarms(of(scale), "fn", 60).alarms if a.series[0].namespace in AWS]
        assert {(len(a.series), a.expression) for a in own} == {(1, "")}


@pytest.mark.parametrize(
    ("dropped", "minutes"),
    [
        ((None,) * 6, []),
        ((None, 1, None, None, None, None), []),  # a gate of a minute
        ((None, 1, 1, None, None, None), [2, 3, 4, 5]),
        ((None, 1, None, 1, None, None), [3, 4, 5]),
    ],
)
def test_runs_that_are_dropped_open_a_ticket(dropped: Points, minutes: list[int]) -> None:
    """Nothing else has data while no run begins at all."""
    plan = alarm("lambda-throttles", of())
    assert plan.series[0].name == "AsyncEventsDropped" and rang(plan, dropped) == minutes


@pytest.mark.parametrize("key", ["executions-failed", "executions-timed-out"])
def test_executions_that_fail_or_time_out_open_a_ticket(key: str) -> None:
    plan = alarm(key, of("map"))
    assert rang(plan, (None, 1, 1, None)) == [2, 3]
    assert rang(plan, (None, 1, None, None)) == []
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:the-canary"
    assert plan.series[0].dimensions == {"StateMachineArn": arn}


def test_a_look_at_a_change_that_fails_twice_opens_a_ticket() -> None:
    """One change is tried at most three times, six minutes apart."""
    plan = alarm("follow-errors", of())
    assert plan.series[0].dimensions == {"FunctionName": "the-canary-follow"}
    assert (plan.period, plan.series[0].name) == (60, "Errors")
    twice = (0, 1, *(0,) * 5, 1, *(0,) * 12)
    assert rang(plan, twice) == [*range(7, 16)]
    assert rang(plan, (None, 1, *(0,) * 20)) == []
    found = plan_alarms(of(follow=False), "the-canary", 60).alarms
    assert not [a for a in found if a.key == "follow-errors"]


def test_a_change_may_wait_for_a_second_try_and_is_told_where_none_comes() -> None:
    plan = alarm("changes-late", of())
    waiting = tuple(60.0 * minute for minute in range(14))
    assert rang(plan, (*waiting[:7], *(None,) * 7)) == []
    assert rang(plan, waiting) == [11, 12, 13]
    assert plan.series[0].dimensions == {"QueueName": "hokusai-canary-development-changes"}
    assert plan.period == 60


def test_each_shape_has_the_alarms_of_its_own_parts() -> None:
    single, spread = (
        {a.key for a in plan_alarms(of(scale, follow=False), "fn", 60).alarms}
        for scale in ("single", "map")
    )
    assert single - spread == {"lambda-throttles"}
    assert spread - single == {"executions-failed", "executions-timed-out"}
    assert "changes-late" not in single | spread
