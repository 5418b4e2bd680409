"""Hand messages of queues over to the functions that are mapped to them.

Source: developer guide, "Using Lambda with Amazon SQS". A batch is gathered for its window, handed
over synchronously, and deleted where the function did not fail; else its messages come back after
the queue's visibility time-out. moto itself would hand over while a message is sent.
"""

from __future__ import annotations

import functools
import json
import logging
import threading
import time
from typing import Any

from emulator.aws.inside import client
from emulator.lambda_host.host import Host, Throttled
from emulator.lambda_host.permissions import permitted
from emulator.periodic import PeriodicThread
from emulator.settings import ACCOUNT, REGION

LOOK_S = 0.5
MOST_RECEIVED = 10
"""Messages that one call receives (ReceiveMessage)."""
ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_log = logging.getLogger(__name__)


class Pollers(PeriodicThread):
    """Polls the queues of all mappings; a batch runs in a thread of its own, one a mapping."""

    def __init__(self, host: Host, speed: float = 1.0) -> None:
        super().__init__("lambda-sources", LOOK_S, self.look)
        self._host, self._speed = host, speed
        self._busy: dict[str, threading.Thread] = {}
        self._since: dict[str, float] = {}

    def look(self) -> None:
        """Begin a batch of each mapping that has messages and is not at work."""
        for mapping in _mappings():
            thread = self._busy.get(mapping.uuid)
            if thread is None or not thread.is_alive():
                target = functools.partial(self._batch, mapping)
                started = threading.Thread(target=target, name="lambda-batch", daemon=True)
                self._busy[mapping.uuid] = started
                started.start()

    def _batch(self, mapping: Any) -> None:
        model = _function(mapping)
        queue = client("sqs").get_queue_url(QueueName=mapping.event_source_arn.split(":")[-1])
        url = queue["QueueUrl"]
        if model is None or not all(
            permitted(model.role, action, mapping.event_source_arn) for action in ACTIONS
        ):
            return
        messages = _received(url, MOST_RECEIVED)
        if not messages:
            return
        time.sleep(float(mapping.max_batch_window or 0) / self._speed)
        while len(messages) < mapping.batch_size and (more := _received(url, MOST_RECEIVED)):
            messages += more
        self._hand_over(model, mapping, url, messages[: mapping.batch_size])

    def _hand_over(self, model: Any, mapping: Any, url: str, messages: list[Any]) -> None:
        event = {"Records": [_record(mapping, one) for one in messages]}
        try:
            done = self._host.invoke(model, json.dumps(event).encode())
        except Throttled:
            for one in messages:
                client("sqs").change_message_visibility(
                    QueueUrl=url, ReceiptHandle=one["ReceiptHandle"], VisibilityTimeout=1
                )
            return
        if done.failed:
            _log.warning("a batch of %s failed: %s", model.function_name, done.payload[:500])
            return
        for one in messages:
            client("sqs").delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])


def _received(url: str, most: int) -> list[Any]:
    answer = client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=most, AttributeNames=["All"]
    )
    return list(answer.get("Messages", []))


def _record(mapping: Any, message: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.event_source_arn,
        "awsRegion": mapping.region,
    }


def _mappings() -> list[Any]:
    from moto.awslambda.models import lambda_backends

    every = list(lambda_backends[ACCOUNT][REGION]._event_source_mappings.values())
    return [one for one in every if one.enabled and ":sqs:" in one.event_source_arn]


def _function(mapping: Any) -> Any:
    from moto.awslambda.models import lambda_backends

    name = mapping.function_arn.split(":function:")[-1].split(":")[0]
    functions = lambda_backends[ACCOUNT][REGION].list_functions()
    return next((f for f in functions if f.function_name == name), None)


@functools.cache
def install() -> None:
    """Keep moto from handing messages over by itself; call once."""
    from moto.sqs.models import Queue

    queue: Any = Queue
    queue.lambda_event_source_mappings = property(lambda _: {}, lambda _self, _value: None)
