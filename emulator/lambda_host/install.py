"""Connect the host to moto's `Invoke` and to the services that call it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from emulator.lambda_host import sources
from emulator.lambda_host.asynchronous import AsyncQueue
from emulator.lambda_host.configuration import keep_configuration
from emulator.lambda_host.host import Host, Throttled

MAX_ASYNC_BYTES = 2**20


class LambdaHost:
    """The host and its queue of asynchronous events."""

    def __init__(self, host: Host, queue: AsyncQueue, pollers: sources.Pollers) -> None:
        self._host = host
        self._queue = queue
        self._pollers = pollers

    def stop(self) -> None:
        """End everything; invocations are refused from now on."""
        if _current.get("host") is self:
            _current.clear()
        self._pollers.stop()
        self._queue.stop()
        self._host.stop()

    def idle(self) -> bool:
        """Return whether no asynchronous event waits or runs."""
        return self._queue.idle()

    def invoke(self, model: Any, body: bytes, kind: str, answer: dict[str, str]) -> bytes:
        """Carry out one Invoke of a kind, and set the response's headers."""
        _check_json(body)
        if kind == "DryRun":
            return b""
        if kind == "Event":
            if len(body) > MAX_ASYNC_BYTES:
                raise _client_error("RequestTooLargeException", "Request is too large", 413)
            request_id = self._queue.put(model.function_name, body, model.region)
            answer["x-amzn-RequestId"] = request_id
            return b""
        try:
            done = self._host.invoke(model, body)
        except Throttled as error:
            raise _client_error("TooManyRequestsException", "Rate Exceeded.", 429) from error
        answer["x-amzn-RequestId"] = done.request_id
        answer["X-Amz-Executed-Version"] = "$LATEST"
        answer["x-amz-log-result"] = base64.b64encode(done.log_tail).decode()
        if done.failed:
            answer["x-amz-function-error"] = "Unhandled"
        return done.payload


_current: dict[str, LambdaHost] = {}


def install_into_moto(
    url: str, speed: float, work_dir: Path | None, network: str = ""
) -> LambdaHost:
    """Start a host for moto's functions and stop an earlier one."""
    from moto.awslambda.models import LambdaFunction

    if earlier := _current.get("host"):
        earlier.stop()
    keep_configuration()
    host = Host(url, work_dir, network)
    queue = AsyncQueue(host, speed)
    queue.start()
    sources.install()
    pollers = sources.Pollers(host, speed)
    pollers.start()
    _current["host"] = installed = LambdaHost(host, queue, pollers)
    LambdaFunction.invoke = _invoke  # type: ignore[method-assign, assignment]
    return installed


def _invoke(model: Any, body: Any, request_headers: Any, response_headers: Any) -> bytes:
    """Stand in for LambdaFunction.invoke.

    Other services of moto (SNS, Logs) call it without headers: these invoke asynchronously.
    """
    host = _current.get("host")
    if host is None:
        raise _client_error("ServiceException", "The Lambda host is not running.", 500)
    raw = body.encode() if isinstance(body, str) else bytes(body or b"")
    kind = "Event" if not request_headers else _kind(request_headers)
    return host.invoke(model, raw or b"{}", kind, response_headers)


def _kind(headers: Any) -> str:
    return str(headers.get("X-Amz-Invocation-Type") or "RequestResponse")


def _check_json(body: bytes) -> None:
    try:
        json.loads(body)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise _client_error("InvalidRequestContentException", message, 400) from error


def _client_error(code: str, message: str, status: int) -> Exception:
    from moto.awslambda.exceptions import LambdaClientError

    error = LambdaClientError(code, message)
    error.code = status
    return error
