"""Messages end to end: a broken platform is told once, over SNS and EventBridge of moto."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from canary.handler import handler
from tests.canary.test_handler import Context, aws, file

__all__ = ["aws", "file"]  # the handler's world is this test's world

REGION = "us-east-1"


@pytest.fixture
def inbox(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    sns, sqs = boto3.client("sns", region_name=REGION), boto3.client("sqs", region_name=REGION)
    bus = boto3.client("events", region_name=REGION)
    bus.create_event_bus(Name="canary")
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:inbox"
    for name in ("page", "ticket"):
        topic = sns.create_topic(Name=name)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        monkeypatch.setenv(f"CANARY_{name.upper()}_TOPIC", topic)
    monkeypatch.setenv("CANARY_EVENT_BUS", "canary")

    def read() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(m["Body"]) for m in batch]
            for message in batch:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return read


def test_what_broke_is_told_once_and_not_again_by_the_next_run(inbox: Any, file: Path) -> None:
    handler({}, Context())
    first = inbox()
    assert first and all(len(m["Subject"]) <= 99 for m in first)
    handler({}, Context())
    assert inbox() == []
