"""Deliver a fired schedule to its target with the permissions of its role."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import msgspec

from emulator.aws.inside import client
from emulator.lambda_host.permissions import permitted

_ACTIONS = {
    "lambda": "lambda:InvokeFunction",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "states": "states:StartExecution",
}
# Scheduler retries for a day by default; here a refused delivery is settled within seconds
_MOST_ATTEMPTS = 3
_log = logging.getLogger(__name__)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One firing of a schedule."""

    schedule_arn: str
    target: dict[str, Any]
    scheduled_time: str
    execution_id: str
    region: str


def deliver(delivery: Delivery, speed: float) -> bool:
    """Send the event with retries; after the last failure send it to the dead-letter queue."""
    policy = delivery.target.get("RetryPolicy") or {}
    retries = policy.get("MaximumRetryAttempts", 185)
    attempts = min(int(retries), _MOST_ATTEMPTS) + 1
    error: Exception | None = None
    for attempt in range(1, attempts + 1):
        try:
            _send(delivery, attempt)
            return True
        except Exception as failure:
            error = failure
            if attempt < attempts:
                time.sleep(min(2**attempt / speed, 5))
    _log.warning("schedule %s was not delivered: %s", delivery.schedule_arn, error)
    _bury(delivery, attempts, error)
    return False


def event(delivery: Delivery, attempt: int) -> str:
    """Return the target's input with its placeholders filled; without input, a notification."""
    given = delivery.target.get("Input")
    if given is None:
        return json.dumps(
            {
                "version": "0",
                "id": delivery.execution_id,
                "detail-type": "Scheduled Event",
                "source": "aws.scheduler",
                "time": delivery.scheduled_time,
                "region": delivery.region,
                "resources": [delivery.schedule_arn],
                "detail": "{}",
            }
        )
    for name, value in (
        ("scheduled-time", delivery.scheduled_time),
        ("schedule-arn", delivery.schedule_arn),
        ("execution-id", delivery.execution_id),
        ("attempt-number", str(attempt)),
    ):
        given = given.replace(f"<aws.scheduler.{name}>", value)
    return str(given)


def _send(delivery: Delivery, attempt: int) -> None:
    arn, body = delivery.target["Arn"], event(delivery, attempt)
    service = arn.split(":")[2]
    if service not in _ACTIONS:
        raise ValueError(f"the emulator has no target of service {service}")
    if not permitted(delivery.target["RoleArn"], _ACTIONS[service], arn):
        raise PermissionError(f"the schedule's role may not {_ACTIONS[service]} on {arn}")
    made = client(service if service != "states" else "stepfunctions", delivery.region)
    if service == "lambda":
        made.invoke(FunctionName=arn, InvocationType="Event", Payload=body)
    elif service == "sqs":
        url = made.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
        made.send_message(QueueUrl=url, MessageBody=body)
    elif service == "sns":
        made.publish(TopicArn=arn, Message=body)
    else:
        made.start_execution(stateMachineArn=arn, input=body)


def _bury(delivery: Delivery, attempts: int, error: Exception | None) -> None:
    """Write to the dead-letter queue, with the schedule's role, as Scheduler does."""
    arn = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
    if not arn or not permitted(delivery.target["RoleArn"], "sqs:SendMessage", arn):
        return
    attributes = {
        "ERROR_CODE": type(error).__name__,
        "ERROR_MESSAGE": str(error),
        "EXECUTION_ID": delivery.execution_id,
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": str(attempts - 1),
        "SCHEDULED_TIME": delivery.scheduled_time,
        "SCHEDULE_ARN": delivery.schedule_arn,
        "TARGET_ARN": delivery.target["Arn"],
    }
    sqs = client("sqs", delivery.region)
    url = sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
    sqs.send_message(
        QueueUrl=url,
        MessageBody=event(delivery, attempts),
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value or "-"}
            for name, value in attributes.items()
        },
    )
