"""Several environments in one store: each is held against its own past, and tells its own news."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from canary.control_plane.state import PlatformState
from canary.model import Config, Report, Service, Status
from canary.pipeline import run_once
from canary.probes.endpoint import EndpointSpec
from canary.publish import Published, publish_report
from canary.runner import RunRequest
from canary.wiring.run import make_ports, make_runtime
from tests.canary.support import worlds


@pytest.fixture
def server() -> Iterator[str]:
    with worlds.local_server() as url:
        yield url


def run(name: str, url: str, folder: Path) -> Report:
    """Carry a run of an environment out, with AWS out of the way, and publish it."""
    checked = worlds.check("api.page", "endpoint", spec=EndpointSpec(path="/", status=(200,)))
    where = worlds.environment(name=name, services={"api": Service(url=url)})
    runtime = make_runtime(Config(environment=where, checks=(checked,)), str(folder))
    ports = msgspec.structs.replace(
        make_ports(runtime),
        observe=lambda: PlatformState(read_at=dt.datetime.now().isoformat()),
        credential=worlds.no_secret,
        refresh_failing=lambda state, *_: state,
    )
    report, done = run_once(ports, runtime.config, RunRequest(budget_s=20)), Published()
    publish_report(runtime, report, done, latest=True)
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
