"""One execution environment from its cold start to its end."""

from __future__ import annotations

import os
import queue
import time
import uuid
from pathlib import Path

import msgspec

from emulator.lambda_host.function import Function
from emulator.lambda_host.process import Process
from emulator.lambda_host.records import exit_payload, timeout_payload
from emulator.lambda_host.runtime_api import Event, Message, RuntimeApi
from emulator.settings import MARKER

INIT_LIMIT_S = 10.0
STREAM = "AWS_LAMBDA_LOG_STREAM_NAME"  # each environment has its own, and so has all it starts
_LOOK_S = 0.05


class Paths(msgspec.Struct, frozen=True):
    """Paths of an environment's code, runtime and interpreter."""

    python: str
    runtime: Path
    """Stands for /var/runtime."""
    task: Path
    """The unpacked zip; stands for /var/task."""
    scratch: Path
    """Kept between invocations, as /tmp is; TMPDIR names it."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Result of an invocation."""

    payload: bytes
    duration_ms: float
    status: str = "success"
    error_type: str = ""
    memory_mb: int = 0
    """The environment's maximum so far."""


class Environment:
    """A process that serves one invocation at a time."""

    def __init__(self, function: Function, paths: Paths, extra: dict[str, str]) -> None:
        self.function = function
        self.stream = (
            f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{function.version}]{uuid.uuid4().hex}"
        )
        self.init_ms: float | None = None
        self._paths = paths
        self._extra = extra
        self._api = RuntimeApi()
        self._process: Process | None = None
        self._peak_mb = 0
        self._failed_init: bytes | None = None

    def start(self, limit: float = INIT_LIMIT_S) -> bool:
        """Start or restart the process; return whether it asked for work within the limit.

        A failed initialization ends the process; the next invocation reports it.
        """
        before, self._process = self._process, None  # its end is no message any more
        if before is not None:
            before.kill()
        began = time.monotonic()
        bootstrap = Path(__file__).with_name("bootstrap.py")
        # no site-packages (-S), no folder of the script on the path (-P)
        command = [self._paths.python, "-S", "-P", str(bootstrap), self.function.handler]
        variables = environment_variables(
            self.function, self._paths, self._api.start(), self.stream
        )
        mark = f"{STREAM}={self.stream}"
        process = Process(command, self._paths.task, variables | self._extra, mark)
        self._process = process
        process.watch(lambda: self._api.tell("exit") if self._process is process else None)
        message = self._next(began + limit)
        if message is None:
            return False
        self.init_ms = (message.at - began) * 1000
        if message.kind == "init-error":
            self._failed_init = message.body
            self._next(time.monotonic() + 1)  # the runtime exits by itself
        elif message.kind == "exit":
            self._failed_init = b""
        return True

    def invoke(self, request_id: str, payload: bytes, limit: float) -> Outcome:
        """Serve one event within a limit in seconds; a process that times out is killed."""
        began = time.monotonic()
        if self._failed_init is not None:
            return self._init_failure(request_id, began)
        process = self._running()
        process.thaw()
        event = Event(request_id, payload, time.time() + limit, self.function.arn)
        self._api.deliver(event)
        outcome = self._await(request_id, began, limit)
        if process.alive and outcome.error_type not in ("Sandbox.Timedout", "Runtime.ExitError"):
            process.freeze()
        return outcome

    def lines(self) -> list[str]:
        """Return the function's output since the last call."""
        return self._process.lines() if self._process else []

    @property
    def alive(self) -> bool:
        """Return whether the environment can take another event."""
        return self._process is not None and self._process.alive and self._failed_init is None

    def stop(self) -> None:
        """Kill the process and close its runtime API."""
        if self._process:
            self._process.kill()
        self._api.stop()

    def _running(self) -> Process:
        if self._process is None:
            raise RuntimeError("the environment was not started")
        return self._process

    def _await(self, request_id: str, began: float, limit: float) -> Outcome:
        answer: Message | None = None
        while True:
            message = self._next(began + limit)
            if message is None:
                self._running().kill()
                body = timeout_payload(request_id, self.function.timeout_s)
                ms = self.function.timeout_s * 1000
                return self._outcome(body, ms, "timeout", "Sandbox.Timedout")
            elapsed = (message.at - began) * 1000
            if message.kind in ("response", "error") and message.request_id == request_id:
                answer = message
            elif message.kind == "next" and answer:
                kind = error_type(answer)
                return self._outcome(answer.body, elapsed, "error" if kind else "success", kind)
            elif message.kind == "exit":
                body = exit_payload(request_id, self._running().exit_text)
                return self._outcome(body, elapsed, "error", "Runtime.ExitError")

    def _init_failure(self, request_id: str, began: float) -> Outcome:
        body = self._failed_init or exit_payload(request_id, self._running().exit_text)
        kind = _named(body) or "Runtime.ExitError"
        return self._outcome(body, (time.monotonic() - began) * 1000, "error", kind)

    def _outcome(self, body: bytes, ms: float, status: str, kind: str) -> Outcome:
        self._peak_mb = max(self._peak_mb, self._running().memory_mb(peak=True))
        return Outcome(
            payload=body,
            duration_ms=ms,
            status=status,
            error_type=kind,
            memory_mb=min(self._peak_mb, self.function.memory_mb),
        )

    def _next(self, deadline: float) -> Message | None:
        """Return the next message or None at the deadline; kill a process over its memory limit."""
        process = self._running()
        while (left := deadline - time.monotonic()) > 0:
            try:
                return self._api.messages.get(timeout=min(left, _LOOK_S))
            except queue.Empty:
                now_mb = process.memory_mb()
                self._peak_mb = max(self._peak_mb, now_mb)
                if now_mb > self.function.memory_mb:
                    process.kill()
        return None


def environment_variables(
    function: Function, paths: Paths, api: str, stream: str
) -> dict[str, str]:
    """Return Lambda's variables, which take precedence over the function's own."""
    defined = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": "/home/sbx_user1051",  # does not exist, as it cannot be relied on in AWS
        "TMPDIR": str(paths.scratch),
        "PYTHONPATH": f"{paths.task}{os.pathsep}{paths.runtime}",
        "PYTHONDONTWRITEBYTECODE": "1",  # the task folder is read-only in AWS
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
    }
    reserved = {
        "_HANDLER": function.handler,
        "LAMBDA_TASK_ROOT": str(paths.task),
        "LAMBDA_RUNTIME_DIR": str(paths.runtime),
        "AWS_LAMBDA_RUNTIME_API": api,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        STREAM: stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    }
    if function.log_format == "JSON":
        reserved["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        reserved["AWS_LAMBDA_LOG_LEVEL"] = function.log_level or "INFO"
    if marker := os.environ.get(MARKER):
        reserved[MARKER] = marker
    return defined | dict(function.environment) | reserved


def error_type(answer: Message) -> str:
    """Return the error type in a handler's payload, or nothing for a response."""
    return "" if answer.kind == "response" else (_named(answer.body) or "Unhandled")


def _named(body: bytes) -> str:
    try:
        document = msgspec.json.decode(body or b"null")
    except msgspec.DecodeError:
        return ""
    return str(document.get("errorType", "")) if isinstance(document, dict) else ""
