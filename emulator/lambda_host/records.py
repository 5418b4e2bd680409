"""Lambda's own log lines in both formats, and its error payloads.

Sources: developer guide, "Lambda function logging" (text) and "Telemetry API event schema" (JSON).
The text form follows what was seen from 2025-12 on: a time-out has `Status: timeout` in its REPORT
line and no line of its own.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import msgspec

from emulator.lambda_host.function import Function


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The measures of one invocation."""

    request_id: str
    duration_ms: float
    memory_mb: int
    max_memory_mb: int
    init_ms: float | None = None
    """Only for the first invocation of an environment."""
    status: str = "success"
    """`success`, `error` or `timeout`."""
    error_type: str = ""


def start_lines(function: Function, request_id: str, cold: bool, now: float) -> list[str]:
    """Return the lines before the handler's own."""
    if function.log_format == "JSON":
        record = {"requestId": request_id, "version": function.version}
        started = _platform("start", record, now)
        init = {
            "initializationType": "on-demand",
            "phase": "init",
            "runtimeVersion": f"{function.runtime.replace('python', 'python:')}.v1",
            "functionName": function.name,
            "functionVersion": function.version,
        }
        return [_platform("initStart", init, now), started] if cold else [started]
    version = function.runtime.replace("python", "python:")
    arn = f"arn:aws:lambda:{function.region}::runtime:{function.sha[:8]}"
    first = f"INIT_START Runtime Version: {version}.v1\tRuntime Version ARN: {arn}"
    started = f"START RequestId: {request_id} Version: {function.version}"
    return [first, started] if cold else [started]


def end_lines(function: Function, report: Report, now: float) -> list[str]:
    """Return the lines after the handler's own."""
    if function.log_format == "JSON":
        return [_platform("report", _record(report), now)]
    return [f"END RequestId: {report.request_id}", _report_line(report)]


def _report_line(report: Report) -> str:
    parts = [
        f"REPORT RequestId: {report.request_id}",
        f"Duration: {report.duration_ms:.2f} ms",
        f"Billed Duration: {_billed(report)} ms",
        f"Memory Size: {report.memory_mb} MB",
        f"Max Memory Used: {report.max_memory_mb} MB",
    ]
    if report.init_ms is not None:
        parts.append(f"Init Duration: {report.init_ms:.2f} ms")
    if report.status != "success" and report.error_type.startswith(("Runtime.", "Sandbox.")):
        parts.append(f"Status: {report.status}")
        if report.status == "error":
            parts.append(f"Error Type: {report.error_type}")
    return "\t".join(parts) + "\t"


def _record(report: Report) -> dict[str, Any]:
    metrics = {
        "durationMs": round(report.duration_ms, 3),
        "billedDurationMs": _billed(report),
        "memorySizeMB": report.memory_mb,
        "maxMemoryUsedMB": report.max_memory_mb,
    }
    if report.init_ms is not None:
        metrics["initDurationMs"] = round(report.init_ms, 3)
    record: dict[str, Any] = {
        "requestId": report.request_id,
        "metrics": metrics,
        "status": report.status,
    }
    if report.error_type:
        record["errorType"] = report.error_type
    return record


def _billed(report: Report) -> int:
    return math.ceil(report.duration_ms + (report.init_ms or 0.0))


def _platform(kind: str, record: dict[str, Any], now: float) -> str:
    moment = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    document = {"time": moment.replace("+00:00", "Z"), "type": f"platform.{kind}", "record": record}
    return json.dumps(document)


def timeout_payload(request_id: str, seconds: float) -> bytes:
    """Return the payload for a function that timed out."""
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return _payload("Sandbox.Timedout", message)


def exit_payload(request_id: str, how: str) -> bytes:
    """Return the payload for a function whose process ended."""
    message = f"RequestId: {request_id} Error: Runtime exited with error: {how}"
    return _payload("Runtime.ExitError", message)


def _payload(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()
