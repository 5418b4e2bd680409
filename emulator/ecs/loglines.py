"""Copy a task's output to CloudWatch Logs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from emulator.ecs.definition import LogTarget
from emulator.settings import ACCOUNT, REGION

MAX_EVENT_BYTES = 262_118  # CloudWatch's limit less its 26 bytes of overhead
BATCH_BYTES = 1_000_000
NO_GROUP = (
    "ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon "
    "CloudWatch log group defined in the task definition. There is a connection issue between the "
    "task and Amazon CloudWatch. Check your network configuration."
)


def _backend() -> Any:
    from moto.logs.models import logs_backends

    return logs_backends[ACCOUNT][REGION]


def group_missing(target: LogTarget | None) -> bool:
    """Return whether the log driver would fail because its group is missing."""
    return target is not None and not target.may_create and target.group not in _backend().groups


class LogTail:
    """Follows one task's output file."""

    def __init__(self, path: Path, target: LogTarget | None, container: str, task_id: str) -> None:
        self.path = path
        self._target = target
        self._stream = f"{target.prefix}/{container}/{task_id}" if target else ""
        self._offset = 0
        self._rest = b""

    def open(self) -> None:
        """Create the log stream, and the group if the driver may."""
        if self._target is None:
            return
        backend = _backend()
        if self._target.group not in backend.groups:
            backend.create_log_group(self._target.group, {})
        if self._stream not in backend.groups[self._target.group].streams:
            backend.create_log_stream(self._target.group, self._stream)

    def ship(self, last: bool = False) -> None:
        """Deliver the complete lines since the last call, at the end also an incomplete one."""
        with self.path.open("rb") as file:
            file.seek(self._offset)
            data = file.read(BATCH_BYTES)
        self._offset += len(data)
        lines = (self._rest + data).split(b"\n")
        self._rest = b"" if last else lines.pop()
        self.deliver([line for line in lines if line.strip()])

    def deliver(self, lines: list[bytes]) -> None:
        """Write lines to the stream; if the group was deleted they are lost, as on AWS."""
        if self._target is None or not lines:
            return
        backend, stamp = _backend(), int(time.time() * 1000)
        group = backend.groups.get(self._target.group)
        if group is None or self._stream not in group.streams:
            return
        events = [
            {"timestamp": stamp, "message": line[:MAX_EVENT_BYTES].decode(errors="replace")}
            for line in lines
        ]
        backend.put_log_events(self._target.group, self._stream, events)
