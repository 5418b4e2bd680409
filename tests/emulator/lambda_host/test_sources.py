"""What ECS does reaches the bus, a rule's queues, and the function that is mapped to them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from emulator.aws.endpoint import Endpoint
from emulator.ecs.deployments import COMPLETED, FAILED, Deployment
from emulator.ecs.rollouts import bus
from tests.emulator.support.emulated import LOGS, allow, aws, function, messages, role, until

__all__ = ["aws"]

ARN = "arn:aws:ecs:us-east-1:123456789012:service/main/the-api"
TAKING = """
import json
def handler(event, context):
    for record in event["Records"]:
        told = json.loads(record["body"])
        name = record["eventSourceARN"].rpartition(":")[2]
        detail = told["detail"]
        print("took", name, len(event["Records"]), told["resources"], json.dumps(detail))
"""


def service() -> Any:
    return SimpleNamespace(arn=ARN, cluster_arn="arn:aws:ecs:us-east-1:123456789012:cluster/main")


def queue(aws: Endpoint, name: str, delay_s: int) -> str:
    attributes = {"DelaySeconds": str(delay_s), "VisibilityTimeout": "60"}
    url = aws.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    found = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(found["Attributes"]["QueueArn"])


def test_rollouts_and_actions_reach_a_function_at_once_and_again(aws: Endpoint) -> None:
    arns = [queue(aws, "changes", 0), queue(aws, "changes-again", 2)]
    aws.client("logs").create_log_group(logGroupName="/aws/lambda/taking")
    may = allow("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
    function(aws, "taking", TAKING, role(aws, "taking", LOGS, may))
    for arn in arns:
        aws.client("lambda").create_event_source_mapping(
            FunctionName="taking", EventSourceArn=arn, BatchSize=10
        )
    pattern = {
        "source": ["aws.ecs"],
        "resources": [{"prefix": ARN.removesuffix("the-api")}],
        "detail": {"eventName": [{"prefix": "SERVICE_"}]},
    }
    events = aws.client("events")
    events.put_rule(Name="rollouts", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="rollouts", Targets=[{"Id": a[-5:], "Arn": a} for a in arns])
    one = Deployment("td:1", {}, id="ecs-svc/1")
    seen = service()
    bus.announce(seen, [one])
    bus.announce(seen, [one])  # nothing new
    one.complete()
    bus.announce(seen, [one])
    bus.act(seen, "has reached a steady state.")
    bus.act(seen, "registered 1 targets in (target-group x)")

    def took(name: str) -> list[str]:
        every = (m.split() for m in messages(aws, "/aws/lambda/taking") if m.startswith("took"))
        return sorted({w[w.index('"eventName":') + 1].strip('",') for w in every if w[1] == name})

    names = [
        "SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_STEADY_STATE",
    ]  # fmt: skip
    assert until(lambda: len(took("changes")) == 3) and took("changes") == names
    assert until(lambda: len(took("changes-again")) == 3) and took("changes-again") == names


def test_an_event_has_the_form_that_aws_documents(aws: Endpoint) -> None:
    url = aws.client("sqs").create_queue(QueueName="seen")["QueueUrl"]
    arn = url.rpartition("/")[2]
    events = aws.client("events")
    events.put_rule(Name="seen", EventPattern=json.dumps({"source": ["aws.ecs"]}))
    target = f"arn:aws:sqs:us-east-1:123456789012:{arn}"
    events.put_targets(Rule="seen", Targets=[{"Id": "q", "Arn": target}])
    failed = Deployment("td:1", {}, id="ecs-svc/2", rollout=FAILED, reason="it failed")
    done = Deployment("td:1", {}, id="ecs-svc/1", rollout=COMPLETED)
    bus.announce(service(), [failed, done])
    found = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    _, told = sorted((json.loads(m["Body"]) for m in found), key=lambda e: e["detail"]["eventName"])
    assert set(told) >= {"version", "id", "detail-type", "source", "account", "time", "region"}
    assert (told["detail-type"], told["resources"]) == ("ECS Deployment State Change", [ARN])
    detail = told["detail"]
    assert detail.pop("updatedAt").endswith("Z")
    assert detail == {
        "eventType": "ERROR",
        "eventName": "SERVICE_DEPLOYMENT_FAILED",
        "deploymentId": "ecs-svc/2",
        "reason": "it failed",
    }
