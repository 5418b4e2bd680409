"""An outage of a dependency stays one: a run of the canary does not freeze the API.

The sandbox's API is as found: it does blocking work in its event loop. A client asks `/live` every
100 ms without a run and during one. `HOKUSAI_OUTAGES` names the file that gets the rows of the
table in docs/reliability.md.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.state import read
from tests.canary.support.live_latency import Watch
from tests.canary.support.live_twin import Twin
from tests.sandbox.support.twin import Outside

pytestmark = [pytest.mark.sweep, pytest.mark.timeout(600)]
OUTAGES = ("mlflow-scaled-to-zero", "mlflow-silent", "mlflow-slow", "database-silent",
           "redis-silent")  # fmt: skip
QUIET_S = 12.0
"""Seconds of watching without a run; a run of such a platform takes about as long."""
SLOW_S = 1.0
OF_THE_CACHE_S = 16 * 2.0
"""The API waits 2 s for a silent cache in each call with a key; a run has 16 calls at a time."""
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


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_run_makes_no_answer_slower_than_a_second(
    twin: Twin, outage: str, tmp_path: Path
) -> None:
    twin.heal()
    twin.sandbox("break", outage)
    twin.settle()
    outside = Outside(read(twin.state_file))
    with Watch(outside) as without:
        time.sleep(QUIET_S)
    tasks = _tasks(outside)
    with Watch(outside) as during:
        report = twin.run(f"{outage}-run", tmp_path / "store")
        targets = _targets(outside)
    row = {
        "outage": outage,
        "without_s": round(without.slowest_s, 2),
        "during_s": round(during.slowest_s, 2),
        "run_s": round(report["run"]["duration_ms"] / 1000, 1),
        "failed": sum(r["status"] == "FAIL" for r in report["results"]),
        "first": next((f"{d['cause']} in {d['service']}" for d in report["diagnoses"]), ""),
    }
    if target := os.environ.get("HOKUSAI_OUTAGES"):
        with Path(target).open("a") as file:
            file.write(json.dumps(row) + "\n")
    limit = OF_THE_CACHE_S if outage == "redis-silent" else max(SLOW_S, without.slowest_s)
    assert during.slowest_s < limit, row
    assert during.statuses == {200}
    assert targets == {"healthy"}
    assert _tasks(outside) == tasks
