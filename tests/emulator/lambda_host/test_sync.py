"""A deployed zip runs as it would in Lambda."""

from __future__ import annotations

import base64
import json
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.metrics.store import known
from tests.emulator.support.emulated import LOGS, allow, aws, function, messages, role

__all__ = ["aws"]

ECHO = """
import os, sys
calls = 0
print("loading")
def handler(event, context):
    global calls
    calls += 1
    print("handling", event)
    return {
        "calls": calls, "event": event, "pid": os.getpid(),
        "arn": context.invoked_function_arn, "left": context.get_remaining_time_in_millis(),
        "memory": context.memory_limit_in_mb, "group": context.log_group_name,
        "variable": os.environ.get("COLOUR"),
    }
"""


def invoke(aws: Endpoint, name: str, event: Any = None) -> tuple[Any, dict[str, Any]]:
    answer = aws.client("lambda").invoke(
        FunctionName=name, Payload=json.dumps(event or {}), LogType="Tail"
    )
    return json.loads(answer["Payload"].read()), answer


def test_the_handlers_own_result_comes_back_and_the_environment_stays_warm(aws: Endpoint) -> None:
    arn = function(aws, "echo", ECHO, Environment={"Variables": {"COLOUR": "blue"}})
    first, answer = invoke(aws, "echo", {"a": 1})
    second, warm = invoke(aws, "echo", {"a": 2})
    assert (first["calls"], second["calls"]) == (1, 2) and first["pid"] == second["pid"]
    assert first["event"] == {"a": 1} and first["arn"] == arn and first["variable"] == "blue"
    assert first["memory"] in (256, "256") and first["group"] == "/aws/lambda/echo"
    assert 15_000 < first["left"] <= 20_000
    assert answer["StatusCode"] == 200 and "FunctionError" not in answer
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert "Init Duration" in tail
    assert "Init Duration" not in base64.b64decode(warm["LogResult"]).decode()


def test_its_log_reads_as_lambdas_text_format(aws: Endpoint) -> None:
    function(aws, "text-log", ECHO)
    invoke(aws, "text-log")
    found = messages(aws, "/aws/lambda/text-log")
    heads = [line.split()[0] for line in found]
    assert heads == ["INIT_START", "START", "loading", "handling", "END", "REPORT"]
    assert "\tBilled Duration: " in found[-1] and "Status" not in found[-1]


def test_a_changed_configuration_takes_effect_with_the_next_invocation(aws: Endpoint) -> None:
    function(aws, "changing", ECHO)
    first, _ = invoke(aws, "changing")
    aws.client("lambda").update_function_configuration(
        FunctionName="changing", Environment={"Variables": {"COLOUR": "red"}}
    )
    second, _ = invoke(aws, "changing")
    assert second["variable"] == "red" and second["calls"] == 1
    assert second["pid"] != first["pid"]


def test_an_exception_keeps_the_environment_and_answers_unhandled(aws: Endpoint) -> None:
    code = """
calls = 0
def handler(event, context):
    global calls
    calls += 1
    if event.get("fail"):
        raise LookupError("no such thing")
    return calls
"""
    function(aws, "raising", code)
    body, answer = invoke(aws, "raising", {"fail": True})
    assert answer["FunctionError"] == "Unhandled"
    assert body["errorType"] == "LookupError" and body["errorMessage"] == "no such thing"
    assert body["requestId"] and body["stackTrace"]
    assert invoke(aws, "raising")[0] == 2
    report = [m for m in messages(aws, "/aws/lambda/raising") if m.startswith("REPORT")]
    assert len(report) == 2 and any(
        "[ERROR] LookupError" in m for m in messages(aws, "/aws/lambda/raising")
    )


def test_a_time_out_kills_the_process_without_its_finally(aws: Endpoint) -> None:
    code = """
import time
calls = 0
def handler(event, context):
    global calls
    calls += 1
    try:
        time.sleep(event.get("seconds", 0))
    finally:
        print("finally")
    return calls
"""
    function(aws, "slow", code, Timeout=1)
    body, answer = invoke(aws, "slow", {"seconds": 30})
    assert answer["FunctionError"] == "Unhandled" and body["errorType"] == "Sandbox.Timedout"
    assert body["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    log = messages(aws, "/aws/lambda/slow")
    assert "finally" not in log and "\tStatus: timeout" in log[-1]
    assert "Duration: 1000.00 ms" in log[-1]
    assert invoke(aws, "slow")[0] == 1


def test_a_json_log_has_platform_records_and_their_status(aws: Endpoint) -> None:
    code = """
import logging, time
def handler(event, context):
    logging.getLogger().warning("careful")
    time.sleep(event.get("seconds", 0))
"""
    config = {"LogFormat": "JSON", "LogGroup": "/canary/json"}
    function(aws, "json-log", code, Timeout=1, LoggingConfig=config)
    invoke(aws, "json-log")
    invoke(aws, "json-log", {"seconds": 9})
    found = [json.loads(m) for m in messages(aws, "/canary/json")]
    kinds = [m.get("type") for m in found]
    assert kinds == [
        "platform.initStart", "platform.start", None, "platform.report",
        "platform.start", None, "platform.report",
    ]  # fmt: skip
    assert found[2]["message"] == "careful" and found[2]["level"] == "WARNING"
    first, second = found[3]["record"], found[6]["record"]
    assert first["status"] == "success" and "initDurationMs" in first["metrics"]
    assert second["status"] == "timeout" and second["metrics"]["durationMs"] == 1000


def test_too_much_memory_ends_in_signal_killed(aws: Endpoint) -> None:
    code = """
import time
def handler(event, context):
    data = bytearray(200 * 2**20)
    time.sleep(5)
"""
    function(aws, "greedy", code, MemorySize=128)
    body, _ = invoke(aws, "greedy")
    assert body["errorType"] == "Runtime.ExitError"
    assert body["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    report = messages(aws, "/aws/lambda/greedy")[-1]
    assert "Max Memory Used: 128 MB" in report and "Error Type: Runtime.ExitError" in report


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import not_in_the_bundle", "Runtime.ImportModuleError"),
        ("import moto", "Runtime.ImportModuleError"),
        ("x = 1", "Runtime.HandlerNotFound"),
        ("def handler(:", "Runtime.UserCodeSyntaxError"),
        ("raise OSError('no disk')", "OSError"),
        ("import sys; sys.exit(3)", "Runtime.ExitError"),
        ("def handler(e, c): import sys; sys.exit(1)", "Runtime.ExitError"),
        ("def handler(e, c): return {1, 2}", "Runtime.MarshalError"),
    ],
)
def test_what_cannot_run_says_so_in_lambdas_words(aws: Endpoint, code: str, error: str) -> None:
    name = f"broken-{abs(hash(code))}"
    function(aws, name, code)
    body, answer = invoke(aws, name)
    assert answer["FunctionError"] == "Unhandled" and body["errorType"] == error, body


def test_the_runtimes_boto3_is_there_and_the_roles_permissions_hold(aws: Endpoint) -> None:
    code = """
import boto3, botocore
def handler(event, context):
    done = {}
    for bucket in ("granted", "not-granted"):
        try:
            boto3.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
            done[bucket] = "ok"
        except botocore.exceptions.ClientError as error:
            done[bucket] = error.response["Error"]["Code"]
    return done
"""
    for bucket in ("granted", "not-granted"):
        aws.client("s3").create_bucket(Bucket=bucket)
    arn = role(aws, "writer", LOGS, allow("s3:PutObject", resource="arn:aws:s3:::granted/*"))
    function(aws, "writer", code, arn)
    assert invoke(aws, "writer")[0] == {"granted": "ok", "not-granted": "AccessDenied"}


def test_without_permission_for_logs_there_are_none(aws: Endpoint) -> None:
    function(aws, "silent", ECHO, role(aws, "silent", allow("s3:GetObject")))
    assert invoke(aws, "silent")[0]["calls"] == 1
    with pytest.raises(ClientError, match="ResourceNotFound"):
        messages(aws, "/aws/lambda/silent")


def test_invocations_errors_and_duration_become_metrics(aws: Endpoint) -> None:
    from emulator.metrics.store import Grid, metric, series

    code = "def handler(event, context): 1 / event['by']"
    function(aws, "measured", code)
    for by in (1, 0, 2):
        invoke(aws, "measured", {"by": by})
    import time

    grid = Grid(end=time.time() + 1, period=600, count=1)

    def total(name: str) -> float | None:
        return series(metric("AWS/Lambda", name, {"FunctionName": "measured"}), "Sum", grid)[0]

    assert (total("Invocations"), total("Errors"), total("Throttles")) == (3, 1, 0)
    assert known("AWS/Lambda", "Duration")


def test_a_run_that_outlives_its_stack_does_not_bring_the_log_group_back(aws: Endpoint) -> None:
    code = """
import time
def handler(event, context):
    print("working")
    time.sleep(1.5)
"""
    writes = allow("logs:CreateLogStream", "logs:PutLogEvents")  # as the canary's role may
    group, iam, logs = "/aws/lambda/outliving", aws.client("iam"), aws.client("logs")
    logs.create_log_group(logGroupName=group)
    function(aws, "outliving", code, role(aws, "outliving", writes))
    invoke(aws, "outliving")
    assert any("working" in m for m in messages(aws, group))
    run = threading.Thread(target=invoke, args=(aws, "outliving"))
    run.start()
    time.sleep(0.5)
    logs.delete_log_group(logGroupName=group)
    iam.delete_role_policy(RoleName="outliving", PolicyName="all")
    iam.delete_role(RoleName="outliving")
    run.join()
    found = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert found == []
