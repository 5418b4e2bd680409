"""Twins that a single test starts for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sandbox.support.twin import RunningTwin


@pytest.fixture
def start_twin(tmp_path: Path) -> Iterator[Callable[..., RunningTwin]]:
    """Start further twins that end with the test."""
    started: list[RunningTwin] = []

    def start(*options: str, name: str = "state.json") -> RunningTwin:
        running = RunningTwin(tmp_path / name, *options)
        started.append(running)
        return running

    yield start
    for running in started:
        running.stop()
