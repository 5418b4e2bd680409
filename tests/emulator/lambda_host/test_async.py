"""Asynchronous invocations are retried, dropped, throttled and recorded as Lambda does it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.metrics.store import Grid, metric, series
from tests.emulator.support.emulated import LOGS, allow, aws, function, messages, role, until

__all__ = ["aws"]

FAILING = """
def handler(event, context):
    print("try", context.aws_request_id)
    raise ValueError("broken")
"""
SLEEPING = """
import time
from pathlib import Path
def handler(event, context):
    print("began", event["n"])
    time.sleep(event["seconds"])
    return event["n"]
"""


def queue(aws: Endpoint, name: str) -> tuple[str, str]:
    url = aws.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    found = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def send(aws: Endpoint, name: str, event: Any) -> None:
    answer = aws.client("lambda").invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(event)
    )
    assert answer["StatusCode"] == 202


def received(aws: Endpoint, url: str) -> list[dict[str, Any]]:
    found = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(m["Body"]) for m in found.get("Messages", [])]


def total(name: str, function_name: str) -> float | None:
    grid = Grid(end=time.time() + 1, period=600, count=1)
    return series(metric("AWS/Lambda", name, {"FunctionName": function_name}), "Sum", grid)[0]


def test_an_error_is_retried_twice_and_then_recorded(aws: Endpoint) -> None:
    url, arn = queue(aws, "failed-runs")
    may = role(aws, "failing", LOGS, allow("sqs:SendMessage", resource=arn))
    function(aws, "failing", FAILING, may)
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName="failing", DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    send(aws, "failing", {"a": 1})
    [record] = until(lambda: received(aws, url))
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"a": 1}
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorType"] == "ValueError"
    tries = [m for m in messages(aws, "/aws/lambda/failing") if m.startswith("try")]
    assert len(tries) == 3 and len(set(tries)) == 1
    assert total("AsyncEventsReceived", "failing") == 1
    assert total("AsyncEventsDropped", "failing") == 1


def test_with_no_retries_a_failed_run_is_recorded_at_once(aws: Endpoint) -> None:
    url, arn = queue(aws, "once")
    function(aws, "once", FAILING, role(aws, "once", LOGS, allow("sqs:SendMessage")))
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName="once",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    send(aws, "once", {})
    [record] = until(lambda: received(aws, url))
    assert record["requestContext"]["approximateInvokeCount"] == 1


def test_a_role_that_may_not_write_loses_the_record(aws: Endpoint) -> None:
    url, arn = queue(aws, "lost")
    function(aws, "lost", FAILING, role(aws, "lost", LOGS))
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName="lost",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    send(aws, "lost", {})
    assert until(lambda: total("DestinationDeliveryFailures", "lost")) == 1
    assert received(aws, url) == []


def test_a_second_run_is_throttled_and_comes_late_or_not_at_all(aws: Endpoint) -> None:
    url, arn = queue(aws, "too-old")
    function(aws, "single", SLEEPING, role(aws, "single", LOGS, allow("sqs:SendMessage")))
    client = aws.client("lambda")
    client.put_function_concurrency(FunctionName="single", ReservedConcurrentExecutions=1)
    config = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    client.put_function_event_invoke_config(
        FunctionName="single", DestinationConfig={"OnFailure": {"Destination": arn}}, **config
    )
    holder = threading.Thread(target=send_sync, args=(aws, "single", {"n": 1, "seconds": 3}))
    holder.start()
    until(lambda: (total("Invocations", "single") or 0) or began(aws))
    with pytest.raises(ClientError) as refused:
        send_sync(aws, "single", {"n": 2, "seconds": 0})
    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    send(aws, "single", {"n": 3, "seconds": 0})  # 60 s of age pass in one second here
    [record] = until(lambda: received(aws, url))
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responsePayload" not in record
    holder.join()
    assert (total("Throttles", "single") or 0) >= 1
    assert total("Invocations", "single") == 1


def send_sync(aws: Endpoint, name: str, event: Any) -> Any:
    answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def began(aws: Endpoint) -> bool:
    """Log lines come at the end of a run: wait long enough for the environment to be taken."""
    time.sleep(0.8)
    return True


def test_a_topic_invokes_its_subscribed_function_asynchronously(aws: Endpoint) -> None:
    code = "def handler(event, context): print('got', event['Records'][0]['Sns']['Message'])"
    arn = function(aws, "subscriber", code)
    topic = aws.client("sns").create_topic(Name="pages")["TopicArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    aws.client("sns").publish(TopicArn=topic, Message="wake up")

    def got() -> bool:
        try:
            return "got wake up" in messages(aws, "/aws/lambda/subscriber")
        except ClientError:
            return False

    assert until(got)


def test_a_body_that_is_no_json_is_refused(aws: Endpoint) -> None:
    function(aws, "strict", "def handler(event, context): pass")
    with pytest.raises(ClientError, match="InvalidRequestContent"):
        aws.client("lambda").invoke(FunctionName="strict", Payload=b"{not json")


def test_nothing_is_left_when_the_host_stops(aws: Endpoint) -> None:
    import os

    from emulator import lambda_host

    host = lambda_host.install(int(aws.url.rsplit(":", 1)[1]))
    function(aws, "leaving", "import os\ndef handler(e, c): return [os.getpid(), os.getcwd()]")
    pid, folder = send_sync(aws, "leaving", {})
    assert Path(f"/proc/{pid}").exists()
    host.stop()
    assert not Path(f"/proc/{pid}").exists() and not Path(folder).exists()
    with pytest.raises(ClientError, match="not running"):
        send_sync(aws, "leaving", {})
    assert os.getpid() != pid


ORPHAN = """
import json, os, signal, sys
from emulator import lambda_host
from emulator.server import AwsServer
from tests.emulator.support.emulated import function
aws = AwsServer().start()
from pathlib import Path
lambda_host.install(aws, work_dir=Path(sys.argv[1]))
function(aws, "orphan", "import os\\ndef handler(e, c): return os.getpid()")
answer = aws.client("lambda").invoke(FunctionName="orphan")
print(json.loads(answer["Payload"].read()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_a_killed_host_takes_its_environments_with_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ORPHAN, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    pid = int(done.stdout)
    assert until(lambda: not Path(f"/proc/{pid}/cmdline").exists(), 5)
