"""What arrives on the topics of a deployed canary says what docs/messages.md shows.

The document is made from kept states of an invented platform (tests.canary.support.arriving). Here
the deployed zip is asked, with its alarms: names, ports and numbers differ, words and order do not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.canary.support.arriving import DOCUMENT
from tests.infra.support.deployed import MINUTE_S, STACK, Deployed, deploy_to, until
from tests.sandbox.support.twin import RunningTwin

pytestmark = [pytest.mark.sweep, pytest.mark.timeout(1200)]
FAULTS = {
    "A listener rule leads to the wrong service": "mlflow-api-rule-wrong-target",
    "A new revision listens on another port": "api-listens-elsewhere",
    "A service was scaled to nothing": "auth-scaled-to-zero",
    "The rules of the API are gone": "api-rules-missing",
    "A certificate has expired": "certificate-expired",
}
RUNS = 4
"""Runs after which a critical check is down, and its cause told."""
HEAD = re.compile(r"(Report|Cause|Look|Fix|Decide|Undo the fix|Verify|Not judged|Runbook)\b")
CAUSE = re.compile(r"^  ([a-z-]+) in ", re.MULTILINE)
CALL = re.compile(r"^  (aws [a-z0-9-]+ [a-z-]+)", re.MULTILINE)
NAME = re.compile(r"[\w.*/-]*hokusai[\w./-]*|\bcanary/valid|\b\d+\b")


def documented(title: str) -> str:
    """Return the text of a section of the document."""
    section = DOCUMENT.read_text(encoding="utf-8").partition(f"## {title}\n")[2]
    return section.partition("```text\n")[2].partition("\n```")[0].partition("\n\n")[2]


def skeleton(text: str) -> dict[str, Any]:
    """Return what a message has in common on every platform: cause, words, parts, calls."""
    heads = [m[1] for row in text.splitlines() if (m := HEAD.match(row))]
    because = text.partition("\n")[0].rpartition("fail: ")[2].rpartition("fails: ")[2]
    causes = CAUSE.findall(text)
    return {
        "cause": causes[:1],
        "because": NAME.sub("…", because.partition(";")[0]).replace("checks", "check"),
        "parts": list(dict.fromkeys(h for h in heads if h != "Runbook")),
        "calls": sorted(set(CALL.findall(text))),
    }


class Ear:
    """The canary's own texts and the alarms' notifications that reached the topics."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed

    def hear(self, topic: str) -> list[dict[str, str]]:
        """Return all that arrived since the last look: subject and text of each."""
        sqs, found = self._deployed.client("sqs"), []
        url = self._deployed.ears[topic]
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                body = json.loads(message["Body"])
                found.append({"subject": body.get("Subject", ""), "text": body["Message"]})
        return found


def _forget(deployed: Deployed) -> None:
    """Forget what was told: what fails again within ten minutes is told no second time."""
    s3, bucket = deployed.client("s3"), deployed.outputs["ReportBucket"]
    for prefix in ("canary/notified/", "canary/claims/"):
        for kept in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=kept["Key"])


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Deployed, Ear]]:
    """A deployed stack at rest, in real time: only these tests invoke it."""
    folder = tmp_path_factory.mktemp("messages")
    twin = RunningTwin(folder / "state.json")
    try:
        found = deploy_to(twin, folder / "cdk.out")
        found.schedule(State="DISABLED")
        yield found, Ear(found)
    finally:
        twin.stop()


@pytest.mark.parametrize("title", FAULTS)
def test_a_fault_is_told_in_the_words_of_the_document(
    quiet: tuple[Deployed, Ear], title: str
) -> None:
    deployed, ear = quiet
    deployed.twin.heal()
    _forget(deployed)
    deployed.invoke()
    ear.hear("ticket"), ear.hear("page")
    deployed.twin.plant(FAULTS[title])
    told: list[dict[str, str]] = []
    for _ in range(RUNS):
        deployed.invoke()
        told += [m for m in ear.hear("ticket") if m["text"].startswith("[critical]")]
        if told and CAUSE.search(told[-1]["text"]):
            break
    assert skeleton(told[-1]["text"]) == skeleton(documented(title))


def test_a_canary_that_may_not_read_its_secret_is_blind_and_tells_no_outage(
    quiet: tuple[Deployed, Ear],
) -> None:
    deployed, ear = quiet
    deployed.twin.heal()
    _forget(deployed)
    deployed.invoke()
    ear.hear("ticket"), ear.hear("page")
    role = next(v for k, v in deployed.physical.items() if v.startswith(f"{STACK}-us-east-1"))
    denied = {"Effect": "Deny", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    iam = deployed.client("iam")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    iam.put_role_policy(RoleName=role, PolicyName="blind", PolicyDocument=policy)
    deployed.configure()  # a warm function keeps what it read
    try:
        deployed.invoke()
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="blind")
        deployed.configure()
    told = [m["text"] for m in ear.hear("ticket") if not m["text"].startswith('{"AlarmName"')]
    assert [t.partition(" ")[0] for t in told] == ["[canary]"]
    assert skeleton(told[0]) == skeleton(documented("A canary that may not read its secret"))


def test_the_dead_canary_is_told_by_its_alarm_alone(deployed: Deployed) -> None:
    """In a twin whose minutes take six seconds."""
    ear = Ear(deployed)
    deployed.schedule(State="DISABLED")
    deployed.invoke()
    until(lambda: "heartbeat" not in deployed.ringing(), 30 * MINUTE_S, "a run is seen")
    ear.hear("page")
    until(lambda: "heartbeat" in deployed.ringing(), 30 * MINUTE_S, "silence is heard")
    heard: list[dict[str, str]] = []
    until(lambda: heard.extend(ear.hear("page")) or heard, 20, "the alarm is told")
    told = [json.loads(m["text"]) for m in heard]
    assert [(t["AlarmName"], t["NewStateValue"]) for t in told] == [(f"{STACK}-heartbeat", "ALARM")]
    assert told[0]["AlarmDescription"] == documented("The dead canary")
