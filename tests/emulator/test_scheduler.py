"""Schedules fire when they say, with the event they say, as far as their role may."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.schedule_expressions import parse
from emulator.scheduler.loop import SchedulerLoop
from tests.emulator.support.emulated import allow, aws, function, messages, role, until

__all__ = ["aws"]

MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("cron(30 12 * * ? *)", "2026-03-02T12:30"),
        ("cron(*/15 * * * ? *)", "2026-03-02T12:15"),
        ("cron(0 8 ? * MON-FRI *)", "2026-03-03T08:00"),
        ("cron(0 8 ? * 1 *)", "2026-03-08T08:00"),
        ("cron(0 0 1,15 * ? *)", "2026-03-15T00:00"),
        ("cron(0 0 L * ? *)", "2026-03-31T00:00"),
        ("cron(0 0 ? APR * 2026)", "2026-04-01T00:00"),
        ("at(2026-03-02T13:30:00)", "2026-03-02T13:30"),
    ],
)
def test_an_expression_fires_first_when_it_says(text: str, first: str) -> None:
    until_then = datetime(2026, 4, 3, tzinfo=UTC)
    found = next(parse(text).times(MONDAY, until_then))
    assert found.isoformat()[:16] == first


def test_a_time_zone_moves_a_cron() -> None:
    expression = parse("cron(0 9 * * ? *)")
    [fired] = expression.times(MONDAY, datetime(2026, 3, 3, 12, tzinfo=UTC), "America/New_York")
    assert fired.isoformat()[:16] == "2026-03-02T14:00"


@pytest.mark.parametrize(
    "text",
    [
        "rate(1 fortnight)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "cron(0 8 * * * *)",
        "cron(0 8 * *)",
        "cron(99 8 * * ? *)",
        "at(tomorrow)",
        "every minute",
    ],
)
def test_what_is_no_expression_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid Schedule Expression"):
        parse(text)


def test_a_schedule_that_could_never_fire_is_refused(aws: Endpoint) -> None:
    may = role(aws, "refused", allow("sqs:SendMessage"))
    arn = "arn:aws:sqs:us-east-1:123456789012:any"
    with pytest.raises(ClientError, match="Invalid Schedule Expression rate"):
        schedule(aws, "refused", arn, may, ScheduleExpression="rate(1 fortnight)")
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume"):
        schedule(aws, "refused", arn, "arn:aws:iam::123456789012:role/nobody")


def queue(aws: Endpoint, name: str) -> tuple[str, str]:
    url = aws.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:us-east-1:123456789012:{name}"


def schedule(aws: Endpoint, name: str, arn: str, role_arn: str, **options: Any) -> None:
    target = {"Arn": arn, "RoleArn": role_arn, **options.pop("target", {})}
    aws.client("scheduler").create_schedule(
        Name=name,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
        **{"ScheduleExpression": "rate(1 minute)", **options},
    )


def received(aws: Endpoint, url: str) -> list[dict[str, Any]]:
    found = aws.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    return list(found.get("Messages", []))


def test_a_rate_fires_at_once_and_then_at_its_interval(aws: Endpoint) -> None:
    now = [1_700_000_000.0]
    loop = SchedulerLoop(clock=lambda: now[0])
    url, arn = queue(aws, "rated")
    schedule(aws, "rated", arn, role(aws, "rated", allow("sqs:SendMessage")))
    fired = []
    for _ in range(13):
        fired.append(loop.fire_due())
        now[0] += 10
    assert fired == [1, 0, 0, 0, 0, 0] * 2 + [1]
    assert len(until(lambda: found if len(found := received(aws, url)) >= 1 else [])) >= 1
    aws.client("scheduler").delete_schedule(Name="rated")
    assert loop.fire_due() == 0


def test_a_disabled_schedule_is_silent_until_it_is_enabled(aws: Endpoint) -> None:
    now = [1_700_000_000.0]
    loop = SchedulerLoop(clock=lambda: now[0])
    _, arn = queue(aws, "stopped")
    may = role(aws, "stopped", allow("sqs:SendMessage"))
    schedule(aws, "stopped", arn, may, State="DISABLED")
    fired = []
    for minute in range(4):
        if minute == 2:
            aws.client("scheduler").update_schedule(
                Name="stopped",
                ScheduleExpression="rate(1 minute)",
                FlexibleTimeWindow={"Mode": "OFF"},
                Target={"Arn": arn, "RoleArn": may},
                State="ENABLED",
            )
        fired.append(loop.fire_due())
        now[0] += 60
    assert fired == [0, 0, 1, 1]
    aws.client("scheduler").delete_schedule(Name="stopped")


def test_a_function_is_invoked_each_compressed_minute_with_its_placeholders(
    aws: Endpoint,
) -> None:
    code = "import json\ndef handler(event, context): print('event', json.dumps(event))"
    arn = function(aws, "ticking", code)
    may = role(aws, "ticker", allow("lambda:InvokeFunction", resource=arn))
    given = {"at": "<aws.scheduler.scheduled-time>", "id": "<aws.scheduler.execution-id>"}
    schedule(aws, "ticking", arn, may, target={"Input": json.dumps({**given, "trigger": "x"})})
    loop = SchedulerLoop(speed=60)
    loop.start()

    def events() -> list[Any]:
        groups = aws.client("logs").describe_log_groups()["logGroups"]
        if not any(g["logGroupName"] == "/aws/lambda/ticking" for g in groups):
            return []
        lines = messages(aws, "/aws/lambda/ticking")
        return [json.loads(m.split(" ", 1)[1]) for m in lines if m.startswith("event")]

    try:
        found = until(lambda: events() if len(events()) >= 3 else [])
    finally:
        loop.stop()
        aws.client("scheduler").delete_schedule(Name="ticking")
    assert len({event["id"] for event in found}) == len(found) >= 3
    assert found[0]["trigger"] == "x"
    told = datetime.fromisoformat(found[0]["at"].replace("Z", "+00:00")).timestamp()
    assert abs(time.time() - told) < 30


def test_a_role_that_may_not_invoke_ends_in_the_dead_letter_queue(aws: Endpoint) -> None:
    url, dead = queue(aws, "dead")
    _, target = queue(aws, "forbidden")
    may = role(aws, "forbidden", allow("sqs:SendMessage", resource=dead))
    extra = {
        "DeadLetterConfig": {"Arn": dead},
        "RetryPolicy": {"MaximumRetryAttempts": 0},
        "Input": '{"a": 1}',
    }
    schedule(aws, "forbidden", target, may, target=extra)
    loop = SchedulerLoop(speed=60)
    assert loop.fire_due() == 1
    [message] = until(lambda: received(aws, url))
    assert message["Body"] == '{"a": 1}'
    attributes = message["MessageAttributes"]
    assert attributes["SCHEDULE_ARN"]["StringValue"].endswith("schedule/default/forbidden")
    assert "may not sqs:SendMessage" in attributes["ERROR_MESSAGE"]["StringValue"]
    aws.client("scheduler").delete_schedule(Name="forbidden")
