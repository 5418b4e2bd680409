"""Several environments in one store: each is held against its own past, and tells its own news."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from canary import pipeline
from canary.control_plane.state import PlatformState
from canary.model import Config, Report, Service, Status
from canary.probes.endpoint import EndpointSpec
from canary.wiring import run as wire
from tests.canary.support import worlds


@pytest.fixture
def server() -> Iterator[str]:
    with worlds.local_server() as url:
        yield url


def run(name: str, url: str, folder: Path) -> Report:
    """Carry a run of an environment out, with AWS out of the way, and publish it."""
    checked = worlds.check("api.page", "endpoint", spec=EndpointSpec(path="/", status=(200,)))
    where = worlds.environment(name=name, services={"api": Service(url=url)})
    made = wire.world(Config(environment=where, checks=(checked,)), str(folder))
    parts = wire.parts(made)
    doors = worlds.doors(
        where, observe=lambda: PlatformState(read_at=dt.datetime.now().isoformat())
    )
    parts = pipeline.Parts(
        kinds=parts.kinds,
        doors=doors,
        previous=parts.previous,
        deepen=lambda state, _: state,
        diagnose=parts.diagnose,
        within=parts.within,
    )
    report = pipeline.run_once(made.config, parts, pipeline.Asked(budget_s=20))
    done = wire.leave_behind(
        made,
        report,
        latest=True,
        emit=lambda _: None,
        say=lambda _: None,
        whole=lambda *_: None,
        notify=lambda _: (),
    )
    assert done.problems == []
    return report


def test_each_environment_is_compared_with_its_own_run_before(server: str, tmp_path: Path) -> None:
    first = run("development", server, tmp_path)
    other = run("staging", "http://127.0.0.1:9", tmp_path)
    second = run("development", server, tmp_path)
    assert other.comparison.previous == ""
    assert second.comparison.previous == first.run.id
    assert second.comparison.transitions == ()
    assert [r.status for r in (*first.results, *other.results, *second.results)] == [
        Status.PASS,
        Status.FAIL,
        Status.PASS,
    ]
