"""What refuses to go is left in peace, and no more of its kind are made while it stands."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from typing import Any

import pytest

from canary.model import Status
from tests.canary.probes.test_registration import PREFIX, failing, post
from tests.canary.support.relayed_flow import (
    CREATE,
    KEY,
    MODELS,
    NOTHING,
    RUNS,
    Relay,
    Verdict,
    alive,
    deletes,
    flow,
)  # fmt: skip
from tests.canary.support.servers.meddler import Bodyless, Instead, Meddling
from tests.canary.support.servers.mlflow import Mlflow
from tests.canary.support.servers.toolbox import Bench, FixedClock, environment

LATER = FixedClock(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))


def experiment(mlflow: Mlflow) -> object:
    """Return the number of the reserved experiment."""
    found: Any = post(mlflow, "experiments/search", max_results=10)["experiments"]
    ours = [e["experiment_id"] for e in found if e["name"] == "synthetic-canary"]
    made = ours or [post(mlflow, "experiments/create", name="synthetic-canary")["experiment_id"]]
    return made[0]


def orphans(mlflow: Mlflow, models: int, runs: int) -> None:
    """Plant objects as crashed runs of an hour ago would leave them."""
    for index in range(models):
        post(mlflow, "registered-models/create", name=f"{PREFIX}left-{index}-full")
    number = experiment(mlflow)
    for index in range(runs):
        tag = {"key": "canary_name", "value": f"{PREFIX}left-{index}-full"}
        post(mlflow, "runs/create", experiment_id=number, start_time=1, tags=[tag])


def clear(mlflow: Mlflow) -> None:
    for table in ("registered_model_tags", "registered_models"):
        mlflow.execute(f"delete from {table}")
    mlflow.execute("update runs set lifecycle_stage='deleted'")


class Refusing:
    """Refuses to remove what stands, and answers the proof as it must."""

    def __init__(self, *ends: str, after: int = 1) -> None:
        self.ends, self.after, self.asked = ends, after, Counter[str]()

    def __call__(self, method: str, path: str) -> Verdict:
        end = next((e for e in self.ends if path.endswith(e)), "")
        self.asked[end] += 1
        stays = end and self.asked[end] > self.after
        return Instead(403, '{"message":"it stays"}') if stays else Meddling.PASS


def test_a_hundred_orphans_that_refuse_to_go_cost_one_attempt_and_block_their_kind(
    mlflow: Mlflow,
) -> None:
    orphans(mlflow, models=100, runs=0)
    relay = Relay(Refusing(MODELS))
    one = flow(mlflow, relay, "hundred-1", clock=LATER)
    clear(mlflow)
    assert relay.count(MODELS) == 2  # the proof, and one attempt
    assert relay.count(CREATE) == 0
    assert one.status("orphaned models") is Status.FAIL
    assert "is 100, one is synthetic-canary-left-" in one.reason("orphaned models")
    assert "it stays" in one.reason("orphaned models")
    assert one.reason("registered model").startswith("not made: number of objects that could not")
    assert one.status("artifact get") is one.status("residue") is Status.PASS
    (record,) = one.residue
    assert (record.kind, record.removed) == ("registered model", False)
    assert record.reason == "orphan that could not be removed; 100 of this kind"


def test_orphans_of_three_pages_that_refuse_to_go_cost_one_attempt(mlflow: Mlflow) -> None:
    born = int(time.time() * 1000)
    rows = ",".join(f"('{PREFIX}page-{n:03d}-full',{born},{born})" for n in range(250))
    columns = "name, creation_time, last_updated_time"
    mlflow.execute(f"insert into registered_models ({columns}) values {rows}")
    relay = Relay(Refusing(MODELS))
    one = flow(mlflow, relay, "pages-1", clock=LATER)
    clear(mlflow)
    assert (relay.count(MODELS), relay.count(CREATE)) == (2, 0)
    assert f"is 250, one is {PREFIX}page-000-full" in one.reason("orphaned models")
    assert [r.reason for r in one.residue] == ["orphan that could not be removed; 250 of this kind"]


def test_without_time_to_try_an_orphan_no_more_are_made(mlflow: Mlflow) -> None:
    orphans(mlflow, models=2, runs=0)

    def slow(method: str, path: str) -> Verdict:
        time.sleep(1.2 if path.endswith(MODELS) else 0)
        return Meddling.PASS

    relay = Relay(slow)
    one = flow(mlflow, relay, "untried-1", clock=LATER, seconds=2.2)
    assert (one.status("orphaned models"), one.reason("orphaned models")) == (
        Status.SKIP,
        "no time left to remove what earlier runs left",
    )
    assert (relay.count(MODELS), relay.count(CREATE)) == (1, 0)
    assert alive(mlflow)["models"] == 2
    clear(mlflow)


def test_a_list_that_cannot_be_read_keeps_the_flow_from_making_more(mlflow: Mlflow) -> None:
    def unread(method: str, path: str) -> Verdict:
        return Meddling.BROKEN if "registered-models/search" in path else Meddling.PASS

    relay = Relay(unread)
    one = flow(mlflow, relay, "unread-1")
    assert one.status("orphaned models") is Status.FAIL
    assert relay.count(CREATE) == 0


def test_orphans_of_a_kind_without_proof_are_counted_and_not_tried(mlflow: Mlflow) -> None:
    orphans(mlflow, models=3, runs=2)
    relay = Relay(deletes(Bodyless()))
    one = flow(mlflow, relay, "unproved-1", clock=LATER)
    assert relay.count(MODELS) == 1
    assert "is 3, one is" in one.reason("orphaned models")
    assert [(r.kind, r.removed) for r in one.residue] == [
        ("registered model", False),
        ("run", True),
        ("run", True),
    ]
    assert alive(mlflow) == {**NOTHING, "models": 3}
    clear(mlflow)


def test_orphans_of_both_kinds_that_stay_block_both(mlflow: Mlflow) -> None:
    orphans(mlflow, models=4, runs=5)
    relay = Relay(Refusing(MODELS, RUNS))
    one = flow(mlflow, relay, "both-1", clock=LATER)
    failed = [s.name for s in one.steps if s.status is Status.FAIL]
    assert failed == ["orphaned models", "orphaned runs"]
    assert (relay.count(MODELS), relay.count(RUNS)) == (2, 2)
    assert relay.count(CREATE) == relay.count("runs/create") == 0
    assert len(one.residue) == 2
    assert alive(mlflow) == {**NOTHING, "models": 4, "runs": 5}
    clear(mlflow)


def test_an_orphan_that_stays_after_others_went_is_counted_with_the_rest(mlflow: Mlflow) -> None:
    orphans(mlflow, models=5, runs=0)
    one = flow(mlflow, Relay(Refusing(MODELS, after=3)), "rest-1", clock=LATER)
    assert "is 3, one is" in one.reason("orphaned models")
    assert [(r.removed, r.reason) for r in one.residue] == [
        (True, "orphan of an earlier run"),
        (True, "orphan of an earlier run"),
        (False, "orphan that could not be removed; 3 of this kind"),
    ]
    clear(mlflow)


def test_nobody_looks_for_orphans_where_mlflow_does_not_answer() -> None:
    one = Bench(environment("http://127.0.0.1:9"), {"valid": KEY}, seconds=5)
    one.run("registration", base="", with_run=False)
    assert one.status("model removal") is Status.FAIL
    assert (one.status("orphaned models"), one.reason("orphaned models")) == (
        Status.SKIP,
        "MLflow has not answered",
    )


@pytest.mark.parametrize(("limit", "left"), [(0, 6), (2, 4), (4, 2), (20, 0)])
def test_the_limit_counts_attempts_of_all_kinds(mlflow: Mlflow, limit: int, left: int) -> None:
    orphans(mlflow, models=3, runs=3)
    one = flow(mlflow, Relay(Refusing()), f"limit-{limit}", clock=LATER, janitor_limit=limit)
    assert {s.status for s in one.steps} == {Status.PASS}, failing(one)
    found = alive(mlflow)
    clear(mlflow)
    assert found["models"] + found["runs"] == left
    assert sum(r.removed for r in one.residue) == len(one.residue) == 6 - left


def test_orphans_that_go_slowly_leave_the_flow_its_time(mlflow: Mlflow) -> None:
    orphans(mlflow, models=20, runs=0)

    def slow(method: str, path: str) -> Verdict:
        time.sleep(0.4 if path.endswith(MODELS) else 0)
        return Meddling.PASS

    one = flow(mlflow, Relay(slow), "slow-1", clock=LATER, seconds=8.0)
    assert {s.status for s in one.steps} == {Status.PASS}, failing(one)
    note = next(s.facts["note"] for s in one.steps if s.name == "orphaned models")
    assert note.endswith("are left to later runs")
    assert 0 < alive(mlflow)["models"] < 20
    clear(mlflow)


def test_what_the_run_itself_cannot_remove_is_tried_twice_and_reported_once(
    mlflow: Mlflow,
) -> None:
    for index in range(3):  # a registry that has more under this run's name than this run made
        post(mlflow, CREATE, name=f"{PREFIX}own-1-full-{index}")
    relay = Relay(Refusing(MODELS))
    one = flow(mlflow, relay, "own-1")
    assert relay.count(MODELS) == 3  # the proof, its step, and one last attempt
    assert one.status("residue") is Status.FAIL
    assert [(r.kind, r.removed, r.reason) for r in one.residue] == [
        (
            "registered model",
            False,
            "could not be removed by the run that made it; 4 of this kind",
        )
    ]
    clear(mlflow)
