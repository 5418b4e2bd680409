"""What runs beside the platform: alarms, schedules, the Lambda host, metrics of the balancers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulator import lambda_host
from emulator.alarms.loop import AlarmLoop
from emulator.aws.endpoint import Endpoint
from emulator.scheduler.loop import SchedulerLoop


class Loops:
    """Started after the platform, stopped before the emulator.

    pace divides the periods of alarms and schedules; 1 is AWS's own time. It is apart from the
    twin's speed, because a canary that is scheduled each minute cannot run every two seconds.
    """

    def __init__(self, aws: Endpoint, pace: float, work_dir: Path) -> None:
        self._aws = aws
        self._pace = pace
        self._work_dir = work_dir
        self._stops: list[Callable[[], None]] = []
        self._on_request: Callable[[dict[str, Any]], None] | None = None

    def start(self) -> None:
        """Install the Lambda host and start the loops."""
        self._work_dir.mkdir(exist_ok=True)
        host = lambda_host.install(self._aws, speed=self._pace, work_dir=self._work_dir)
        self._stops.append(host.stop)
        for loop in (AlarmLoop(speed=self._pace), SchedulerLoop(speed=self._pace)):
            loop.start()
            self._stops.append(loop.stop)
        self._on_request = _access_metrics()

    def request(self, message: dict[str, Any]) -> None:
        """Take one access record of the balancer."""
        if self._on_request is not None:
            self._on_request(message)

    def stop(self) -> None:
        """Stop the loops, last started first."""
        while self._stops:
            self._stops.pop()()


def _access_metrics() -> Callable[[dict[str, Any]], None] | None:
    """What turns access records into AWS/ApplicationELB metrics, once it exists."""
    try:
        from emulator.metrics import access
    except ImportError:
        return None
    recorder: Callable[[dict[str, Any]], None] = access.record
    return recorder
