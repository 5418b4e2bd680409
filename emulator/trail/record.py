"""Record each write call of management, also a refused one, as an event of CloudTrail.

Read calls and data events (objects, messages, log lines, invocations) are not recorded. The names
below `Resources` are given only where a page of AWS shows them:
https://repost.aws/knowledge-center/cloudtrail-event-history-changed (a security group's id as
resource name). For Elastic Load Balancing, ECS, Secrets Manager, SSM, Cloud Map and ACM none of
AWS's pages promises a resource name, so a reader has to ask by event name and compare
requestParameters:
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Resource.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import functools
import json
import re
import time
import uuid
from typing import Any

from emulator.network.sources import INTERNET_ADDRESS
from emulator.settings import ACCOUNT, REGION
from emulator.trail.announce import announce
from emulator.trail.caller import caller
from emulator.trail.history import Call, keep
from emulator.trail.parameters import parameters

READS = (
    *("Describe", "List", "Get", "BatchGet", "BatchDescribe", "Filter", "Discover", "Lookup"),
    *("Search", "Simulate", "Head", "Query", "Scan", "AssumeRole", "Select", "Decode"),
)
DATA = frozenset(
    {
        *("PutObject", "DeleteObject", "DeleteObjects", "CopyObject", "UploadPart", "Invoke"),
        *("CreateMultipartUpload", "CompleteMultipartUpload", "AbortMultipartUpload"),
        *("Publish", "PublishBatch", "SendMessage", "SendMessageBatch", "ReceiveMessage"),
        *("DeleteMessage", "DeleteMessageBatch", "PutLogEvents", "PutMetricData", "PutEvents"),
        *("PutItem", "DeleteItem", "UpdateItem", "BatchWriteItem", "PutRecord", "PutRecords"),
        *("Encrypt", "Decrypt", "GenerateDataKey", "PutTraceSegments", "InvokeAsync"),
    }
)
GLOBAL = ("iam", "route53", "sts", "cloudfront")
"""Services without regions: their events are in us-east-1 alone."""
SOURCES = {
    "application-autoscaling": "autoscaling",
    "cloudwatch": "monitoring",
    "elbv2": "elasticloadbalancing",
}
UNKNOWN = "InternalFailure"


@functools.cache
def install() -> None:
    """Record every write call made through moto; call once, after all other extensions."""
    from moto.core.responses import BaseResponse
    from moto.s3.responses import S3Response

    responses: Any = BaseResponse
    original = responses.call_action

    def call_action(self: Any) -> Any:
        name = str(self._get_action() or "")
        if not is_recorded(name):
            return original(self)
        made = parameters(self), caller(self.headers)  # before the call deletes what they name
        answer = original(self)
        _record(self, name, made, refusal(answer))
        return answer

    responses.call_action = call_action
    for method in ("_bucket_response_put", "_bucket_response_delete"):
        _patch_bucket(S3Response, method)


def is_recorded(name: str) -> bool:
    """Return whether an operation is a write call of management."""
    return bool(name) and name not in DATA and not name.startswith(READS)


def refusal(answer: Any) -> tuple[str, str]:
    """Return error code and message of moto's answer; ("", "") for a call that succeeded."""
    status, headers, body = answer
    if int(status) < 400 and int(headers.get("status", 200)) < 400:
        return "", ""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
    found = re.search(r"<Code>(.*?)</Code>", text)
    if found:
        message = re.search(r"<Message>(.*?)</Message>", text, re.DOTALL)
        return found[1], message[1] if message else ""
    try:
        told = json.loads(text)
        code = str(told.get("__type") or headers.get("x-amzn-errortype") or UNKNOWN)
        return code.rpartition("#")[2], str(told.get("message") or told.get("Message") or "")
    except (ValueError, AttributeError):
        return UNKNOWN, ""


def _patch_bucket(responses: Any, method: str) -> None:
    """Record what is done to a bucket; S3 does not pass through `call_action`."""
    original = getattr(responses, method)

    def answered(self: Any, *args: Any) -> Any:
        who = caller(self.headers)
        bucket = next((one for one in args if isinstance(one, str)), "")
        try:
            answer = original(self, *args)
        except Exception as error:
            code = str(getattr(error, "error_type", "") or UNKNOWN)
            _record(self, str(self._get_action()), ({"bucketName": bucket}, who), (code, ""))
            raise
        _record(self, str(self._get_action()), ({"bucketName": bucket}, who), ("", ""))
        return answer

    setattr(responses, method, answered)


def _record(response: Any, name: str, made: Any, refused: tuple[str, str]) -> None:
    given, who = made
    service = str(response.boto3_service_name)
    region = REGION if service in GLOBAL else str(response.region)
    source = f"{SOURCES.get(service, service)}.amazonaws.com"
    at = time.time()
    code, message = refused
    event = {
        "eventVersion": "1.11",
        "userIdentity": who.identity,
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": INTERNET_ADDRESS,
        "userAgent": str(response.headers.get("User-Agent", "")),
        **({"errorCode": code, "errorMessage": message} if code else {}),
        "requestParameters": given,
        "responseElements": {"_return": True} if service == "ec2" and not code else None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    call = Call(
        event_id=str(event["eventID"]),
        name=name,
        source=source,
        at=int(at),
        username=who.name,
        key_id=who.key_id,
        resources=resources(service, given or {}),
        event=event,
        recorded=time.monotonic(),
    )
    keep(region, call)
    announce(region, event)


def resources(service: str, given: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return type and name of the resources that AWS names for a call."""
    group = given.get("groupId")
    if service == "ec2" and isinstance(group, str):
        return (("AWS::EC2::SecurityGroup", group),)
    return ()
