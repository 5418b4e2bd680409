"""Messages end to end: a broken platform is told once, over SNS and EventBridge of moto."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import msgspec
import pytest

from canary.adapters.store.folder import FolderStore
from canary.adapters.store.protocol import StoreError
from canary.handler import handler
from canary.messages.state import Notified
from canary.report.stored import dump, load
from canary.wiring.notify import Channels, channels, notifier, state_name
from canary.wiring.run import make_runtime
from tests.canary.support import report_samples as samples
from tests.canary.support import worlds
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
    topic = sns.create_topic(Name="ticket")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    monkeypatch.setenv("CANARY_TICKET_TOPIC", topic)
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


def test_the_first_failing_run_is_told_and_wakes_nobody(
    inbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message goes out at the first failing run, the cause of a page where an alarm rings."""
    sns, sqs = boto3.client("sns", region_name=REGION), boto3.client("sqs", region_name=REGION)
    page = sns.create_topic(Name="page")["TopicArn"]
    bed = sqs.create_queue(QueueName="bed")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:bed"
    sns.subscribe(TopicArn=page, Protocol="sqs", Endpoint=arn)
    monkeypatch.setenv("CANARY_PAGE_TOPIC", page)
    handler({}, Context())
    assert any(m["Subject"].startswith("[critical] ") for m in inbox())
    assert "Messages" not in sqs.receive_message(QueueUrl=bed)


def test_who_was_woken_is_told_the_cause_and_an_owner_hears_of_what_the_owner_owns(
    inbox: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sns, sqs = boto3.client("sns", region_name=REGION), boto3.client("sqs", region_name=REGION)
    page = sns.create_topic(Name="page")["TopicArn"]
    heard = {}
    for name, topic, policy in (
        ("bed", page, {}),
        ("ml", os.environ["CANARY_TICKET_TOPIC"], {"owner": ["ml"]}),
        ("other", os.environ["CANARY_TICKET_TOPIC"], {"owner": ["other"]}),
    ):
        heard[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:123456789012:{name}"
        attributes = {"FilterPolicy": json.dumps(policy)} if policy else {}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    monkeypatch.setenv("CANARY_PAGE_TOPIC", page)
    seed = samples.seed_day()  # its critical checks have failed for half an hour
    owned = tuple(msgspec.structs.replace(r, owner="ml") for r in seed.results)
    made = make_runtime(worlds.config(worlds.check()), str(tmp_path))
    assert not tuple(notifier(made, channels())(msgspec.structs.replace(seed, results=owned)))
    subjects = {
        name: [json.loads(m["Body"])["Subject"] for m in found.get("Messages", [])]
        for name, url in heard.items()
        if (found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10))
    }
    assert [s[:54] for s in subjects["bed"]] == [
        "[critical] development, cause: registration and sign-i"
    ]
    assert [s[:42] for s in subjects["ml"]] == ["[critical] development: registration and s"]
    assert subjects["other"] == []


def test_a_message_that_comes_late_says_so(inbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    right = os.environ["CANARY_TICKET_TOPIC"]
    monkeypatch.setenv("CANARY_TICKET_TOPIC", f"{right}-gone")
    handler({}, Context())
    assert inbox() == []
    monkeypatch.setenv("CANARY_TICKET_TOPIC", right)
    handler({}, Context())
    late = inbox()
    assert late and all(m["Message"].splitlines()[2].startswith("(Late: ") for m in late)


class Unreadable(FolderStore):
    """A store that is denied for a moment."""

    def read(self, name: str) -> bytes | None:
        raise StoreError("AccessDenied")


def test_a_state_that_cannot_be_read_repeats_nothing_and_forgets_nothing(tmp_path: Path) -> None:
    store, name = FolderStore(tmp_path), state_name("test")
    known = Notified(last_run="before", generations={"test/x": 3})
    store.write(name, dump(known).encode())
    made = make_runtime(worlds.config(worlds.check()), str(tmp_path))
    denied = msgspec.structs.replace(made, store=Unreadable(tmp_path))
    problems = tuple(notifier(denied, Channels(ticket="nowhere"))(samples.seed_day()))
    assert problems == (
        "no message was sent: the state of the messages could not be read: AccessDenied",
    )
    assert load(store.read(name) or b"", Notified) == known
    assert not (tmp_path / "claims").exists()


@pytest.mark.parametrize("hours", [0, 6])
def test_a_message_has_a_link_that_opens_where_the_environment_asks_for_it(
    aws: Any, tmp_path: Path, inbox: Any, hours: int
) -> None:
    boto3.client("s3", region_name=REGION).create_bucket(Bucket="reports")
    known = worlds.config(worlds.check())
    notify = msgspec.structs.replace(known.environment.notify, presigned_hours=hours)
    where = msgspec.structs.replace(known.environment, notify=notify)
    made = make_runtime(msgspec.structs.replace(known, environment=where), "s3://reports/canary")
    assert not tuple(notifier(made, channels())(samples.seed_day()))
    texts = [m["Message"] for m in inbox()]
    assert texts
    for text in texts:
        [link] = re.findall(r"^Report: (\S+)$", text, re.M)
        if not hours:
            assert link == "s3://reports/canary/latest/development.html"
            continue
        url = urlsplit(link)
        asked = parse_qs(url.query)
        assert url.scheme == "https" and url.path.endswith("/latest/development.html")
        assert asked["X-Amz-Expires"] == [str(hours * 3600)] and asked["X-Amz-Signature"]
    kept = made.store.read(state_name(where.name))
    assert kept and b"X-Amz-Signature" not in kept


def test_the_event_of_a_run_itself_needs_no_lease(inbox: Any, tmp_path: Path) -> None:
    """No other run can send it: its key names the run. A lease would be one write more a run."""
    known = worlds.config(worlds.check())
    made = make_runtime(known, str(tmp_path))
    report = samples.seed_day()
    assert not tuple(notifier(made, channels())(report))
    leased = [p.name for p in (tmp_path / "claims").rglob("*.json")]
    assert len(inbox()) == 1 and any("broke" in name for name in leased)
    assert not [name for name in leased if "completed" in name]
