"""`dependency`: a health document and the expected value of each dependency's entry."""

from __future__ import annotations

from typing import Annotated

import msgspec

from canary.model import Answer, Assertion, Check, Exchange, Frozen, Status
from canary.probes.base.api import Kind, NotTriedError, ProbeContext
from canary.probes.base.evidence import Stopwatch, assertion
from canary.probes.base.expectations import (
    MISSING,
    Expect,
    Field,
    Milliseconds,
    NoDocumentError,
    Scalar,
    Statuses,
    judge,
    judge_field,
    look_up,
    parse,
)
from canary.probes.base.request import RequestSpec, send
from canary.probes.endpoint import notes


class Dependency(Frozen, frozen=True, kw_only=True):
    """One dependency: the path of its entry in the document, and its healthy values."""

    path: Annotated[str, msgspec.Meta(min_length=1)]  # dotted
    healthy: Annotated[tuple[Scalar, ...], msgspec.Meta(min_length=1)]
    required: bool = True  # False: a document without the entry is accepted


class DependencySpec(Frozen, frozen=True, kw_only=True):
    """One health document and its dependencies, one step each."""

    path: Annotated[str, msgspec.Meta(pattern="^/")]
    dependencies: Annotated[dict[str, Dependency], msgspec.Meta(min_length=1)]
    status: Statuses = (200,)
    max_ms: Milliseconds = 0
    limit_ms: Milliseconds = 0


def run(check: Check, spec: DependencySpec, context: ProbeContext) -> None:
    """Send one request; judge the answer, then every dependency, whatever the status is."""
    service = context.service(check.service)
    watch = Stopwatch(context)
    name = f"GET {spec.path}"
    try:
        request = RequestSpec(path=spec.path, ignore_rate_limit=429 in spec.status)
        answer, seen = send(context, service, request)
    except NotTriedError as error:
        for each in (name, *spec.dependencies):
            context.record(watch.step(each, status=Status.SKIP, reason=str(error)))
        return
    expect = Expect(status=spec.status, max_ms=spec.max_ms, limit_ms=spec.limit_ms)
    document, lack = _document(answer)
    judged = [*judge(expect, answer), *_speaks(document, spec)]
    context.record(watch.step(name, judged, evidence=[seen], facts=notes(expect, answer, context)))
    for each, dependency in spec.dependencies.items():
        _judge(each, dependency, (document, lack), seen, context)


def _document(answer: Answer) -> tuple[object, str]:
    """Return the health document, or MISSING and why there is none."""
    if answer.failure is not None:
        return MISSING, "absent (no complete answer came)"
    try:
        return parse(answer), ""
    except NoDocumentError as error:
        return MISSING, f"no JSON ({error})"


def _speaks(document: object, spec: DependencySpec) -> list[Assertion]:
    """Judge a document that may lack each entry by whether it has one of them at all."""
    if document is MISSING or any(d.required for d in spec.dependencies.values()):
        return []
    paths = [dependency.path for dependency in spec.dependencies.values()]
    if any(look_up(document, path) is not MISSING for path in paths):
        return []
    expected = f"an entry at {' or '.join(paths)}"
    return [assertion("health document", expected, "without any of them", False)]


def _judge(
    name: str,
    dependency: Dependency,
    found: tuple[object, str],
    seen: Exchange,
    context: ProbeContext,
) -> None:
    watch = Stopwatch(context)
    document, lack = found
    if document is MISSING:
        made = [assertion("health document", "a JSON document", lack, False)]
        context.record(watch.step(name, made, evidence=[seen]))
        return
    value = look_up(document, dependency.path)
    if value is MISSING and not dependency.required:
        reason = "the document does not speak of it"
        context.record(watch.step(name, status=Status.SKIP, reason=reason))
        return
    field = Field(one_of=dependency.healthy)
    context.record(watch.step(name, judge_field(dependency.path, value, field), evidence=[seen]))


KIND = Kind(
    name="dependency",
    spec=DependencySpec,
    run=run,
    summary="a health document, dependency by dependency",
)
