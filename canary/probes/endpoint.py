"""`endpoint`: one request, and what its answer must be."""

from __future__ import annotations

import functools
from typing import Annotated, Any

import msgspec

from canary.model import Answer, Check, Status
from canary.probes.base.api import NOBODY, NotTriedError, Tools
from canary.probes.base.evidence import Stopwatch
from canary.probes.base.expectations import Expect, judge, meets
from canary.probes.base.request import Form, Question, ask_current, url_of


class EndpointSpec(Expect, frozen=True, kw_only=True):
    """One request of a service and what its answer must be.

    `redirect = "https"` expects Location to be the same host and path over HTTPS.
    """

    path: Annotated[str, msgspec.Meta(pattern="^/")]
    method: Annotated[str, msgspec.Meta(pattern="^[A-Z]+$")] = "GET"
    principal: str = ""  # "" or "nobody": without a credential
    form: Form = "bearer"
    request_headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: str = ""
    plain: bool = False  # over HTTP on port 80
    fresh: bool = False  # a new connection, so that all phases are measured
    max_body: Annotated[int, msgspec.Meta(ge=0, le=1_048_576)] = 0
    repeat: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1  # times asked, each a step


def question_of(spec: EndpointSpec) -> Question:
    """Return what is asked."""
    return Question(
        path=spec.path,
        method=spec.method,
        principal=spec.principal,
        form=spec.form,
        headers=tuple(spec.request_headers.items()),
        body=spec.body.encode(),
        plain=spec.plain,
        fresh=spec.fresh,
        max_body=spec.max_body,
        any_limit=429 in spec.status,
    )


def notes(expect: Expect, answer: Answer, tools: Tools, *, reread: bool = False) -> dict[str, str]:
    """Return facts that are no failures: slowness, and a secret that had to be read again."""
    found: dict[str, str] = {}
    threshold = expect.max_ms or tools.environment.run.slow_ms
    if answer.failure is None and answer.timing.total_ms > threshold:
        found["slow"] = f"{answer.timing.total_ms:.0f} ms, threshold {threshold} ms"
    if reread:
        found["credential"] = "the secret was read again after a refusal"
    return found


def run(check: Check, spec: EndpointSpec, tools: Tools) -> None:
    """Ask, and hold the answer against the expectation."""
    service = tools.service(check.service)
    question = question_of(spec)
    if spec.redirect == "https":
        there = "https://" + url_of(service, spec.path, plain=True).partition("://")[2]
        spec = msgspec.structs.replace(spec, redirect=there)
    for number in range(1, spec.repeat + 1):
        name = f"{spec.method} {spec.path}" + (f" ({number})" if spec.repeat > 1 else "")
        watch = Stopwatch(tools)
        try:
            fits = functools.partial(meets, spec)
            answer, seen, reread = ask_current(tools, service, question, fits)
        except NotTriedError as error:
            tools.record(watch.step(name, status=Status.SKIP, reason=str(error)))
            continue
        facts = notes(spec, answer, tools, reread=reread)
        tools.record(watch.step(name, judge(spec, answer), evidence=[seen], facts=facts))


def requests(spec: Any) -> int:
    """Return how many requests one run sends."""
    return int(spec.repeat)


def keyed(spec: Any) -> int:
    """Return how many of them carry a key."""
    return 0 if spec.principal in ("", NOBODY) else int(spec.repeat)
