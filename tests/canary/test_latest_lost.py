"""What is published where a report could not become the latest one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from canary.adapters.store.folder import FolderStore
from canary.adapters.store.protocol import Store, StoreError
from canary.metrics.measure import Point
from canary.model import Run
from canary.publish import Published, publish_metrics, publish_report
from canary.wiring.run import make_runtime
from tests.canary.support import made, worlds

LOST = Point(metric="StateLost", value=1.0, dimensions=(("Environment", "test"),))


class StoreOfTheFuture(FolderStore):
    """A store whose latest report is newer than any run."""

    def set_latest(self, name: str, data: bytes) -> bool:
        return False


class ClosedStore(FolderStore):
    """A store that keeps runs and refuses the latest report."""

    def set_latest(self, name: str, data: bytes) -> bool:
        raise StoreError("AccessDenied")


def published(
    folder: Path, store: Store, *, latest: bool = True, sends: bool = True
) -> tuple[list[Point], Published]:
    """Return every point of a run that was published to a store, and what became of its parts."""
    runtime = make_runtime(worlds.config(worlds.check()), str(folder))
    runtime = msgspec.structs.replace(runtime, store=store)
    points, done, report = list[Point](), Published(), made.report(made.result("P"))

    def emit(some: Iterable[Point], run: Run) -> None:
        assert run == report.run
        points.extend(some)

    publish_metrics(report, emit, done, runtime.config)
    publish_report(runtime, report, done, latest=latest, emit=emit if sends else None)
    return points, done


def lost(points: list[Point]) -> list[float]:
    """Return the values of StateLost in the order in which they were printed."""
    return [p.value for p in points if p.metric == "StateLost"]


@pytest.mark.parametrize(
    ("store", "problem"),
    [
        (StoreOfTheFuture, "a newer run is the latest one, this run is kept beside it"),
        (ClosedStore, "latest report: StoreError: AccessDenied"),
    ],
)
def test_a_report_that_did_not_become_the_latest_is_a_lost_state(
    tmp_path: Path, store: Any, problem: str
) -> None:
    points, done = published(tmp_path, store(tmp_path))
    assert lost(points) == [0.0, 1.0]  # CloudWatch takes the maximum of a minute
    assert points[-1] == LOST
    assert (done.latest, done.problems) == (False, [problem])


def test_a_report_that_became_the_latest_is_no_lost_state(tmp_path: Path) -> None:
    points, done = published(tmp_path, FolderStore(tmp_path))
    assert lost(points) == [0.0] and done.latest


def test_a_narrowed_run_and_the_command_line_lose_no_state(tmp_path: Path) -> None:
    """A narrowed run is never the latest one, and a desk publishes no metric at its end."""
    assert lost(published(tmp_path, StoreOfTheFuture(tmp_path), latest=False)[0]) == [0.0]
    assert lost(published(tmp_path, StoreOfTheFuture(tmp_path), sends=False)[0]) == []
