"""The parts of the registration flow by themselves, against a registry in memory."""

from __future__ import annotations

import json
from typing import Any

import pytest

from canary.model import Answer, Credential, Environment, Failure, FailureKind, Residue, Service
from canary.probes import KINDS
from canary.probes.base.api import ProbeContext
from canary.probes.base.recorder import StepFailedError
from canary.probes.registration import cleanup, start
from canary.probes.registration.client import Flow, MlflowStep
from tests.canary.probes.recorded_mlflow import Change, Memory, old_run
from tests.canary.probes.test_recorded import Clock, check
from tests.canary.support import platforms as p

NAME = "synthetic-canary-20261122t115959-123456-full"
LOST = Answer(failure=Failure(kind=FailureKind.READ_TIMEOUT, detail="nothing came"))


class Bench:
    """A flow whose steps are called by hand."""

    def __init__(self, memory: Memory | None = None, **more: Any) -> None:
        self.memory = memory or Memory()
        self.residue: list[Residue] = []
        self.credentials = ["key-1", "key-2"]
        where = Environment(
            name="test", account="123456789012", region="us-east-1", cluster="c",
            services={"web": Service(url="https://web.example.com")},
        )  # fmt: skip
        self.context = ProbeContext(
            environment=where, run_id="20261122t115959-123456", http=self.memory, clock=Clock(),
            credential=lambda _: Credential(self.credentials[0]),
            forget_credential=lambda _: self.credentials.reverse(),
            state=p.healthy, remaining=lambda cleanup: 11.0 if cleanup else 8.0,
            blocked=lambda _: "", answered=lambda _client, _answer: None,
            record=lambda _step: None, residue=self.residue.append,
            **more,
        )  # fmt: skip
        spec = KINDS["registration"].spec()
        self.flow: Flow = start(check("registration", "web", spec), spec, self.context)
        self.flow.experiment_id = "7"

    def step(self, *, cleaning: bool = True) -> MlflowStep:
        return MlflowStep(flow=self.flow, cleanup=cleaning)

    def left(self) -> list[tuple[str, str, bool, str]]:
        return [(r.kind, r.name, r.removed, r.reason) for r in self.residue]

    @property
    def asked(self) -> list[str]:
        """Return method, path and what follows of each request."""
        return [line.partition(": ")[2] for line in self.memory.lines]


def answering(*found: tuple[str, Any], status: int = 200) -> Change:
    """Return what answers requests whose method and path have a part with a document."""

    def change(method: str, path: str, _number: int) -> Answer | None:
        for part, document in found:
            if part in f"{method} {path}":
                if isinstance(document, Answer):
                    return document
                return Answer(status=status, body=json.dumps(document).encode())
        return None

    return change


def test_an_object_that_stays_is_told_by_the_first_name_and_the_number() -> None:
    one = Bench()
    cleanup.leave_behind(one.step(), "run", ["x" * 201], "it stays")
    cleanup.leave_behind(one.step(), "run", ["a", "b", "c"], "they stay")
    assert one.left() == [
        ("run", "x" * 200, False, "it stays"),
        ("run", "a", False, "they stay; 3 of this kind"),
    ]


def test_models_are_read_page_by_page_and_five_pages_are_enough() -> None:
    rows = [{"name": f"{NAME}-a"}, {"name": "stranger"}, "x", {"no": "name"}]
    page = {"registered_models": rows, "next_page_token": "t"}
    one = Bench(Memory(answering(("registered-models/search", page))))
    assert [m["name"] for m in cleanup.models(one.step(), NAME)] == [f"{NAME}-a"] * 5
    first = f"filter=name+LIKE+%27{NAME}%25%27&max_results=100"
    path = f"GET /api/2.0/mlflow/registered-models/search?{first}"
    assert one.asked == [path, *[f"{path}&page_token=t"] * 4]


@pytest.mark.parametrize("token", ["", None, 5])
def test_a_page_without_a_token_is_the_last_one(token: object) -> None:
    page = {"registered_models": {"name": NAME}, "next_page_token": token}
    one = Bench(Memory(answering(("registered-models/search", page))))
    assert ([*cleanup.models(one.step(), NAME)], len(one.asked)) == ([], 1)


def test_runs_are_those_of_our_experiment_with_our_name_and_an_id_that_is_one() -> None:
    rows = [
        old_run("a", 1), {**old_run("b", 1), "info": {"run_id": "a/b"}}, old_run("c", 1), "x",
        {**old_run("d", 1), "info": "x"},
    ]  # fmt: skip
    one = Bench(Memory(answering(("runs/search", {"runs": rows}))))
    found = [*cleanup.runs(one.step(), "synthetic-canary-c")]
    tags = {"canary_name": "synthetic-canary-c"}
    assert found == [{**rows[2]["info"], "name": "synthetic-canary-c", "tags": tags}]  # type: ignore[index]
    assert [r["run_id"] for r in cleanup.runs(one.step(), "synthetic-canary-")] == ["a", "c"]
    one.flow.experiment_id = ""
    assert ([*cleanup.runs(one.step(), "")], len(one.asked)) == ([], 2)


def own(one: Bench, *names: str) -> None:
    """Let models and runs stand whose names begin as those of the flow."""
    one.memory.models = {n: {"name": n} for n in names}
    tags = {n: [{"key": "canary_name", "value": n}] for n in names}
    one.memory.runs = {n: {"info": {"run_id": n}, "data": {"tags": t}} for n, t in tags.items()}


def test_what_is_left_of_this_run_is_tried_once_more() -> None:
    one = Bench()
    own(one, NAME, f"{NAME}-b")
    cleanup.residue(one.step())
    assert (one.memory.models, one.memory.runs, one.left()) == ({}, {}, [])


def test_a_kind_of_which_one_stays_is_not_tried_further() -> None:
    refused = answering(("registered-models/delete", {}), ("runs/delete", {}), status=403)
    one = Bench(Memory(refused))
    own(one, NAME, f"{NAME}-b")
    step = one.step()
    with pytest.raises(StepFailedError):
        cleanup.residue(step)
    tried = [a.partition("? ")[2] for a in one.asked if "/delete?" in a]
    assert tried == [json.dumps({"name": NAME}), json.dumps({"run_id": NAME})]
    why = "could not be removed by the run that made it; 2 of this kind"
    assert one.left() == [
        ("registered model", NAME, False, why), ("run", NAME, False, why)
    ]  # fmt: skip
    left = ", ".join(f"{k} {n}" for k in ("registered model", "run") for n in (NAME, f"{NAME}-b"))
    assert [(a.subject, a.actual) for a in step.assertions if not a.holds] == [
        ("left behind", left)
    ]


def test_where_nothing_can_be_listed_all_that_was_made_counts_as_left() -> None:
    one = Bench(Memory(answering(("registered-models/search", LOST))))
    one.flow.made |= {("run", "r2"), ("run", "r1"), ("registered model", NAME)}
    with pytest.raises(StepFailedError):
        cleanup.residue(one.step())
    why = "its removal could not be seen"
    assert one.left() == [
        ("registered model", NAME, False, why), ("run", "r1", False, f"{why}; 2 of this kind")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("artifacts", "tried", "listed"),
    [("", {"artifacts"}, False), ("7/r/a", set(), False), ("7/r/a", {"artifacts"}, True)],
)
def test_files_are_looked_for_where_some_may_have_been_put(
    artifacts: str, tried: set[str], listed: bool
) -> None:
    one = Bench(Memory(answering(("GET /api/2.0/mlflow-artifacts", {"files": {"path": "x"}}))))
    one.flow.artifacts, one.flow.tried = artifacts, tried
    cleanup.residue(one.step())
    looks = [a for a in one.asked if "mlflow-artifacts" in a]
    assert looks == ["GET /api/2.0/mlflow-artifacts/artifacts?path=7%2Fr%2Fa"] * listed
    assert one.left() == []


def test_a_file_that_is_still_there_is_left_and_no_list_is_no_empty_one() -> None:
    one = Bench(Memory(files={"7/r/a/nonce": b"x"}))
    one.flow.artifacts, one.flow.tried = "7/r/a", {"artifacts"}
    with pytest.raises(StepFailedError):
        cleanup.residue(one.step())
    assert [(k, n) for k, n, *_ in one.left()] == [("artifact", "7/r/a/nonce")]
    broken = Bench(Memory(answering(("GET /api/2.0/mlflow-artifacts", {}), status=500)))
    broken.flow.artifacts, broken.flow.tried = "7/r/a", {"artifacts"}
    with pytest.raises(StepFailedError):
        cleanup.residue(broken.step())
    gone = Bench(Memory(answering(("GET /api/2.0/mlflow-artifacts", {}), status=404)))
    gone.flow.artifacts, gone.flow.tried = "7/r/a", {"artifacts"}
    cleanup.residue(gone.step())
    assert gone.left() == []


@pytest.mark.parametrize(("files", "removed"), [({}, True), ({"7/r1/artifacts/x": b""}, False)])
def test_a_folder_that_cannot_be_removed_may_never_have_been(
    files: dict[str, bytes], removed: bool
) -> None:
    refused = answering(("DELETE /api/2.0/mlflow-artifacts", Answer(status=500)))
    one = Bench(Memory(refused, runs={"r1": old_run("r1", 1)}, files=files))
    one.flow.made.add(("run", "r1"))
    step = one.step()
    assert cleanup.attempt(step, lambda: cleanup.remove_run(step, "r1")) is removed
    assert ([*one.memory.runs], one.flow.made) == (
        ([], set()) if removed else (["r1"], {("run", "r1")})
    )
    assert all(a.holds for a in step.assertions)
    assert one.asked[0] == "DELETE /api/2.0/mlflow-artifacts/artifacts/7/r1/artifacts?"


@pytest.mark.parametrize("status", [200, 204, 404])
def test_a_folder_is_gone_by_any_of_these_answers(status: int) -> None:
    one = Bench(Memory(answering(("DELETE /api/2.0/mlflow-artifacts", Answer(status=status)))))
    one.flow.artifacts = "7/r/a"
    cleanup.delete_artifacts(one.step())
    other = Bench(Memory(answering(("DELETE", Answer(status=403))))).step()
    with pytest.raises(StepFailedError):
        cleanup.delete_artifacts(other)


def test_what_is_gone_already_is_as_good_as_removed() -> None:
    one = Bench()
    one.flow.run_id, one.flow.version = "r", "3"
    one.flow.made |= {("run", "r"), ("registered model", NAME)}
    for delete in (cleanup.delete_version, cleanup.delete_model, cleanup.delete_run):
        delete(one.step())
    assert one.flow.made == set()
    assert one.asked == [
        f'DELETE /api/2.0/mlflow/model-versions/delete? {{"name": "{NAME}", "version": "3"}}',
        f'DELETE /api/2.0/mlflow/registered-models/delete? {{"name": "{NAME}"}}',
        'POST /api/2.0/mlflow/runs/delete? {"run_id": "r"}',
    ]
