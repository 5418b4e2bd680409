"""What the calls of the registration flow send, judge and say, and what proves a removal."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

import msgspec
import pytest

from canary.model import Answer, Credential, Exchange, Request
from canary.probes.base.recorder import StepFailedError
from canary.probes.registration import cleanup, proof, steps
from canary.probes.registration.client import MlflowStep
from tests.canary.probes.recorded_mlflow import Memory
from tests.canary.probes.test_registration_parts import LOST, Bench, answering


@dataclass
class Answers:
    """Gives one answer after the other, the last one again and again, and keeps the requests."""

    answers: tuple[Answer, ...] = (Answer(status=200),)
    requests: list[Request] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def send(self, request: Request, credential: Credential | None = None) -> Answer:
        self.requests.append(request)
        self.keys.append(credential.reveal() if credential else "")
        return self.answers[min(len(self.requests), len(self.answers)) - 1]


def step(*answers: Answer, cleaning: bool = False) -> tuple[MlflowStep, Answers]:
    one, http = Bench(), Answers(answers or (Answer(status=200),))
    one.flow.context = msgspec.structs.replace(one.context, http=http)
    return one.step(cleaning=cleaning), http


def said(status: int, text: str = "", **headers: str) -> Answer:
    return Answer(status=status, body=text.encode(), headers=tuple(headers.items()))


def test_a_call_carries_its_type_and_an_empty_one_none() -> None:
    one, http = step()
    one.artifact("PUT", "7/r/x", b"bytes")
    one.artifact("GET", "7/r/x")
    one.listing("7/r")
    one.call("POST", "runs/create", {"a": 1})
    one.call("GET", "runs/get", query={"run_id": "r"})
    json_type = (("Content-Type", "application/json"),)
    assert [r.headers for r in http.requests] == [
        (("Content-Type", "application/octet-stream"),), (), (), json_type, json_type,
    ]  # fmt: skip
    assert [r.body for r in http.requests] == [b"bytes", b"", b"", b'{"a": 1}', b""]
    base = "https://web.example.com/api/mlflow/api/2.0/mlflow"
    assert [r.url.removeprefix(base) for r in http.requests] == [
        "-artifacts/artifacts/7/r/x", "-artifacts/artifacts/7/r/x",
        "-artifacts/artifacts?path=7%2Fr", "/runs/create", "/runs/get?run_id=r",
    ]  # fmt: skip


def test_once_a_call_hung_the_others_wait_two_seconds_and_mlflow_was_not_reached() -> None:
    one, http = step(LOST, Answer(status=503), said(403, '{"error_code": "PERMISSION_DENIED"}'))
    reached = []
    for _ in range(3):
        one.ask("GET", "runs/get")
        reached.append(one.flow.reached)
    assert [r.timeout_s for r in http.requests] == [8.0, 2.0, 2.0]
    assert (one.flow.hung, reached) == (True, [False, False, True])
    other, _ = step(Answer(status=200))
    other.ask("GET", "runs/get")
    assert (other.flow.hung, other.flow.reached) == (False, True)


def test_a_clock_counts_as_wrong_as_it_was_seen_at_worst() -> None:
    dates = ("Sun, 22 Nov 2026 12:00:30 GMT", "Sun, 22 Nov 2026 12:00:10 GMT", "never")
    one, _ = step(*(said(200, date=date) for date in dates))
    for _ in dates:
        one.ask("GET", "runs/get")
    assert one.flow.clock_off_s == 30.0


@pytest.mark.parametrize(("cleaning", "keys"), [(False, ["key-1", "key-2"]), (True, ["key-1"])])
def test_a_clean_up_is_sent_once(cleaning: bool, keys: list[str]) -> None:
    one, http = step(Answer(status=401), cleaning=cleaning)
    one.ask("GET", "runs/get")
    assert http.keys == keys


def test_what_refused_something_is_told_though_a_list_follows_it() -> None:
    one, _ = step()
    seen = Exchange(method="GET", url="u", status=200, excerpt="all")
    no = Exchange(method="DELETE", url="u", status=400, excerpt="n" * 400)
    lost = Exchange(method="DELETE", url="u", failure="reset", failure_detail="by peer")
    one.evidence = [seen, no, seen]
    assert (one.refusal(), one.last_answer()) == (f"400 {'n' * 300}", "200 all")
    one.evidence = [no, lost, seen]
    assert one.refusal() == "reset: by peer"
    one.evidence = [seen, msgspec.structs.replace(seen, status=399, excerpt="")]
    assert one.refusal() == one.last_answer() == "399"


@pytest.mark.parametrize(
    ("answer", "cleaning", "holds", "expected", "shown"),
    [
        (said(200), False, True, "200 or GONE", "200"),
        (said(404, '{"error_code": "GONE"}'), False, True, "200 or GONE", "404 GONE"),
        (said(404, '{"error_code": 5, "m": 1}'), False, False, "200 or GONE", "404"),
        (said(404, '{"error_code": 5}'), True, False, "200 or GONE", '404 {"error_code": 5}'),
        (LOST, True, False, "a complete answer", "read-timeout: nothing came"),
    ],
)
def test_a_call_is_judged_by_its_status_or_by_mlflows_code(
    answer: Answer, cleaning: bool, holds: bool, expected: str, shown: str
) -> None:
    one, _ = step(answer, cleaning=cleaning)
    with contextlib.nullcontext() if holds else pytest.raises(StepFailedError):
        one.call("DELETE", "x", codes=("GONE",))
    (made,) = one.assertions
    assert (made.subject, made.holds, made.expected, made.actual) == (
        "DELETE x", holds, expected, shown,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"), [('{"a": 5}', "5"), ('{"a": null}', None), ('{"a": ""}', None), ("{}", None)]
)
def test_a_value_that_is_missing_ends_the_step(text: str, value: str | None) -> None:
    one, _ = step(said(200, text))
    reply = one.call("GET", "x")
    with contextlib.nullcontext() if value else pytest.raises(StepFailedError):
        assert one.value(reply, "a") == value
    assert [a.actual for a in one.assertions] == ["200"] + ["absent"] * (value is None)


@pytest.mark.parametrize(
    ("status", "code", "proved"),
    [
        (404, "RESOURCE_DOES_NOT_EXIST", {"registered model", "artifact"}),
        (400, "INVALID_PARAMETER_VALUE", {"artifact"}),
        (404, "INVALID_PARAMETER_VALUE", set()),
        (400, "RESOURCE_DOES_NOT_EXIST", set()),
        (403, "PERMISSION_DENIED", set()),
        (200, "", set()),
    ],
)
def test_a_removal_is_proved_by_mlflows_own_words_alone(
    status: int, code: str, proved: set[str]
) -> None:
    one = Bench(Memory(answering(("DELETE", {"error_code": code}), status=status)))
    holds = "registered model" in proved
    with contextlib.nullcontext() if holds else pytest.raises(StepFailedError):
        proof.model_removal(one.step())
    assert one.flow.proved == proved


def test_files_that_stay_are_counted() -> None:
    refused = answering(("DELETE /api/2.0/mlflow-artifacts", Answer(status=500)))
    one = Bench(Memory(refused, files={f"7/r1/artifacts/{n}": b"" for n in "xy"})).step()
    with pytest.raises(StepFailedError):
        cleanup.remove_run(one, "r1")
    lost = one.assertions[-1]
    assert (lost.subject, lost.expected, lost.actual) == ("artifacts", "none", "2 left")


@pytest.mark.parametrize(("answer", "shown"), [(LOST, "no answer"), (Answer(status=500), "500")])
def test_a_list_of_files_that_does_not_come_is_told(answer: Answer, shown: str) -> None:
    one = Bench(Memory(answering(("GET /api/2.0/mlflow-artifacts", answer))))
    one.flow.artifacts, one.flow.tried = "7/r/a", {"artifacts"}
    work = one.step()
    with pytest.raises(StepFailedError):
        cleanup.residue(work)
    lost = work.assertions[-1]
    assert (lost.subject, lost.expected, lost.actual) == ("list of artifacts", "200 or 404", shown)


@pytest.mark.parametrize("rows", [None, 5, "x"])
def test_a_list_of_another_form_lists_nothing(rows: object) -> None:
    found = {"registered_models": rows, "runs": rows} if rows else {}
    one = Bench(Memory(answering(("/search", found)))).step()
    assert [*cleanup.models(one, ""), *cleanup.runs(one, "")] == []


def test_of_the_place_of_artifacts_three_hundred_characters_are_kept() -> None:
    def created(run_id: str, uri: str) -> MlflowStep:
        info = {"run": {"info": {"run_id": run_id, "artifact_uri": uri}}}
        one = Bench(Memory(answering(("runs/create", info)))).step()
        with contextlib.suppress(StepFailedError):
            steps.create_run(one)
        return one

    own = created("r", f"mlflow-artifacts:/7/r/{'a' * 400}")
    kept = f"mlflow-artifacts:/7/r/{'a' * 278}"
    assert own.facts == {"artifact_uri": kept}
    assert (own.assertions[-1].actual, own.assertions[-1].holds) == (kept, True)
    assert own.flow.source == f"mlflow-artifacts:/7/r/{'a' * 400}/model"
    assert own.flow.made == {("run", "r")}
    other = created("x" * 70, f"mlflow-artifacts:/7/{'b' * 400}")
    lost = other.assertions[-1]
    assert (lost.expected, lost.actual, lost.holds) == (
        f"one of run {'x' * 64} alone", f"mlflow-artifacts:/7/{'b' * 280}", False,
    )  # fmt: skip
    assert (other.flow.made, other.flow.run_id, other.facts) == (set(), "", {})


def test_the_place_of_artifacts_is_that_of_the_proxy_or_the_usual_one() -> None:
    assert steps.artifact_path("mlflow-artifacts:/7/r/artifacts/", "7", "r") == "7/r/artifacts"
    assert steps.artifact_path("mlflow-artifacts://host/a/r", "7", "r") == "a/r"
    assert steps.artifact_path("s3://bucket/7/r", "7", "r") == "7/r/artifacts"
    assert steps.tags_of([{"key": "a", "value": 1}, "x", {"key": 2}]) == {"a": 1, "2": None}
    assert steps.tags_of({"key": "a"}) == {}
