"""The Lambda function as deployed: environment file, store, topics, bus; and one invocation."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from canary import handler as function
from canary.adapters.store.packing import unpack
from canary.model import Report
from canary.report import json as canonical
from tests.canary.support.servers.cloud import Cloud

BUCKET = "canary-reports"
STORE = f"s3://{BUCKET}/canary"
CLUSTER = "hokusai-development"
PRINCIPALS = ("valid", "read-only", "revoked", "expired", "other-service", "admin")
ENVIRONMENT = """
name = "tried"
account = "123456789012"
region = "us-east-1"
cluster = "hokusai-development"

[services.auth]
url = "{auth}"
ecs_service = "hokusai-auth-development"
load_balancer = "hokusai-auth-development"
target_groups = ["tg"]

[services.registry]
url = "{registry}"
ecs_service = "hokusai-api-development"
load_balancer = "hokusai-registry-development"
target_groups = ["tg"]

[services.mlflow]
ecs_service = "hokusai-mlflow-development"
load_balancer = "hokusai-registry-development"
target_groups = ["tg"]
"""


class Context:
    """A Lambda context with a time-out."""

    def __init__(self, seconds: float = 60.0) -> None:
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return int((self._end - time.monotonic()) * 1000)


@dataclass
class Invoked:
    """What one invocation returned or raised, and what it printed."""

    out: str
    summary: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = None

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log's JSON lines."""
        return [json.loads(x) for x in self.out.splitlines() if x.startswith("{")]

    @property
    def emitted(self) -> bool:
        """Whether the heartbeat metric was printed."""
        return any(x.get("RunCompleted") == [1.0] for x in self.lines)

    @property
    def logged(self) -> Report | None:
        """The report that stands in the log in full, if one does."""
        parts = [
            x["text"] for x in self.lines if x.get("message") == "report that could not be stored"
        ]
        return canonical.load("".join(parts)) if parts else None

    @property
    def problems(self) -> str:
        """What publishing could not do."""
        return "\n".join(str(x.get("problem", "")) for x in self.lines)


@dataclass
class Function:
    """One deployed function."""

    cloud: Cloud
    capture: Any
    file: Path

    def invoke(self, seconds: float = 60.0, **event: Any) -> Invoked:
        """Invoke it once."""
        self.capture.readouterr()
        done = Invoked(out="")
        try:
            done.summary = function.handler(event, Context(seconds))
        except Exception as error:  # noqa: BLE001 - what it raised is what is asked
            done.error = error
        captured = self.capture.readouterr()
        done.out = captured.out + captured.err
        return done

    def latest(self) -> Report | None:
        """Return the latest report in the bucket."""
        s3 = self.cloud.client("s3")
        found = s3.list_objects_v2(Bucket=BUCKET, Prefix="canary/latest/tried.json")
        if not found.get("KeyCount"):
            return None
        found = s3.get_object(Bucket=BUCKET, Key="canary/latest/tried.json")
        return canonical.load(unpack(found["Body"].read()))

    def put_latest(self, data: bytes) -> None:
        """Leave something as the previous report."""
        self.cloud.client("s3").put_object(Bucket=BUCKET, Key="canary/latest/tried.json", Body=data)


def deploy(
    cloud: Cloud,
    capture: Any,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    secrets: dict[str, str],
    more: str = "",
) -> Function:
    """Make the bucket, the topics, the bus and the secrets, and set the function's variables."""
    cloud.reset()
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    sns = cloud.client("sns")
    topics = {n: sns.create_topic(Name=n)["TopicArn"] for n in ("page", "ticket")}
    cloud.client("events").create_event_bus(Name="canary")
    for principal, value in secrets.items():
        text = json.dumps({"api_key": value})
        cloud.client("secretsmanager").create_secret(Name=f"canary/{principal}", SecretString=text)
    known = [f'[principals.{p}]\nsecret = "canary/{p}"\n' for p in PRINCIPALS]
    made = [f'[principals.{p}]\ngenerated = "{p}"\n' for p in ("unknown", "malformed")]
    file = folder / "tried.toml"
    file.write_text(more + ENVIRONMENT.format(auth=url, registry=url) + "\n".join(known + made))
    variables = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": cloud.url,
        "CANARY_ENVIRONMENT": str(file),
        "CANARY_STORE": STORE,
        "CANARY_TICKET_TOPIC": topics["ticket"],
        "CANARY_EVENT_BUS": "canary",
        "TMPDIR": str(folder),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    function._runtime.cache_clear()
    cloud.sent.clear()
    return Function(cloud=cloud, capture=capture, file=file)
