"""Write an invocation's log lines to CloudWatch Logs and extract their metrics."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from emulator.lambda_host.function import Function
from emulator.metrics import emf
from emulator.metrics.store import metric, put


def write(function: Function, stream: str, lines: Sequence[str], *, makes_group: bool) -> None:
    """Append lines to the function's log and extract the metrics in them.

    A missing group is created if the role allows it, as by Lambda: without retention and outside
    any stack. Else the lines are lost.
    """
    events = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines if line]
    if not events:
        return
    backend = _logs(function)
    if not makes_group and function.log_group not in backend.groups:
        return
    backend.ensure_log_group(function.log_group)
    backend.ensure_log_stream(function.log_group, stream)
    backend.put_log_events(function.log_group, stream, events)
    for line in lines:
        emf.deliver(line, function.log_group, function.region)


def count(function: Function, name: str, value: float, unit: str, at: float) -> None:
    """Write one datapoint of AWS/Lambda at the start of the invocation."""
    which = metric("AWS/Lambda", name, {"FunctionName": function.name})
    put(which, [value], unit, at, function.region)


def _logs(function: Function) -> Any:
    from moto.logs.models import logs_backends

    return logs_backends[function.account][function.region]
