"""Nothing is made of a kind that cannot be removed, and what refuses to go is left in peace."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from canary.model import RunLimits, Status
from canary.probes.registration import STEPS, RegistrationSpec, requests
from tests.canary.probes.test_registration import PREFIX, failing, post
from tests.canary.support.servers.meddler import Bodyless, Instead, Meddling, meddling
from tests.canary.support.servers.mlflow import Mlflow
from tests.canary.support.servers.toolbox import Bench, FixedClock, environment

KEY = secrets.token_hex(16)
MODELS, VERSIONS, RUNS = "registered-models/delete", "model-versions/delete", "runs/delete"
CREATE, HTML = "registered-models/create", "text/html"
MISSING = '{"error_code":"INVALID_PARAMETER_VALUE","message":"Missing value for parameter"}'
Verdict = Meddling | Instead | Bodyless


@dataclass
class Relay:
    """Passes every call on to MLflow but those that a rule changes, and notes them all."""

    rule: Callable[[str, str], Verdict]
    seen: list[tuple[str, str]] = field(default_factory=list)

    def decide(self, number: int, method: str, path: str) -> Verdict:
        self.seen.append((method, path.partition("?")[0]))
        return self.rule(method, path)

    def count(self, end: str) -> int:
        return sum(path.endswith(end) for _, path in self.seen)


def deletes(verdict: Verdict) -> Callable[[str, str], Verdict]:
    """Change what uses the method DELETE."""
    return lambda method, path: verdict if method == "DELETE" else Meddling.PASS


def path_ends(end: str, verdict: Verdict) -> Callable[[str, str], Verdict]:
    return lambda method, path: verdict if path.endswith(end) else Meddling.PASS


def flow(mlflow: Mlflow, relay: Relay, run_id: str, **spec: Any) -> Bench:
    """Carry a flow out through the relay."""
    clock = {"clock": spec.pop("clock")} if "clock" in spec else {}
    seconds = {"seconds": spec.pop("seconds")} if "seconds" in spec else {}
    with meddling(mlflow.url, relay.decide) as url:
        where = environment(url, run=RunLimits(request_timeout=2))
        one = Bench(where, {"valid": KEY}, run_id=run_id, **clock, **seconds)
        one.run("registration", base="", **spec)
    return one


def alive(mlflow: Mlflow) -> dict[str, int]:
    """Count what stands on the server."""
    files = [p for p in (mlflow.folder / "art").rglob("*") if p.is_file()]
    return {
        "models": mlflow.rows("registered_models"),
        "versions": mlflow.rows("model_versions"),
        "runs": mlflow.rows("runs", "lifecycle_stage='active'"),
        "files": len(files),
    }


NOTHING = {"models": 0, "versions": 0, "runs": 0, "files": 0}
WRONG: dict[str, Verdict] = {
    "the body is dropped": Bodyless(),
    "nobody": Instead(401, '{"detail":"API key required"}'),
    "no right": Instead(403, '{"error_code":"PERMISSION_DENIED","message":"Permission denied"}'),
    "a page instead of the path": Instead(404, "<title>404 Not Found</title>", HTML),
    "no such path": Instead(404, '{"error_code":"RESOURCE_NOT_FOUND","message":"no endpoint"}'),
    "404 and no code": Instead(404),
    "the code with another status": Instead(400, '{"error_code":"RESOURCE_DOES_NOT_EXIST"}'),
    "the code in a page": Instead(404, "RESOURCE_DOES_NOT_EXIST", HTML),
    "the method is not allowed": Instead(405, "<title>405</title>", HTML),
    "too many": Instead(429),
    "as if it had been there": Instead(200),
    "as if it had been there, no text": Instead(204, ""),
    "elsewhere": Instead(302, ""),
    "an error": Instead(500, '{"error_code":"INTERNAL_ERROR"}'),
    "unavailable": Instead(503, "<h1>503</h1>", HTML),
    "the balancer's time is over": Instead(504, "<h1>504</h1>", HTML),
    "the connection is closed": Meddling.REFUSED,
}


@pytest.mark.parametrize("name", WRONG)
def test_after_any_wrong_answer_to_the_proof_nothing_of_the_kind_is_made(
    mlflow: Mlflow, name: str
) -> None:
    relay = Relay(deletes(WRONG[name]))
    one = flow(mlflow, relay, "wrong-" + name.replace(" ", "-").replace("'", "").replace(",", ""))
    assert one.status("model removal") is Status.FAIL
    assert relay.count(CREATE) == relay.count("model-versions/create") == 0
    assert one.status("registered model") is Status.SKIP
    assert (alive(mlflow), one.residue) == (NOTHING, [])


def test_an_answer_that_never_comes_is_no_proof(mlflow: Mlflow) -> None:
    def silent(method: str, path: str) -> Verdict:
        time.sleep(2.5 if method == "DELETE" else 0)
        return Meddling.PASS

    relay = Relay(silent)
    one = flow(mlflow, relay, "silent-1")
    assert one.status("model removal") is Status.FAIL
    assert "read-timeout" in one.reason("model removal")
    assert relay.count(CREATE) == 0
    assert (alive(mlflow), one.residue) == (NOTHING, [])


def test_three_runs_where_bodies_of_delete_are_dropped_leave_nothing(mlflow: Mlflow) -> None:
    for number in range(3):
        relay = Relay(deletes(Bodyless()))
        one = flow(mlflow, relay, f"dropped-{number}")
        (proof,) = [s for s in one.steps if s.name == "model removal"]
        (refused,) = proof.evidence
        assert (refused.method, refused.status) == ("DELETE", 400)
        assert refused.url.endswith(MODELS) and "Missing value" in refused.excerpt
        assert "Missing value for required parameter 'name'" in proof.reason
        assert "expected 404 RESOURCE_DOES_NOT_EXIST" in proof.reason
        lost = {s.name: s.reason for s in one.steps if s.status is not Status.PASS}
        assert set(lost) == {
            "model removal", "version removal", "registered model", "model version", "read back",
            "search", "alias", "delete version", "delete model",
        }  # fmt: skip
        assert lost["registered model"] == (
            "not made: this run has no proof that it can remove a registered model"
        )
        assert one.status("artifact get") is one.status("residue") is Status.PASS
        assert (alive(mlflow), one.residue) == (NOTHING, [])


def test_the_short_flow_makes_nothing_where_bodies_of_delete_are_dropped(mlflow: Mlflow) -> None:
    relay = Relay(deletes(Bodyless()))
    one = flow(mlflow, relay, "dropped-quick", with_run=False)
    assert [s.name for s in one.steps if s.status is Status.FAIL] == ["model removal"]
    assert {method for method, _ in relay.seen} == {"DELETE", "GET"}
    assert alive(mlflow) == NOTHING


@pytest.mark.parametrize(
    ("path", "step", "not_made", "made"),
    [
        (VERSIONS, "version removal", ["model-versions/create"], [CREATE]),
        (RUNS, "run removal", ["mlflow/runs/create", "model-versions/create"], [CREATE]),
    ],
)
def test_a_kind_that_cannot_be_removed_is_left_out_and_the_others_are_probed(
    mlflow: Mlflow, path: str, step: str, not_made: list[str], made: list[str]
) -> None:
    relay = Relay(path_ends(path, Instead(400, MISSING)))
    one = flow(mlflow, relay, step.replace(" ", "-"))
    assert [s.name for s in one.steps if s.status is Status.FAIL] == [step]
    assert [relay.count(p) for p in not_made] == [0] * len(not_made)
    assert [relay.count(p) for p in made] == [1] * len(made)
    assert (alive(mlflow), one.residue) == (NOTHING, [])


@pytest.mark.parametrize(("with_run", "proofs"), [(True, 3), (False, 2)])
def test_a_healthy_flow_sends_its_proofs_and_no_more_than_planned(
    mlflow: Mlflow, with_run: bool, proofs: int
) -> None:
    relay = Relay(lambda method, path: Meddling.PASS)
    one = flow(mlflow, relay, f"well-{proofs}", with_run=with_run)
    assert {s.status for s in one.steps} == {Status.PASS}, failing(one)
    proved = [s for s in one.steps if s.name.endswith(" removal")]
    assert [len(s.evidence) for s in proved] == [1] * proofs
    assert {s.evidence[0].status for s in proved} == {404}
    assert len(relay.seen) <= requests(RegistrationSpec(with_run=with_run))
    assert all(
        len(s.evidence) <= t.requests for s, t in zip(one.steps, planned(with_run), strict=True)
    )
    assert alive(mlflow) == NOTHING


def planned(with_run: bool) -> list[Any]:
    return [s for s in STEPS if with_run or not s.of_run]


LATER = FixedClock(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))


def orphans(mlflow: Mlflow, models: int, runs: int) -> None:
    """Plant objects as crashed runs of an hour ago would leave them."""
    for index in range(models):
        post(mlflow, "registered-models/create", name=f"{PREFIX}left-{index}-full")
    found: Any = post(mlflow, "experiments/search", max_results=10)["experiments"]
    number = next(e["experiment_id"] for e in found if e["name"] == "synthetic-canary")
    for index in range(runs):
        tag = {"key": "canary_name", "value": f"{PREFIX}left-{index}-full"}
        post(mlflow, "runs/create", experiment_id=number, start_time=1, tags=[tag])


def clear(mlflow: Mlflow) -> None:
    for table in ("registered_model_tags", "registered_models"):
        mlflow.execute(f"delete from {table}")
    mlflow.execute("update runs set lifecycle_stage='deleted'")


class Refusing:
    """Refuses to remove what stands, and answers the proof as it must."""

    def __init__(self, *ends: str) -> None:
        self.ends, self.asked = ends, Counter[str]()

    def __call__(self, method: str, path: str) -> Verdict:
        end = next((e for e in self.ends if path.endswith(e)), "")
        self.asked[end] += 1
        stays = end and self.asked[end] > 1
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


def test_young_objects_of_another_run_block_nothing(mlflow: Mlflow) -> None:
    post(mlflow, "registered-models/create", name=f"{PREFIX}beside-full")
    one = flow(mlflow, Relay(Refusing()), "young-1")
    assert {s.status for s in one.steps} == {Status.PASS}, failing(one)
    assert alive(mlflow) == {**NOTHING, "models": 1}
    clear(mlflow)


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
    relay = Relay(Refusing(MODELS))
    one = flow(mlflow, relay, "own-1")
    assert relay.count(MODELS) == 3  # the proof, its step, and the last attempt
    assert one.status("residue") is Status.FAIL
    assert [(r.kind, r.removed) for r in one.residue] == [("registered model", False)]
    clear(mlflow)


def test_a_reserved_name_is_proof_alone_and_never_the_name_of_an_object(mlflow: Mlflow) -> None:
    relay = Relay(lambda method, path: Meddling.PASS)
    one = flow(mlflow, relay, "reserved-1")
    shown = msgspec.json.encode(one.steps).decode()
    assert f"{PREFIX}reserved-1-absent" in shown  # in MLflow's own answer
    assert mlflow.rows("registered_models", "name like '%absent%'") == 0
