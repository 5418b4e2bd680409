"""An emulator of AWS for one test module, and small functions to deploy into it."""

from __future__ import annotations

import contextlib
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from emulator import lambda_host
from emulator.aws.endpoint import Endpoint
from emulator.server import AwsServer

T = TypeVar("T")

SPEED = 60.0
"""One minute of AWS is one second here."""


@contextlib.contextmanager
def emulator() -> Iterator[AwsServer]:
    """The emulator, empty before and after: its state is the process', and modules share that."""
    from moto.moto_api._internal.models import moto_api_backend

    server = AwsServer()
    server.start()
    moto_api_backend.reset()
    try:
        yield server
    finally:
        server.stop()
        moto_api_backend.reset()


@pytest.fixture(scope="module")
def aws() -> Iterator[Endpoint]:
    """The emulator with its extensions, empty; a minute takes a second."""
    with emulator() as server:
        endpoint = server.endpoint
        host = lambda_host.install(int(endpoint.url.rsplit(":", 1)[1]), speed=SPEED)
        yield endpoint
        host.stop()


def zipped(**files: str) -> bytes:
    """A zip of modules by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return out.getvalue()


def role(aws: Endpoint, name: str, *statements: dict[str, Any]) -> str:
    """A role that Lambda may take, with one policy; returns its ARN."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = aws.client("iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(document))
    return str(made["Role"]["Arn"])


def allow(*actions: str, resource: str = "*") -> dict[str, Any]:
    """A statement of a policy."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


LOGS = allow("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")


def function(aws: Endpoint, name: str, code: str, role_arn: str = "", **options: Any) -> str:
    """A deployed function with one module; returns its ARN."""
    role_arn = role_arn or role(aws, f"role-of-{name}", LOGS)
    made = aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="app.handler",
        Role=role_arn,
        Code={"ZipFile": zipped(app=code)},
        **{"Timeout": 20, "MemorySize": 256, **options},
    )
    return str(made["FunctionArn"])


def messages(aws: Endpoint, group: str) -> list[str]:
    """Every message of a log group, in order of arrival."""
    found = aws.client("logs").filter_log_events(logGroupName=group)["events"]
    return [event["message"] for event in found]


def until(look: Callable[[], T], timeout: float = 45.0) -> T:
    """What `look` gives once it gives something; the last thing it gave after the timeout."""
    deadline = time.monotonic() + timeout
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
