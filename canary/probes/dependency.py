"""`dependency`: a health document, held against what each dependency's entry must say."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from canary.model import Answer, Check, Exchange, Frozen, Status
from canary.probes.base.api import NotTriedError, Tools
from canary.probes.base.evidence import Stopwatch
from canary.probes.base.expectations import (
    MISSING,
    Expect,
    Field,
    Milliseconds,
    Scalar,
    Statuses,
    judge,
    judge_field,
    look_up,
    parse,
)
from canary.probes.base.request import Question, ask
from canary.probes.endpoint import notes


class Dependency(Frozen, frozen=True, kw_only=True):
    """One dependency: where the document speaks of it and what it must say."""

    path: Annotated[str, msgspec.Meta(min_length=1)]  # dotted
    healthy: Annotated[tuple[Scalar, ...], msgspec.Meta(min_length=1)]
    required: bool = True  # False: a document without the entry is accepted


class DependencySpec(Frozen, frozen=True, kw_only=True):
    """One health document and its dependencies, each a step of its own."""

    path: Annotated[str, msgspec.Meta(pattern="^/")]
    dependencies: Annotated[dict[str, Dependency], msgspec.Meta(min_length=1)]
    status: Statuses = (200,)
    max_ms: Milliseconds = 0
    limit_ms: Milliseconds = 0


def run(check: Check, spec: DependencySpec, tools: Tools) -> None:
    """Ask once; judge the answer, then every dependency, whatever the status was."""
    service = tools.service(check.service)
    watch = Stopwatch(tools)
    name = f"GET {spec.path}"
    try:
        question = Question(path=spec.path, any_limit=429 in spec.status)
        answer, seen = ask(tools, service, question)
    except NotTriedError as error:
        for each in (name, *spec.dependencies):
            tools.record(watch.step(each, status=Status.SKIP, reason=str(error)))
        return
    expect = Expect(status=spec.status, max_ms=spec.max_ms, limit_ms=spec.limit_ms)
    judged = judge(expect, answer)
    tools.record(watch.step(name, judged, evidence=[seen], facts=notes(expect, answer, tools)))
    for each, dependency in spec.dependencies.items():
        _judge(each, dependency, answer, seen, tools)


def _judge(name: str, dependency: Dependency, answer: Answer, seen: Exchange, tools: Tools) -> None:
    watch = Stopwatch(tools)
    document = MISSING if answer.failure else parse(answer)
    if document is MISSING:
        reason = "there is no health document to read it from"
        tools.record(watch.step(name, status=Status.SKIP, reason=reason))
        return
    value = look_up(document, dependency.path)
    if value is MISSING and not dependency.required:
        reason = "the document does not speak of it"
        tools.record(watch.step(name, status=Status.SKIP, reason=reason))
        return
    field = Field(one_of=dependency.healthy)
    tools.record(watch.step(name, judge_field(dependency.path, value, field), evidence=[seen]))


def requests(_spec: Any) -> int:
    """Return how many requests one run sends."""
    return 1
