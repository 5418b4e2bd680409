"""An outage of a dependency stays one: a run of the canary does not freeze the API.

Where a service waits for its cache within its event loop, also one call with a key of a user stops
all others: that is measured first, and a run may cost what one such call costs, and no more.

The sandbox's API is as found: it does blocking work in its event loop. A client asks `/live` every
100 ms without a run and during one. `HOKUSAI_OUTAGES` names the file that gets the rows of the
table in docs/reliability.md.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from sandbox.state import read
from tests.canary.support.live_latency import PATIENCE_S, Watch
from tests.canary.support.live_twin import Twin
from tests.sandbox.support.twin import Outside

pytestmark = [pytest.mark.sweep, pytest.mark.timeout(600)]
OUTAGES = ("mlflow-scaled-to-zero", "mlflow-silent", "mlflow-slow", "database-silent",
           "redis-silent")  # fmt: skip
QUIET_S = 12.0
"""Seconds of watching without a run; a run of such a platform takes about as long."""
SLOW_S = 1.0
A_TURN_S = 1.0
"""Beside a call with a key of its own a client can meet one of the run: they take turns."""
SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"
API = "hokusai-api-development"


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    made = Twin(tmp_path_factory.mktemp("outages"), "--as-found")
    try:
        yield made
    finally:
        made.stop()


def _tasks(outside: Outside) -> list[str]:
    ecs = outside.client("ecs")
    listed = ecs.list_tasks(cluster="hokusai-development", serviceName=API, desiredStatus="RUNNING")
    return sorted(listed["taskArns"])


def _targets(outside: Outside) -> set[str]:
    elb = outside.client("elbv2")
    group = elb.describe_target_groups(Names=["hokusai-reg-api-development"])["TargetGroups"][0]
    health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
    return {t["TargetHealth"]["State"] for t in health["TargetHealthDescriptions"]}


def _ask_with_a_key(outside: Outside) -> float:
    """Ask as any client of the platform does, once, and return the seconds it took."""
    began = time.monotonic()
    with contextlib.suppress(urllib3.exceptions.HTTPError):
        outside.get("registry.hokus.ai", SEARCH, key=outside.key("valid"), timeout=PATIENCE_S)
    return time.monotonic() - began


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_run_makes_no_answer_slower_than_a_second(
    twin: Twin, outage: str, tmp_path: Path
) -> None:
    twin.heal()
    twin.plant(outage)
    twin.settle()
    outside = Outside(read(twin.state_file))
    with Watch(outside) as without:
        time.sleep(QUIET_S)
    with Watch(outside) as own:
        took_s = _ask_with_a_key(outside)
    tasks = _tasks(outside)
    with Watch(outside) as during:
        report = twin.run(f"{outage}-run", tmp_path / "store")
        targets = _targets(outside)
    row = {
        "outage": outage,
        "without_s": round(without.slowest_s, 2),
        "own_s": round(own.slowest_s, 2),
        "own_takes_s": round(took_s, 2),
        "during_s": round(during.slowest_s, 2),
        "run_s": round(report["run"]["duration_ms"] / 1000, 1),
        "failed": sum(r["status"] == "FAIL" for r in report["results"]),
        "first": next((f"{d['cause']} in {d['service']}" for d in report["diagnoses"]), ""),
    }
    if target := os.environ.get("HOKUSAI_OUTAGES"):
        with Path(target).open("a") as file:
            file.write(json.dumps(row) + "\n")
    least = max(without.slowest_s, own.slowest_s + A_TURN_S if own.slowest_s > SLOW_S else 0)
    assert [r["reason"] for r in report["results"] if r["status"] == "ERROR"] == []
    assert during.slowest_s < max(SLOW_S, least), row
    assert during.statuses == {200}
    assert targets == {"healthy"}
    assert _tasks(outside) == tasks
