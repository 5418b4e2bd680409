"""Everything that a flow created is removed, whatever error a step meets."""

from __future__ import annotations

import json
import re
import secrets

import msgspec
import pytest

from canary.model import Answer, Credential, Request, Service, Status
from canary.probes.base.api import CredentialMissingError, Http, ProbeContext, RunOutOfTimeError
from tests.canary.probes.test_key_lifecycle import ADMIN, Keys
from tests.canary.support.servers import faults
from tests.canary.support.servers.mlflow import Mlflow
from tests.canary.support.servers.toolbox import Bench, environment

KEY = secrets.token_hex(16)


class Cutting:
    """A real client, but one call ends as the runner or a missing secret may end it."""

    def __init__(self, client: Http, part: str, error: Exception) -> None:
        self._http, self._part, self._error = client, part, error

    def send(self, request: Request, credential: Credential | None = None) -> Answer:
        if self._part in request.url:
            raise self._error
        return self._http.send(request, credential)


class Spoiling:
    """A real client, but one answer has another body; it notes deletions."""

    def __init__(self, client: Http, part: str, body: bytes, deleted: list[str]) -> None:
        self._http, self._part, self._body = client, part, body
        self._deleted = deleted

    def send(self, request: Request, credential: Credential | None = None) -> Answer:
        answer = self._http.send(request, credential)
        if request.method == "DELETE":
            self._deleted.append(request.url)
        spoilt = self._part in request.url and request.method != "DELETE"
        return msgspec.structs.replace(answer, body=self._body) if spoilt else answer


class Cut(Bench):
    """A bench with one of the two clients above."""

    part = ""
    spoilt: bytes | None = None
    error: Exception = RunOutOfTimeError("the run's time was over")
    deleted: list[str] = []  # noqa: RUF012 - each test sets its own

    def context(self) -> ProbeContext:
        context = super().context()
        client: Http = Cutting(context.http, self.part, self.error)
        if self.spoilt is not None:
            client = Spoiling(context.http, self.part, self.spoilt, self.deleted)
        return msgspec.structs.replace(context, http=client)


def cut(mlflow: Mlflow, run_id: str, part: str) -> Cut:
    made = Cut(environment(mlflow.url), {"valid": KEY}, run_id=run_id)
    made.part = part
    return made


def nothing_is_left(mlflow: Mlflow) -> bool:
    return not mlflow.rows("registered_models") and not mlflow.rows(
        "runs", "lifecycle_stage='active'"
    )


@pytest.mark.parametrize("part", ["model-versions/get", "runs/update", "registered-models/create"])
@pytest.mark.parametrize(
    "error",
    [RunOutOfTimeError("the run's time was over"), CredentialMissingError("rotated away")],
    ids=["run-over", "secret-gone"],
)
def test_a_registration_that_is_cut_short_is_cleaned_up(
    mlflow: Mlflow, part: str, error: Exception
) -> None:
    one = cut(mlflow, "cut-" + part.replace("/", "-"), part)
    one.error = error
    assert one.run("registration", base="") is Status.ERROR
    assert str(error) in {s.reason for s in one.steps if s.status is Status.ERROR}
    assert one.status("residue") is Status.PASS
    assert nothing_is_left(mlflow)


def test_an_answer_of_a_form_that_nobody_expects_is_cleaned_up_behind(mlflow: Mlflow) -> None:
    one = cut(mlflow, "spoilt-1", "registered-models/search?filter=name%3D")
    one.spoilt = b'{"registered_models": ["a text", 7, null]}'
    assert one.run("registration", base="") is not Status.PASS
    assert one.status("residue") is Status.PASS
    assert nothing_is_left(mlflow)


def test_a_key_whose_life_is_cut_short_is_revoked() -> None:
    keys = Keys()
    with faults.serving(keys.behave) as port:
        where = environment(services={"target": Service(url=f"http://127.0.0.1:{port}")})
        one = Cut(where, {"admin": ADMIN})
        one.part = "/use"
        status = one.run("key_lifecycle", use_service="target", use_path="/use", cache_s=0)
    assert status is Status.ERROR
    assert keys.active == {}


@pytest.mark.parametrize(
    "uri", ["mlflow-artifacts:/", "mlflow-artifacts:/0", "mlflow-artifacts:/1/.."]
)
def test_no_answer_makes_the_canary_delete_what_is_not_its_own(mlflow: Mlflow, uri: str) -> None:
    """An artifact folder is deleted with all below it: it must be that of our run alone."""
    one = cut(mlflow, "wide-1", "runs/create")
    one.deleted = []
    one.spoilt = json.dumps({"run": {"info": {"run_id": "a" * 32, "artifact_uri": uri}}}).encode()
    assert one.run("registration", base="") is Status.FAIL
    assert one.status("run") is Status.FAIL
    folders = [url for url in one.deleted if "/mlflow-artifacts/" in url]
    assert all(re.search(r"/[0-9a-f]{32}/artifacts$", url) for url in folders), folders
    assert nothing_is_left(mlflow)
    cut(mlflow, "wide-2", "nothing").run("registration", base="", janitor_minutes=0)
