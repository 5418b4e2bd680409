"""Invoke the deployed function synchronously."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from canary.model import Frozen

THROTTLED = ("TooManyRequestsException", "429")


class Busy(Exception):  # noqa: N818 - a state of the function, not an error
    """The function is at its reserved concurrency: another run is in progress."""


class InvokeError(Exception):
    """The function could not be invoked, or it raised an error."""


class Invoked(Frozen, frozen=True, kw_only=True):
    """The summary that the function returned."""

    summary: dict[str, Any]


def invoke(client: Any, name: str, event: dict[str, Any]) -> Invoked:
    """Invoke the function and wait for its answer; raises Busy or InvokeError."""
    try:
        answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        payload = answer["Payload"].read()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in THROTTLED:
            raise Busy(code) from error
        raise InvokeError(f"{name}: {error}") from error
    except BotoCoreError as error:
        raise InvokeError(f"{name}: {error}") from error
    if "FunctionError" in answer:
        raise InvokeError(f"{name} ended in an error: {payload.decode(errors='replace')[:600]}")
    return summarized(name, payload)


def summarized(name: str, payload: bytes | str) -> Invoked:
    """Return the summary in an answer; raises InvokeError where there is none."""
    try:
        summary = json.loads(payload)
    except ValueError as error:
        raise InvokeError(f"{name} returned no JSON: {error}") from error
    if not isinstance(summary, dict):
        raise InvokeError(f"{name} returned no summary: {str(summary)[:200]}")
    return Invoked(summary=summary)
