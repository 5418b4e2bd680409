"""Nothing is made of a kind without proof that it can be removed."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from canary.model import Status
from canary.probes.registration import STEPS, RegistrationSpec, requests
from tests.canary.probes.test_registration import PREFIX, failing
from tests.canary.support.relayed_flow import (
    CREATE,
    MODELS,
    NOTHING,
    RUNS,
    VERSIONS,
    Relay,
    Verdict,
    alive,
    deletes,
    flow,
    path_ends,
)  # fmt: skip
from tests.canary.support.servers.meddler import Bodyless, Instead, Meddling
from tests.canary.support.servers.mlflow import Mlflow

HTML = "text/html"
MISSING = '{"error_code":"INVALID_PARAMETER_VALUE","message":"Missing value for parameter"}'
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


def test_a_reserved_name_is_proof_alone_and_never_the_name_of_an_object(mlflow: Mlflow) -> None:
    relay = Relay(lambda method, path: Meddling.PASS)
    one = flow(mlflow, relay, "reserved-1")
    shown = msgspec.json.encode(one.steps).decode()
    assert f"{PREFIX}reserved-1-absent" in shown  # in MLflow's own answer
    assert mlflow.rows("registered_models", "name like '%absent%'") == 0
