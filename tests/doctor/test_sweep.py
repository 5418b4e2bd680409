"""Init and the doctor in four worlds: hours, so `make sweep`; HOKUSAI_SHARD=K/N takes a part."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.world.load import load
from tests.canary.support.live_twin import Twin
from tests.doctor import matrix, page
from tests.doctor.trial import canary, planted
from tests.doctor.written import both
from tests.worlds.cells import Cell, cells, shard

pytestmark = [pytest.mark.sweep, pytest.mark.timeout(3600)]
CELLS = shard(cells(matrix.WORLDS), os.environ.get("HOKUSAI_SHARD", "1/1"))


@pytest.fixture(scope="module")
def twin(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twin]:
    """Yield the twin of a world; it is ended before the next world's begins."""
    made = Twin(tmp_path_factory.mktemp(request.param), "--world", request.param)
    made.settle()
    yield made
    made.stop()


@pytest.mark.parametrize("twin", matrix.WORLDS, indirect=True, ids=str)
def test_the_file_of_a_world_is_healthy_and_equals_the_one_by_hand(
    twin: Twin, tmp_path: Path
) -> None:
    made, by_hand = both(twin.state, load(twin.state["world"]), tmp_path)
    assert made == by_hand
    done = canary("run", "-q", "-e", str(tmp_path / "written.toml"), "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize(("twin", "fault"), CELLS, indirect=["twin"])
def test_a_fault_that_shows_is_named(twin: Twin, fault: str) -> None:
    row = planted(twin, Cell(twin.state["world"], fault))
    assert not page.missed(row) or fault in page.reasons()["missed"], page.line(row)
    assert row.seconds < 60
