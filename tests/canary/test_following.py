"""A run that follows a change: a part of the environment, never the latest, and in no window."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from canary.adapters.store.packing import unpack
from canary.handler import handler
from canary.model import Followed
from canary.report import json as canonical
from tests.canary.test_handler import BUCKET, Context, aws, file, lines

__all__ = ["aws", "file"]


def message(at: str, service: str) -> dict[str, Any]:
    arn = f"arn:aws:ecs:us-east-1:123456789012:service/hokusai-development/{service}"
    detail = {"eventName": "SERVICE_DEPLOYMENT_FAILED", "deploymentId": "ecs-svc/7"}
    body = {
        "source": "aws.ecs", "detail-type": "ECS Deployment State Change", "time": at,
        "account": "123456789012", "region": "us-east-1", "resources": [arn], "detail": detail,
    }  # fmt: skip
    return {"body": json.dumps(body), "eventSourceARN": "arn:aws:sqs:us-east-1:1:changes"}


def keys(client: Any) -> list[str]:
    return [o["Key"] for o in client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_a_change_is_followed_once_beside_the_runs_of_the_schedule(
    aws: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    at = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = {"Records": [message(at, "hokusai-auth-development"), message(at, "unknown")] * 3}
    summary = handler(event, Context())
    assert summary["status"] == "FAIL" and "auth.https-redirect" in summary["failed"]
    runs = [k for k in keys(aws) if k.startswith("canary/runs/")]
    assert runs == [f"canary/runs/{summary['run_id']}.{end}" for end in ("html", "json")]
    assert not [k for k in keys(aws) if "/latest/" in k or "/archive/" in k]
    body = aws.get_object(Bucket=BUCKET, Key=runs[1])["Body"].read()
    report = canonical.load(unpack(body))
    failed = Followed(service="auth", event="SERVICE_DEPLOYMENT_FAILED", id="ecs-svc/7", at=at)
    assert report.followed == (failed,) and report.run.trigger == "change"
    assert {r.service for r in report.results} <= {"auth", "registry"}
    assert "registration.flow" not in {r.check_id for r in report.results}
    page = aws.get_object(Bucket=BUCKET, Key=runs[0])["Body"].read().decode()
    assert "SERVICE_DEPLOYMENT_FAILED of auth (ecs-svc/7)" in page
    written = lines(capsys.readouterr().out)
    assert not [d for d in written if "_aws" in d]  # no heartbeat, no window
    assert handler(event, Context()) == {
        "run_id": "",
        "status": "FOLLOWED",
        "reason": "no change that was not looked at",
    }
