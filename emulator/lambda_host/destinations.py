"""Send the record of an asynchronous invocation to its destination.

Source: developer guide, "Capturing records of Lambda asynchronous invocations".
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import msgspec

from emulator.aws.inside import client
from emulator.lambda_host import logs
from emulator.lambda_host.function import read_function
from emulator.lambda_host.permissions import permitted

ACTIONS = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
    "s3": "s3:PutObject",
}

_log = logging.getLogger(__name__)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Result of an asynchronous event."""

    request_id: str
    condition: str
    """`Success`, `RetriesExhausted` or `EventAgeExceeded`."""
    invocations: int
    request: bytes
    response: bytes | None
    failed: bool


def send(model: Any, config: dict[str, Any], kind: str, result: Result) -> None:
    """Send the record to the destination of a kind (`OnSuccess`, `OnFailure`), if there is one."""
    destinations = config.get("DestinationConfig") or {}
    arn = (destinations.get(kind) or {}).get("Destination")
    if not arn:
        return
    record = _record(model, result)
    try:
        if not permitted(model.role, ACTIONS.get(arn.split(":")[2], "?"), arn):
            raise PermissionError("the function's role may not write there")
        deliver(arn, record, model.region, result.request_id)
    except Exception as error:
        # as in AWS: counted, reported to nobody
        _log.warning("destination %s of %s failed: %s", arn, model.function_name, error)
        now = datetime.now(UTC).timestamp()
        function = read_function(model)
        logs.count(function, "DestinationDeliveryFailures", 1.0, "Count", now)


def deliver(arn: str, record: dict[str, Any], region: str, key: str) -> None:
    """Send a record to an ARN; raises ValueError for an unsupported service."""
    service, name, body = arn.split(":")[2], arn.split(":")[-1], json.dumps(record)
    if service == "sqs":
        queue = client("sqs", region).get_queue_url(QueueName=name)["QueueUrl"]
        client("sqs", region).send_message(QueueUrl=queue, MessageBody=body)
    elif service == "sns":
        client("sns", region).publish(TopicArn=arn, Message=body)
    elif service == "lambda":
        client("lambda", region).invoke(FunctionName=arn, InvocationType="Event", Payload=body)
    elif service == "events":
        entry = {"Source": "lambda", "Detail": body, "EventBusName": arn}
        kind = "Success" if record["requestContext"]["condition"] == "Success" else "Failure"
        detail = f"Lambda Function Invocation Result - {kind}"
        client("events", region).put_events(Entries=[entry | {"DetailType": detail}])
    elif service == "s3":
        client("s3", region).put_object(Bucket=name, Key=f"aws/lambda/async/{key}", Body=body)
    else:
        raise ValueError(f"no destination of service {service}")


def _record(model: Any, result: Result) -> dict[str, Any]:
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": moment,
        "requestContext": {
            "requestId": result.request_id,
            "functionArn": f"{model.function_arn}:$LATEST",
            "condition": result.condition,
            "approximateInvokeCount": result.invocations,
        },
        "requestPayload": json.loads(result.request or b"null"),
    }
    if result.response is not None:
        context: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
        if result.failed:
            context["functionError"] = "Unhandled"
        record["responseContext"] = context
        record["responsePayload"] = json.loads(result.response or b"null")
    return record
