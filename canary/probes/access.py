"""`access`: a matrix of principal, header form and route, and the answer each must get."""

from __future__ import annotations

import functools
from typing import Annotated, Any

import msgspec

from canary.model import Answer, Assertion, Check, Environment, Exchange, Frozen, Service, Status
from canary.probes.base.api import (
    NOBODY,
    CredentialMissingError,
    Kind,
    NotTriedError,
    ProbeContext,
    RunOutOfTimeError,
)
from canary.probes.base.evidence import Stopwatch
from canary.probes.base.expectations import Expect, judge, meets, throttled
from canary.probes.base.request import Form, RequestSpec, form_of, hung, send_with_current_key
from canary.probes.endpoint import notes


class Case(Expect, frozen=True, kw_only=True):
    """One principal, in one or more header forms, on one route, and the expected answer."""

    principal: str = NOBODY
    forms: Annotated[tuple[Form, ...], msgspec.Meta(min_length=1)] = ("bearer",)
    path: Annotated[str, msgspec.Meta(pattern="^(|/.*)$")] = ""  # "": the check's
    method: Annotated[str, msgspec.Meta(pattern="^[A-Z]*$")] = ""
    body: str = ""
    name: str = ""  # "": made from principal, form and path
    repeat: Annotated[int, msgspec.Meta(ge=1, le=3)] = 1  # sent again: the answer stays the same


class AccessSpec(Frozen, frozen=True, kw_only=True):
    """A matrix of cases for one service."""

    cases: Annotated[tuple[Case, ...], msgspec.Meta(min_length=1)]
    path: Annotated[str, msgspec.Meta(pattern="^/")] = "/"
    method: Annotated[str, msgspec.Meta(pattern="^[A-Z]+$")] = "GET"
    body: str = ""
    content_type: str = "application/json"  # of the request's body, where there is one


class Cell(Frozen, frozen=True, kw_only=True):
    """One step of the matrix."""

    name: str
    case: Case
    request: RequestSpec


def cells(spec: AccessSpec, environment: Environment | None = None) -> list[Cell]:
    """Return the steps of a matrix in the order of the file; an environment tells own forms."""
    made: list[Cell] = []
    for case in spec.cases:
        for form in case.forms:
            own = form_of(environment, case.principal, form) if environment else form
            made.append(_cell(spec, case, own))
    return made


def _cell(spec: AccessSpec, case: Case, form: str) -> Cell:
    path, method = case.path or spec.path, case.method or spec.method
    body = (case.body or spec.body).encode()
    headers = (("Content-Type", spec.content_type),) if body else ()
    carried = "" if case.principal == NOBODY else f" as {form}"
    request = RequestSpec(
        path=path,
        method=method,
        principal=case.principal,
        form=form if case.principal != NOBODY else "none",
        headers=headers,
        body=body,
        ignore_rate_limit=429 in case.status,
        repeatable=True,  # these routes change nothing, or refuse
    )
    name = case.name + (carried if len(case.forms) > 1 else "") if case.name else ""
    name = name or f"{case.principal}{carried}: {method} {path.partition('?')[0]}"
    return Cell(name=name, case=case, request=request)


def shape(answer: Answer) -> str:
    """Return the part of an answer that must stay the same when the request is repeated."""
    return f"{answer.status} {answer.content_type}"


def _send_once(
    context: ProbeContext, service: Service, cell: Cell
) -> tuple[Answer, Exchange, bool]:
    return send_with_current_key(
        context, service, cell.request, functools.partial(meets, cell.case)
    )


def carry_out(cell: Cell, service: Service, context: ProbeContext) -> bool:
    """Carry one step out and return whether the target hung.

    A missing secret makes only this step ERROR.
    """
    watch = Stopwatch(context)
    assertions: list[Assertion] = []
    evidence: list[Exchange] = []
    facts: dict[str, str] = {}
    first, hanging = "", False
    try:
        for _ in range(cell.case.repeat):
            answer, seen, reread = _send_once(context, service, cell)
            hanging = hanging or hung(answer)
            assertions += judge(cell.case, answer)
            evidence.append(seen)
            facts |= notes(cell.case, answer, context, reread=reread)
            if first:
                assertions.append(
                    Assertion(
                        subject="answer when asked again",
                        expected=first,
                        actual=shape(answer),
                        holds=first == shape(answer),
                    )
                )
            first = first or shape(answer)
            if throttled(cell.case, answer):
                break
    except CredentialMissingError as error:
        context.record(watch.step(cell.name, status=Status.ERROR, reason=str(error)))
        return hanging
    except (NotTriedError, RunOutOfTimeError) as error:
        if all(a.holds for a in assertions):  # an earlier failure stays a failure
            status = Status.SKIP if isinstance(error, NotTriedError) else Status.ERROR
            context.record(watch.step(cell.name, status=status, reason=str(error)))
            return hanging
    context.record(watch.step(cell.name, assertions, evidence=evidence, facts=facts))
    return hanging


def run(check: Check, spec: AccessSpec, context: ProbeContext) -> None:
    """Carry out every cell, with a short time-out after one hung; cells are independent."""
    service = context.service(check.service)
    hanging = False
    for cell in cells(spec, context.environment):
        request = msgspec.structs.replace(cell.request, short_timeout=hanging)
        cell = msgspec.structs.replace(cell, request=request)
        hanging = carry_out(cell, service, context) or hanging


def requests(spec: Any) -> int:
    """Return how many requests one run sends."""
    return sum(cell.case.repeat for cell in cells(spec))


def requests_with_key(spec: Any) -> int:
    """Return how many requests carry a key, valid or not."""
    return sum(cell.case.repeat for cell in cells(spec) if cell.case.principal != NOBODY)


KIND = Kind(
    name="access",
    spec=AccessSpec,
    run=run,
    summary="a matrix of principal, header form and route, and the answer each must get",
    requests=requests,
    requests_with_key=requests_with_key,
)
