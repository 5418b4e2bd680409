"""Alarms, schedules, the Lambda host and metrics beside the platform, as one part of a twin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.aws.endpoint import Endpoint
from sandbox.aws.server import install_if_there


class Loops:
    """What runs beside the platform; each part may be absent."""

    def __init__(self, aws: Endpoint, speed: float, log_dir: Path) -> None:
        self._aws = aws
        self._speed = speed
        self._log_dir = log_dir
        self._stops: list[Callable[[], None]] = []
        self._on_request: Callable[[dict[str, Any]], None] | None = None

    def start(self) -> None:
        """Install the Lambda host and start the loops."""
        install_if_there("sandbox.lambda_host", self._aws)

    def request(self, message: dict[str, Any]) -> None:
        """Take one access record of the balancer."""
        if self._on_request is not None:
            self._on_request(message)

    def stop(self) -> None:
        """Stop the loops."""
        for stop in reversed(self._stops):
            stop()
