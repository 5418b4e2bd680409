"""Alarms of the emulator change state as CloudWatch's do and tell whom they should."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from emulator.alarms.loop import AlarmLoop
from emulator.aws.endpoint import Endpoint
from emulator.metrics.store import metric, put
from tests.emulator.support.emulated import aws, until

__all__ = ["aws"]

NOON = 1_780_000_020.0 - 1_780_000_020.0 % 60


class Story:
    """Minutes that pass for an alarm loop, with datapoints in them and a queue that listens."""

    def __init__(self, aws: Endpoint, name: str) -> None:
        self.aws, self.now, self.name = aws, NOON, name
        self.cloudwatch = aws.client("cloudwatch")
        sns, sqs = aws.client("sns"), aws.client("sqs")
        self.topic = sns.create_topic(Name=f"pages-{name}")["TopicArn"]
        self._queue = sqs.create_queue(QueueName=f"listener-{name}")["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:123456789012:listener-{name}"
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        self.loop = AlarmLoop(clock=lambda: self.now)

    def alarm(self, name: str, **options: Any) -> None:
        single = {"Namespace": "Story", "MetricName": name, "Statistic": "Maximum", "Period": 60}
        given = {
            "AlarmName": name,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "AlarmActions": [self.topic],
            "OKActions": [self.topic],
            **({} if "Metrics" in options else single),
            **options,
        }
        self.cloudwatch.put_metric_alarm(**given)

    def minute(self, **values: float | None) -> None:
        """Let a minute pass with one datapoint for each metric."""
        for name, value in values.items():
            if value is not None:
                put(metric("Story", name), [value], at=self.now + 30)
        self.now += 60
        self.loop.evaluate_once()

    def state(self, name: str) -> str:
        found = self.cloudwatch.describe_alarms(AlarmNames=[name])
        return str([*found["MetricAlarms"], *found["CompositeAlarms"]][0]["StateValue"])

    def heard(self) -> list[dict[str, Any]]:
        found = self.aws.client("sqs").receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        for m in found.get("Messages", []):
            self.aws.client("sqs").delete_message(
                QueueUrl=self._queue, ReceiptHandle=m["ReceiptHandle"]
            )
        return [json.loads(m["Body"]) for m in found.get("Messages", [])]

    def pages(self) -> list[tuple[str, str]]:
        messages = (json.loads(envelope["Message"]) for envelope in self.heard())
        return [(m["AlarmName"], m["NewStateValue"]) for m in messages]


@pytest.fixture
def story(aws: Endpoint, request: pytest.FixtureRequest) -> Iterator[Story]:
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)[:60]
    told = Story(aws, name)
    yield told
    found = told.cloudwatch.describe_alarms()
    names = [a["AlarmName"] for a in found["MetricAlarms"] + found["CompositeAlarms"]]
    told.cloudwatch.delete_alarms(AlarmNames=names)


def test_a_new_alarm_has_insufficient_data_until_it_is_evaluated(story: Story) -> None:
    story.alarm("fresh")
    assert story.state("fresh") == "INSUFFICIENT_DATA"
    story.minute()
    assert story.state("fresh") == "INSUFFICIENT_DATA" and story.pages() == []
    story.minute(fresh=0)
    assert story.state("fresh") == "OK" and story.pages() == [("fresh", "OK")]


def test_actions_run_on_a_change_and_not_again(story: Story) -> None:
    story.alarm("steady")
    for value in (0, 1, 1, 1, 0, 0):
        story.minute(steady=value)
    assert story.pages() == [("steady", "OK"), ("steady", "ALARM"), ("steady", "OK")]


def test_two_of_three_wait_for_the_second_failure(story: Story) -> None:
    story.alarm("mn", EvaluationPeriods=3, DatapointsToAlarm=2)
    seen = []
    for value in (0, 0, 0, 1, 0, 1, 0, 0):
        story.minute(mn=value)
        seen.append(story.state("mn"))
    assert seen == ["OK", "OK", "OK", "OK", "OK", "ALARM", "OK", "OK"]


def test_the_notification_is_cloudwatchs_own(story: Story) -> None:
    story.alarm("worded", AlarmDescription="The registry answers", TreatMissingData="ignore")
    story.minute(worded=0)
    story.heard()
    story.minute(worded=2)
    [envelope] = story.heard()
    assert envelope["Subject"] == 'ALARM: "worded" in US East (N. Virginia)'
    message = json.loads(envelope["Message"])
    assert list(message)[:2] == ["AlarmName", "AlarmDescription"]
    assert message["Region"] == "US East (N. Virginia)" and message["OldStateValue"] == "OK"
    assert message["AlarmArn"].endswith(":alarm:worded")
    assert message["StateChangeTime"].endswith("+0000")
    assert datetime.fromisoformat(message["StateChangeTime"]).timestamp() == story.now
    assert message["Trigger"]["Statistic"] == "MAXIMUM"
    assert message["Trigger"]["TreatMissingData"] == "ignore"
    began = datetime.utcfromtimestamp(story.now - 60).strftime("%d/%m/%y %H:%M:%S")
    assert message["NewStateReason"] == (
        f"Threshold Crossed: 1 out of the last 1 datapoint [2.0 ({began})] was greater than the "
        "threshold (0.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )


def heartbeat(story: Story) -> None:
    beat = {"Metric": {"Namespace": "Story", "MetricName": "beat"}, "Period": 60, "Stat": "Sum"}
    story.alarm(
        "heartbeat",
        Metrics=[
            {"Id": "beats", "Expression": "FILL(beat, 0)", "ReturnData": True},
            {"Id": "beat", "MetricStat": beat, "ReturnData": False},
        ],
        EvaluationPeriods=3,
        DatapointsToAlarm=3,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )


def test_a_filled_heartbeat_notices_silence_within_three_periods(story: Story) -> None:
    heartbeat(story)
    for _ in range(5):
        story.minute(beat=1)
    assert story.state("heartbeat") == "OK"
    silent = 0
    while story.state("heartbeat") == "OK":
        story.minute()
        silent += 1
    assert silent == 3
    for _ in range(6):  # and stays, once the series is empty
        story.minute()
    assert story.state("heartbeat") == "ALARM"
    story.minute(beat=1)
    assert story.state("heartbeat") == "OK"
    trigger = json.loads(story.heard()[-1]["Message"])["Trigger"]
    assert trigger["Metrics"][0]["Expression"] == "FILL(beat, 0)" and "MetricName" not in trigger


def test_dimensions_and_namespaces_are_kept_apart(story: Story) -> None:
    story.alarm("apart", Dimensions=[{"Name": "env", "Value": "a"}])
    put(metric("Story", "apart", {"env": "b"}), [5], at=story.now + 30)
    put(metric("Other", "apart", {"env": "a"}), [5], at=story.now + 30)
    put(metric("Story", "apart"), [5], at=story.now + 30)
    put(metric("Story", "apart", {"env": "a"}), [0], at=story.now + 30)
    story.minute()
    assert story.state("apart") == "OK"


def test_a_composite_pages_once_for_two_failures(story: Story) -> None:
    for name in ("left", "right"):
        story.alarm(name, AlarmActions=[], OKActions=[])
    story.cloudwatch.put_composite_alarm(
        AlarmName="page", AlarmRule="ALARM(left) OR ALARM(right)", AlarmActions=[story.topic]
    )
    story.minute(left=0, right=0)
    assert story.state("page") == "OK"
    story.minute(left=1, right=1)
    story.minute(left=1, right=1)
    [envelope] = story.heard()
    message = json.loads(envelope["Message"])
    assert message["AlarmRule"] == "ALARM(left) OR ALARM(right)" and "Trigger" not in message
    assert len(message["TriggeringChildren"]) == 2
    assert "transitioned to ALARM at " in message["NewStateReason"]


def test_a_suppressor_delays_the_page_but_does_not_cancel_it(story: Story) -> None:
    story.alarm("failing", AlarmActions=[], OKActions=[])
    story.alarm("deploying", AlarmActions=[], OKActions=[], TreatMissingData="notBreaching")
    story.cloudwatch.put_composite_alarm(
        AlarmName="held",
        AlarmRule="ALARM(failing)",
        AlarmActions=[story.topic],
        ActionsSuppressor="deploying",
        ActionsSuppressorWaitPeriod=60,
        ActionsSuppressorExtensionPeriod=120,
    )
    story.minute(failing=0, deploying=0)
    for _ in range(3):
        story.minute(failing=1, deploying=1)
        assert story.state("held") == "ALARM" and story.pages() == []
    held = story.cloudwatch.describe_alarms(AlarmNames=["held"])["CompositeAlarms"][0]
    assert held["ActionsSuppressedBy"] == "Alarm"
    heard = []
    for _ in range(4):
        story.minute(failing=1, deploying=0)
        heard.append(story.pages())
    assert heard == [[], [], [("held", "ALARM")], []]


def test_a_state_set_by_hand_runs_its_actions_and_falls_back(story: Story) -> None:
    story.alarm("drill")
    story.minute(drill=0)
    story.pages()
    story.cloudwatch.set_alarm_state(AlarmName="drill", StateValue="ALARM", StateReason="drill")
    story.minute(drill=0)
    assert story.pages() == [("drill", "ALARM"), ("drill", "OK")]


def test_an_update_keeps_the_state(story: Story) -> None:
    story.alarm("kept")
    story.minute(kept=1)
    story.alarm("kept", Threshold=0, AlarmDescription="changed")
    assert story.state("kept") == "ALARM"


def test_a_mute_rule_holds_the_actions_until_it_ends(story: Story) -> None:
    story.alarm("muted")
    story.minute(muted=0)
    story.pages()
    begin = datetime.utcfromtimestamp(story.now).strftime("%Y-%m-%dT%H:%M:%S")
    story.cloudwatch.put_alarm_mute_rule(
        Name="quiet",
        Rule={"Schedule": {"Expression": f"at({begin})", "Duration": "PT3M"}},
        MuteTargets={"AlarmNames": ["muted"]},
    )
    for _ in range(2):
        story.minute(muted=1)
        assert story.state("muted") == "ALARM" and story.pages() == []
    story.minute(muted=1)
    assert story.pages() == [("muted", "ALARM")]


def test_a_topic_whose_policy_only_denies_hears_nothing_and_the_history_says_why(
    story: Story,
) -> None:
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": story.topic,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": story.topic,
    }
    story.alarm("denied")
    for statements, expected in (([deny], []), ([deny, allow], [("denied", "OK")])):
        story.aws.client("sns").set_topic_attributes(
            TopicArn=story.topic,
            AttributeName="Policy",
            AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )
        story.minute(denied=len(statements) % 2)
        assert story.pages() == expected
    items = story.cloudwatch.describe_alarm_history(
        AlarmName="denied", HistoryItemType="Action", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    assert "is not authorized to perform: SNS:Publish on resource" in items[0]["HistorySummary"]
    assert items[1]["HistorySummary"].startswith("Successfully executed action")


def test_a_rule_that_names_no_alarm_is_refused(story: Story) -> None:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError, match="alarm nobody is missing"):
        story.cloudwatch.put_composite_alarm(AlarmName="x", AlarmRule="ALARM(nobody)")
    with pytest.raises(ClientError, match="AlarmRule: an alarm's name is missing"):
        story.cloudwatch.put_composite_alarm(AlarmName="x", AlarmRule="ALARM(")


def test_a_change_is_an_event_on_the_default_bus(story: Story) -> None:
    events, sqs = story.aws.client("events"), story.aws.client("sqs")
    url = sqs.create_queue(QueueName="alarm-events")["QueueUrl"]
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": ["eventful"]}}
    events.put_rule(Name="alarms", EventPattern=json.dumps(pattern))
    arn = "arn:aws:sqs:us-east-1:123456789012:alarm-events"
    events.put_targets(Rule="alarms", Targets=[{"Id": "q", "Arn": arn}])
    story.alarm("eventful", AlarmActions=[], OKActions=[])
    story.minute(eventful=1)
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    event = json.loads(message["Body"])
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["detail"]["state"]["value"] == "ALARM"
    assert event["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"


def test_points_of_every_fifth_minute_ring_and_clear_an_alarm_of_that_period(story: Story) -> None:
    """A blocking check gives a point every five minutes, and none while its light check fails."""
    story.alarm(
        "document",
        Period=300,
        EvaluationPeriods=2,
        DatapointsToAlarm=2,
        TreatMissingData="ignore",
    )
    seen: list[str] = []
    for point in (0, 0, 1, 0, 1, 1, None, None, 1, 0, None):
        story.minute(document=point)
        for _ in range(4):
            story.minute()
        seen.append(story.state("document"))
    changes = [b for a, b in itertools.pairwise(seen) if a != b]
    assert changes == ["ALARM", "OK"]
    assert seen.index("ALARM") in (5, 6)  # two failures in a row, and a period's end
    assert seen[-1] == "OK"


def test_the_thread_evaluates_in_compressed_time(aws: Endpoint) -> None:
    loop = AlarmLoop(speed=60)
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="live", Namespace="Story", MetricName="live", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=0, ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )  # fmt: skip

    def changes() -> list[str]:
        items = cloudwatch.describe_alarm_history(
            AlarmName="live", HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
        )["AlarmHistoryItems"]
        return [item["HistorySummary"].rsplit(" ", 1)[-1] for item in items]

    loop.start()
    try:
        assert until(lambda: changes() == ["OK"])
        put(metric("Story", "live"), [1])
        assert until(lambda: changes() == ["OK", "ALARM", "OK"])
    finally:
        loop.stop()
