"""MLflow's REST API as the steps of the registration flow call it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import msgspec

from canary.model import Answer, Check, Exchange, Frozen, Service
from canary.probes.base.api import ProbeContext
from canary.probes.base.expectations import MISSING, document_of, look_up
from canary.probes.base.recorder import StepRecorder
from canary.probes.base.request import Form, RequestSpec, hung, send, send_with_current_key
from canary.probes.registration.age import clocks_differ_s

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
JSON_HEADERS = (("Content-Type", "application/json"),)
RAW_HEADERS = (("Content-Type", "application/octet-stream"),)

MODEL, VERSION, RUN, ARTIFACT = "registered model", "model version", "run", "artifact"
GONE = "RESOURCE_DOES_NOT_EXIST"


class Flow(msgspec.Struct, kw_only=True):
    """The state that the steps of one flow share."""

    check: Check
    service: Service
    context: ProbeContext
    base: str
    principal: str
    form: Form
    name: str  # of the registered model and the run: prefix and run id
    absent: str  # a reserved name that no object ever gets
    experiment: str
    tags: dict[str, str]  # required on the model version
    nonce: bytes
    with_run: bool
    janitor_minutes: float
    janitor_limit: int
    patience_s: float = 10.0  # how long an object of a run under way is waited for
    seconds: float  # the check's time
    experiment_id: str = ""
    run_id: str = ""
    artifacts: str = ""  # path below the artifact proxy
    source: str = ""
    version: str = ""
    hung: bool = False  # a call has timed out
    reached: bool = False  # MLflow itself has answered
    # kinds of which this run has proof that they can be removed
    proved: set[str] = msgspec.field(default_factory=set)
    # kind -> objects of earlier runs that could not be removed, in words
    standing: dict[str, str] = msgspec.field(default_factory=dict)
    clock_off_s: float = 0.0  # by how much our clock differs from the platform's
    attempts: int = 0  # removals of orphans that were tried
    # steps whose requests may have made something
    tried: set[str] = msgspec.field(default_factory=set)
    # kind and name of objects that certainly exist and whose removal is not confirmed
    made: set[tuple[str, str]] = msgspec.field(default_factory=set)


class Reply(Frozen, frozen=True, kw_only=True):
    """An answer and its JSON document."""

    answer: Answer
    document: object

    @property
    def error_code(self) -> str:
        """Return MLflow's error code; other fields differ between versions."""
        code = look_up(self.document, "error_code")
        return code if isinstance(code, str) else ""


class MlflowStep(StepRecorder, kw_only=True):
    """One step of the flow: sends its calls and records assertions and evidence."""

    flow: Flow
    cleanup: bool = False

    def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        query: dict[str, str] | None = None,
        accept: tuple[int, ...] = (200,),
        codes: tuple[str, ...] = (),
    ) -> Reply:
        """Call the tracking API; a status not accepted ends the step.

        `codes` are MLflow error codes that are accepted with any status.
        """
        reply = self.ask(method, path, body, query)
        self._judge(f"{method} {path}", reply, accept, codes)
        return reply

    def ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
    ) -> Reply:
        """Call the tracking API; the caller judges the answer.

        DELETE, too, carries its arguments in the body (MLflow answers 400 to a query).
        """
        target = self.flow.base + API + path + (f"?{urlencode(query)}" if query else "")
        encoded = json.dumps(body).encode() if body is not None else b""
        return self._send(method, target, encoded, JSON_HEADERS)

    def last_answer(self) -> str:
        """Return the last answer in words: its status and the beginning of its text."""
        return self._in_words(self.evidence[-1])

    def refusal(self) -> str:
        """Return the last answer that refused something, in words; a listing may follow it."""
        refused = [e for e in self.evidence if e.failure or e.status >= 400]
        return self._in_words((refused or self.evidence)[-1])

    @staticmethod
    def _in_words(seen: Exchange) -> str:
        if seen.failure:
            return f"{seen.failure}: {seen.failure_detail}"
        return f"{seen.status} {seen.excerpt[:300]}".strip()

    def artifact(
        self, method: str, path: str, body: bytes = b"", accept: tuple[int, ...] = (200,)
    ) -> Answer:
        """Put, get or delete an artifact; a status not accepted ends the step."""
        target = f"{self.flow.base}{ARTIFACTS}/{path}"
        reply = self._send(method, target, body, RAW_HEADERS if body else ())
        self._judge(f"{method} artifact", reply, accept, ())
        return reply.answer

    def listing(self, path: str) -> Reply:
        """List artifacts; the caller judges the status."""
        target = f"{self.flow.base}{ARTIFACTS}?{urlencode({'path': path})}"
        return self._send("GET", target, b"", ())

    def value(self, reply: Reply, path: str) -> str:
        """Return a value of the document as text; a missing value ends the step."""
        found = look_up(reply.document, path)
        if found is MISSING or found is None or found == "":
            self.require(path, "present", "absent", False)
        return str(found)

    def _send(
        self, method: str, path: str, body: bytes, headers: tuple[tuple[str, str], ...]
    ) -> Reply:
        flow = self.flow
        spec = RequestSpec(
            path=path,
            method=method,
            principal=flow.principal,
            form=flow.form,
            headers=headers,
            body=body,
            cleanup=self.cleanup,
            short_timeout=flow.hung,
        )
        if self.cleanup:
            answer, seen = send(flow.context, flow.service, spec)
        else:
            answer, seen, _ = send_with_current_key(flow.context, flow.service, spec)
        flow.hung = flow.hung or hung(answer)
        differ_s = clocks_differ_s(flow.context.clock.now(), answer.header("date"))
        flow.clock_off_s = max(flow.clock_off_s, differ_s)
        self.evidence.append(seen)
        reply = Reply(answer=answer, document=document_of(answer))
        flow.reached = flow.reached or answer.status == 200 or reply.error_code != ""
        return reply

    def _judge(
        self, subject: str, reply: Reply, accept: tuple[int, ...], codes: tuple[str, ...]
    ) -> None:
        answer = reply.answer
        if answer.failure is not None:
            detail = f"{answer.failure.kind.value}: {answer.failure.detail}"
            self.require(subject, "a complete answer", detail, False)
        expected = " or ".join([*map(str, accept), *codes])
        shown = f"{answer.status} {reply.error_code}".strip()
        good = answer.status in accept or reply.error_code in codes
        if self.cleanup and not good:
            shown = self.last_answer()  # why an object stays, in the platform's own words
        self.require(subject, expected, shown, good)
