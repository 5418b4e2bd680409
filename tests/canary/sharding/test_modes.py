"""A spread run, carried out in the order that the state machine gives: plan, shards, conclusion."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from canary.model import Check, Config, Report, Service, Status
from canary.plan import Selection
from canary.report import json as canonical
from canary.runner import RunRequest
from canary.sharding import modes as spread
from canary.sharding.split import SILENT
from canary.wiring.run import Runtime, make_runtime
from tests.canary.support import worlds

BROKEN = "/broken"
BUDGET_S = 50.0
DUE = RunRequest(
    selection=Selection(due_only=True), trigger="schedule", reuse_rest=True, budget_s=BUDGET_S
)


class Site(http.server.BaseHTTPRequestHandler):
    """Answers 200 to everything but the broken path."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(500 if self.path == BROKEN else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def endpoint(number: int, path: str) -> Check:
    from canary.probes.endpoint import EndpointSpec

    return worlds.check(
        f"api.page-{number}",
        "endpoint",
        spec=EndpointSpec(path=path, status=(200,)),
        timeout=20.0,
    )


def runtime_of(site: str, checks: int, folder: Path) -> Runtime:
    """Return a runtime with many endpoint checks, the last of which fails; AWS does not answer."""
    paths = [f"/{n}" for n in range(checks - 1)] + [BROKEN]
    config = Config(
        environment=worlds.environment(
            services={"api": Service(url=site)}, aws_endpoint_url="http://127.0.0.1:1"
        ),
        checks=tuple(endpoint(n, path) for n, path in enumerate(paths)),
    )
    return make_runtime(config, str(folder))


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def shards(pointer: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Return the items that the map reads."""
    found: list[dict[str, Any]] = json.loads(
        (folder / "spread" / pointer["run_id"] / "shards.json").read_bytes()
    )
    return found


def carried_out(made: Runtime, folder: Path, silent: int = -1) -> tuple[dict[str, Any], Report]:
    """Carry out plan, each shard but a silent one, and the conclusion."""
    pointer = spread.plan_run(
        made, RunRequest(trigger="schedule", reuse_rest=True, budget_s=BUDGET_S)
    )
    for item in shards(pointer, folder):
        if item["number"] != silent:
            event = {"mode": "shard", "run_id": pointer["run_id"], "shard": item}
            assert spread.probe_shard(made, event, BUDGET_S) == {"number": item["number"]}
    asked, report = spread.conclude_run(made, {"run_id": pointer["run_id"]}, BUDGET_S)
    assert asked.whole and asked.trigger == "schedule"
    return pointer, report


def test_a_spread_run_gives_the_report_of_one_run(site: str, tmp_path: Path) -> None:
    made = runtime_of(site, 150, tmp_path)
    pointer, report = carried_out(made, tmp_path)
    assert (pointer["shards"], pointer["checks"]) == (2, 150)
    assert report.run.id == pointer["run_id"] and report.run.status is Status.FAIL
    assert [r.check_id for r in report.results] == [c.id for c in made.config.checks]
    assert [r.check_id for r in report.results if r.status is Status.FAIL] == ["api.page-149"]
    assert report.run.requests == 150
    told = {c for d in report.diagnoses for c in d.explains} | set(report.unexplained)
    assert told == {"api.page-149"}


def test_a_silent_shard_is_an_error_of_its_checks_and_nobody_else_s(
    site: str, tmp_path: Path
) -> None:
    made = runtime_of(site, 150, tmp_path)
    pointer, report = carried_out(made, tmp_path, silent=0)
    lost = set(shards(pointer, tmp_path)[0]["checks"])
    errors = {r.check_id: r.reason for r in report.results if r.status is Status.ERROR}
    assert errors == dict.fromkeys(lost, SILENT)


def test_what_the_machine_hands_on_is_small(site: str, tmp_path: Path) -> None:
    made = runtime_of(site, 150, tmp_path)
    pointer = spread.plan_run(made, RunRequest(budget_s=BUDGET_S))
    assert len(json.dumps(pointer)) < 1_000


def test_a_conclusion_without_a_plan_says_so(site: str, tmp_path: Path) -> None:
    with pytest.raises(spread.NotPlannedError, match="no plan of run gone"):
        spread.conclude_run(runtime_of(site, 1, tmp_path), {"run_id": "gone"}, BUDGET_S)


@pytest.mark.slow
def test_twenty_shards_carry_two_thousand_checks(site: str, tmp_path: Path) -> None:
    made = runtime_of(site, 2_000, tmp_path)
    pointer, report = carried_out(made, tmp_path)
    assert (pointer["shards"], len(report.results)) == (20, 2_000)
    assert sum(r.status is Status.PASS for r in report.results) == 1_999


def test_a_check_whose_need_is_not_due_runs_in_its_shard(site: str, tmp_path: Path) -> None:
    made = runtime_of(site, 3, tmp_path)
    rare = msgspec.structs.replace(made.config.checks[0], every=900)
    leaf = msgspec.structs.replace(made.config.checks[1], needs=(rare.id,))
    config = msgspec.structs.replace(made.config, checks=(rare, leaf))
    made = make_runtime(config, str(tmp_path))
    _, first = carried_out(made, tmp_path)
    known = {rare.id: first.history[rare.id]}
    first = msgspec.structs.replace(first, history=known)  # only the leaf is due
    made.store.set_latest("latest/test.json", canonical.render(first).encode())
    plan = spread.plan_run(made, DUE)
    (item,) = shards(plan, tmp_path)
    assert item["checks"] == [leaf.id]
    spread.probe_shard(made, {"run_id": plan["run_id"], "shard": item}, 5.0)
    _, second = spread.conclude_run(made, {"run_id": plan["run_id"]}, BUDGET_S)
    assert [(r.status, r.reused) for r in second.results] == [
        (Status.PASS, True),
        (Status.PASS, False),
    ]
