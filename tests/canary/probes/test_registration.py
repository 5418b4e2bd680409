"""The registration flow against a real MLflow server."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import urllib.request
from pathlib import Path

import pytest

from canary.model import Status
from canary.probes.registration import STEPS, object_name
from tests.canary.support.servers.meddler import Meddling, meddling
from tests.canary.support.servers.mlflow import Mlflow
from tests.canary.support.servers.toolbox import Bench, FixedClock, environment

KEY = secrets.token_hex(16)
PREFIX = "synthetic-canary-"


def bench(mlflow: Mlflow, run_id: str = "t-1", **more: object) -> Bench:
    return Bench(environment(mlflow.url), {"valid": KEY}, run_id=run_id, **more)  # type: ignore[arg-type]


def post(mlflow: Mlflow, path: str, **body: object) -> dict[str, object]:
    request = urllib.request.Request(
        f"{mlflow.url}/api/2.0/mlflow/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.load(answer))


def failing(one: Bench) -> list[tuple[str, str, str]]:
    return [(s.name, s.status.value, s.reason) for s in one.steps if s.status is not Status.PASS]


def test_every_step_passes_and_two_runs_leave_no_live_object(mlflow: Mlflow) -> None:
    for run_id in ("two-1", "two-2"):
        one = bench(mlflow, run_id)
        assert one.run("registration", base="") is Status.PASS, failing(one)
        assert [s.name for s in one.steps] == [s.name for s in STEPS]
        assert all(s.duration_ms > 0 for s in one.steps)
        assert one.residue == []
    assert mlflow.rows("registered_models") == 0
    assert mlflow.rows("model_versions") == 0
    assert mlflow.rows("registered_model_aliases") == 0
    assert mlflow.rows("runs", "lifecycle_stage='active'") == 0
    left = [p for p in (mlflow.folder / "art").rglob("*") if p.is_file()]
    assert left == []


def test_the_variant_without_a_run_leaves_no_row_at_all(mlflow: Mlflow) -> None:
    runs = mlflow.rows("runs")
    one = bench(mlflow, "quick-1")
    assert one.run("registration", base="", with_run=False) is Status.PASS, failing(one)
    assert mlflow.rows("runs") == runs
    assert mlflow.rows("registered_models") == 0


def test_the_required_tags_stand_on_the_version(mlflow: Mlflow) -> None:
    one = bench(mlflow, "tags-1")
    one.run("registration", base="", tags={"hokusai_token_id": "T-1", "benchmark_value": "1.5"})
    subjects = {a.subject for s in one.steps if s.name == "read back" for a in s.assertions}
    assert {"tag hokusai_token_id", "tag benchmark_value"} <= subjects


@pytest.mark.parametrize(
    ("table", "step"),
    [("model_versions", "model version"), ("runs", "run"), ("params", "parameters")],
)
def test_a_table_that_takes_no_row_fails_its_step_and_the_rest_is_cleaned_up(
    mlflow: Mlflow, table: str, step: str
) -> None:
    mlflow.execute(
        f"create trigger no_{table} before insert on {table} begin select raise(abort, 'no'); end"
    )
    one = bench(mlflow, f"trigger-{table}".replace("_", "-"))
    try:
        assert one.run("registration", base="") is Status.FAIL
    finally:
        mlflow.execute(f"drop trigger no_{table}")
    assert one.status(step) is Status.FAIL
    assert one.status("residue") is Status.PASS
    assert mlflow.rows("registered_models") == 0
    assert mlflow.rows("runs", "lifecycle_stage='active'") == 0


def test_a_broken_artifact_store_fails_the_artifact_step_alone(mlflow: Mlflow) -> None:
    art = mlflow.folder / "art"
    art.rename(mlflow.folder / "art-away")
    art.write_text("no folder")
    one = bench(mlflow, "art-1")
    try:
        one.run("registration", base="")
    finally:
        art.unlink()
        (mlflow.folder / "art-away").rename(art)
    failed = {s.name for s in one.steps if s.status is Status.FAIL}
    assert "artifact put" in failed
    assert not failed & {"run", "model version", "alias", "residue"}
    assert one.status("artifact get") is Status.SKIP
    assert "needs artifact put" in one.reason("artifact get")


def test_the_janitor_removes_old_orphans_of_our_prefix_and_nothing_else(mlflow: Mlflow) -> None:
    bench(mlflow, "janitor-0").run("registration", base="")  # makes the experiment
    for name in (f"{PREFIX}old-full", f"{PREFIX}old-quick", "synthetic-other", "customers-model"):
        post(mlflow, "registered-models/create", name=name)
    later = FixedClock(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=31))
    young = bench(mlflow, "janitor-1", seconds=4.0)
    young.run("registration", base="")
    assert [r.name for r in young.residue] == []
    one = bench(mlflow, "janitor-2", clock=later)
    assert one.run("registration", base="") is Status.PASS, failing(one)
    assert {r.name for r in one.residue if r.removed} == {
        f"{PREFIX}old-full",
        f"{PREFIX}old-quick",
    }
    assert mlflow.rows("registered_models", "name in ('synthetic-other', 'customers-model')") == 2
    mlflow.execute("delete from registered_models")


def test_the_janitor_removes_orphaned_runs_and_stops_at_its_limit(mlflow: Mlflow) -> None:
    bench(mlflow, "janitor-limit").run("registration", base="")  # makes the experiment
    number = next(
        str(e["experiment_id"])
        for e in post(mlflow, "experiments/search", max_results=10)["experiments"]  # type: ignore[attr-defined]
        if e["name"] == "synthetic-canary"
    )
    for index in range(3):
        tag = {"key": "canary_name", "value": f"{PREFIX}gone-{index}-full"}
        post(mlflow, "runs/create", experiment_id=number, start_time=1, tags=[tag])
    foreign = post(mlflow, "runs/create", experiment_id=number, start_time=1)
    one = bench(mlflow, "janitor-3")
    one.run("registration", base="", janitor_limit=2)
    assert [(r.kind, r.removed) for r in one.residue] == [("run", True)] * 2
    two = bench(mlflow, "janitor-4")
    two.run("registration", base="")
    assert len(two.residue) == 1
    kept = foreign["run"]["info"]["run_id"]  # type: ignore[index]
    assert mlflow.rows("runs", f"run_uuid='{kept}' and lifecycle_stage='active'") == 1
    post(mlflow, "runs/delete", run_id=kept)


def test_without_time_the_rest_is_skipped_but_cleaned_up_from_the_reserve(mlflow: Mlflow) -> None:
    one = bench(mlflow, "late-1", seconds=0.12)
    one.run("registration", base="")
    assert any(s.status is Status.SKIP and "no time" in s.reason for s in one.steps)
    assert one.status("residue") is Status.PASS
    assert mlflow.rows("runs", "lifecycle_stage='active'") == 0


def test_a_deleted_experiment_is_restored_and_the_runs_it_revives_are_orphans(
    mlflow: Mlflow,
) -> None:
    bench(mlflow, "restore-0").run("registration", base="")
    number = next(
        str(e["experiment_id"])
        for e in post(mlflow, "experiments/search", max_results=10)["experiments"]  # type: ignore[attr-defined]
        if e["name"] == "synthetic-canary"
    )
    post(mlflow, "experiments/delete", experiment_id=number)
    one = bench(mlflow, "restore-1")
    assert one.run("registration", base="", janitor_limit=0) is Status.PASS, failing(one)
    facts = next(s.facts for s in one.steps if s.name == "experiment")
    assert facts["experiment"] == "was deleted, restored"
    assert mlflow.rows("runs", "lifecycle_stage='active'") > 0  # MLflow restores its runs too
    later = FixedClock(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=90))
    bench(mlflow, "restore-2", clock=later).run("registration", base="", janitor_limit=100)
    ours = "run_uuid in (select run_uuid from tags where key='canary_name')"
    assert mlflow.rows("runs", f"lifecycle_stage='active' and {ours}") == 0


def test_a_server_that_is_down_fails_the_flow_and_blames_no_clean_up_for_residue(
    tmp_path: Path,
) -> None:
    one = Bench(environment("http://127.0.0.1:9"), {"valid": KEY}, seconds=5)
    assert one.run("registration", base="") is Status.FAIL
    assert one.status("experiment") is Status.FAIL
    assert "refused" in one.reason("experiment")
    assert one.residue == []


def test_what_was_made_and_not_seen_to_go_is_residue_though_nothing_can_be_listed(
    mlflow: Mlflow,
) -> None:
    made: list[str] = []

    def no_end(number: int, method: str, path: str) -> Meddling:
        made.extend(["model"] if "registered-models/create" in path else [])
        ends = "/delete" in path or path.partition("?")[0].endswith("/search")
        return Meddling.BROKEN if made and ends else Meddling.PASS

    with meddling(mlflow.url, no_end) as url:
        one = Bench(environment(url), {"valid": KEY}, run_id="endless-1")
        assert one.run("registration", base="") is Status.FAIL
    assert one.status("residue") is Status.FAIL
    assert [(r.kind, r.removed) for r in one.residue] == [
        ("registered model", False),
        ("run", False),
    ]
    later = FixedClock(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    bench(mlflow, "endless-2", clock=later).run("registration", base="")
    assert mlflow.rows("registered_models") == 0


def test_a_store_that_lists_nothing_leaves_the_run_alive_for_the_janitor(mlflow: Mlflow) -> None:
    """Deleted, the run would hide its artifacts for good, and the report would say "nothing"."""

    def no_artifact_goes(number: int, method: str, path: str) -> Meddling:
        store = "mlflow-artifacts" in path
        kept = store and (method == "DELETE" or path.partition("?")[0].endswith("/artifacts"))
        return Meddling.BROKEN if kept else Meddling.PASS

    with meddling(mlflow.url, no_artifact_goes) as url:
        one = Bench(environment(url), {"valid": KEY}, run_id="unlisted-1")
        assert one.run("registration", base="") is Status.FAIL
    assert one.status("residue") is Status.FAIL
    assert [r.kind for r in one.residue] == ["run"]
    later = FixedClock(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    two = bench(mlflow, "unlisted-2", clock=later)
    two.run("registration", base="")
    assert one.residue[0].name in {r.name for r in two.residue if r.removed}
    assert not [p for p in (mlflow.folder / "art").rglob("*") if p.is_file()]


def test_names_carry_the_prefix_and_no_character_that_mlflow_refuses() -> None:
    assert object_name(PREFIX, "2026-11-22T10:00:00Z/7", "full") == (
        f"{PREFIX}2026-11-22T10-00-00Z-7-full"
    )
