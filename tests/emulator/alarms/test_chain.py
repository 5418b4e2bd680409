"""From the schedule to the page: each link of the emulator, one after the other, in one story."""

from __future__ import annotations

import json

import pytest

from emulator.alarms.loop import AlarmLoop
from emulator.aws.endpoint import Endpoint
from emulator.scheduler.loop import SchedulerLoop
from tests.emulator.support.emulated import allow, aws, function, role, until

__all__ = ["aws"]

CANARY = """
import json, time, boto3
def handler(event, context):
    try:
        boto3.client("s3").head_object(Bucket="platform", Key="healthy")
        failed = 0
    except Exception:
        failed = 1
    meta = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [{
        "Namespace": "Chain", "Dimensions": [[]], "Metrics": [{"Name": "Failed"}]}]}
    print(json.dumps({"_aws": meta, "Failed": failed}))
"""
PACE = 30.0


@pytest.mark.slow
def test_a_fault_pages_once_and_its_end_is_told(aws: Endpoint) -> None:
    s3, sqs = aws.client("s3"), aws.client("sqs")
    s3.create_bucket(Bucket="platform")
    s3.put_object(Bucket="platform", Key="healthy", Body=b"")
    logs = allow("logs:CreateLogGroup", "logs:PutLogEvents", "s3:GetObject", "s3:ListBucket")
    arn = function(aws, "chain", CANARY, role(aws, "chain", logs))
    topic = aws.client("sns").create_topic(Name="chain")["TopicArn"]
    url = sqs.create_queue(QueueName="chain")["QueueUrl"]
    ear = "arn:aws:sqs:us-east-1:123456789012:chain"
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=ear)
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName="chain", Namespace="Chain", MetricName="Failed", Statistic="Maximum", Period=60,
        EvaluationPeriods=1, Threshold=0, ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore", AlarmActions=[topic], OKActions=[topic],
    )  # fmt: skip
    aws.client("scheduler").create_schedule(
        Name="chain",
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": role(aws, "fire", allow("lambda:InvokeFunction"))},
    )
    heard: list[str] = []

    def states() -> list[str]:
        for message in sqs.receive_message(QueueUrl=url).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            heard.append(json.loads(json.loads(message["Body"])["Message"])["NewStateValue"])
        return heard

    loops = (AlarmLoop(speed=PACE), SchedulerLoop(speed=PACE))
    for loop in loops:
        loop.start()
    try:
        assert until(lambda: states() == ["OK"])
        s3.delete_object(Bucket="platform", Key="healthy")
        assert until(lambda: states() == ["OK", "ALARM"])
        s3.put_object(Bucket="platform", Key="healthy", Body=b"")
        assert until(lambda: states() == ["OK", "ALARM", "OK"])
    finally:
        for loop in loops:
            loop.stop()
        aws.client("scheduler").delete_schedule(Name="chain")
