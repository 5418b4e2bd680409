"""The alarms on the canary's own functions, queues and executions, which AWS itself counts.

A gate that finds the function busy tries again, and its own run lets the schedule's wait: both are
refused invocations, which `Throttles` counts whoever made them. They cost no run. What costs one is
an event of the schedule that Lambda drops (`AsyncEventsDropped`), after 60 seconds of refusals or
after an error. Each alarm reads one metric: AWS counts some of them only while they are not zero,
and an expression over a metric without any data has no value.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterator

from canary.alarms.purposes import Purpose
from canary.metrics.table import NAMESPACE
from canary.model import Environment, Frozen, names
from canary.model.schedule import MINUTE

LATE_S = 540
"""Seconds that a change waits before somebody is told: one lost run, and the queue's next try.

A queue gives a message again after six time-outs of a function of 60 seconds: 360 are in order.
"""


class Series(Frozen, frozen=True, kw_only=True):
    """One metric that an alarm reads."""

    id: str
    name: str
    dimensions: dict[str, str]
    stat: str = "Maximum"
    namespace: str = NAMESPACE


class Watched(Frozen, frozen=True, kw_only=True):
    """An alarm on one metric, with a period of its own."""

    purpose: Purpose
    series: Series
    period: int = 0  # seconds; 0: that of the schedule


def of_machinery(environment: Environment, name: str) -> Iterator[Watched]:
    """Yield the alarms on what carries the runs; `name` is the function's and the machine's."""
    of_function = {"FunctionName": name}
    yield _sum("lambda-errors", "AWS/Lambda", "Errors", of_function, "runs end in an error")
    if environment.deployment.scale == "map":
        yield from _executions(environment.arn("states", f"stateMachine:{name}"))
    else:
        lost = "scheduled runs are dropped: the function was busy for a minute, or they failed"
        yield _sum("lambda-throttles", "AWS/Lambda", "AsyncEventsDropped", of_function, lost)
    if environment.follows:
        yield _changes(environment)
        yield _follower(name)


def _executions(machine: str) -> Iterator[Watched]:
    """Yield the alarms on executions of the state machine that did not come to their end.

    One that somebody stopped by hand is ABORTED and counts in neither metric. Executions of shards
    belong to another ARN (`MACHINE/LABEL`); a lost shard makes its checks ERROR.
    """
    for key, metric, how in (
        ("executions-failed", "ExecutionsFailed", "fail"),
        ("executions-timed-out", "ExecutionsTimedOut", "take longer than their time-out"),
    ):
        when = f"executions of the state machine {how}"
        yield _sum(key, "AWS/States", metric, {"StateMachineArn": machine}, when)


def _changes(environment: Environment) -> Watched:
    """Return the alarm on changes that nobody looks at: an error, a refusal, a right that is gone.

    Each of them leaves the message in its queue, and its age grows. Errors of the function alone
    would not tell that it is never invoked. The queue of second looks has the same function.
    """
    when = f"changes of the platform wait for {LATE_S // 60} minutes: they are not followed"
    return Watched(
        purpose=Purpose(
            key="changes-late", metric="", when=when, datapoints=2, periods=5, threshold=LATE_S
        ),
        series=Series(
            id="m",
            name="ApproximateAgeOfOldestMessage",
            dimensions={"QueueName": names.own(environment.name, names.CHANGES)},
            namespace="AWS/SQS",
        ),
        period=MINUTE,
    )


def _follower(name: str) -> Watched:
    """Return the alarm on errors of the function that follows changes.

    The queue gives a change to it again after six minutes, and twice at most: two minutes of
    fifteen with an error are a change that was not looked at, one is an invocation that failed.
    """
    when = "looks at changes of the platform end in an error"
    purpose = Purpose(key="follow-errors", metric="", when=when, datapoints=2, periods=15)
    of_function = {"FunctionName": f"{name}-{names.FOLLOWER}"}
    return Watched(
        purpose=purpose,
        series=Series(
            id="m", name="Errors", dimensions=of_function, stat="Sum", namespace="AWS/Lambda"
        ),
        period=MINUTE,
    )


def _sum(key: str, namespace: str, metric: str, of: dict[str, str], when: str) -> Watched:
    """Return an alarm on a count that is not zero in two of three periods."""
    return Watched(
        purpose=Purpose(key=key, metric="", when=when, datapoints=2, periods=3),
        series=Series(id="m", name=metric, dimensions=of, stat="Sum", namespace=namespace),
    )
