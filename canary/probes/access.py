"""`access`: who is let in, who is turned away, and with which words; steps are independent."""

from __future__ import annotations

import functools
from typing import Annotated, Any

import msgspec

from canary.model import Answer, Assertion, Check, Exchange, Frozen, Service, Status
from canary.probes.base.api import (
    NOBODY,
    CredentialMissingError,
    NotTriedError,
    RunOutOfTimeError,
    Tools,
)
from canary.probes.base.evidence import Stopwatch
from canary.probes.base.expectations import Expect, judge, meets, throttled
from canary.probes.base.request import Form, Question, ask_current, hung
from canary.probes.endpoint import notes


class Case(Expect, frozen=True, kw_only=True):
    """One principal in some header forms on one route, and the answer each must get."""

    principal: str = NOBODY
    forms: Annotated[tuple[Form, ...], msgspec.Meta(min_length=1)] = ("bearer",)
    path: Annotated[str, msgspec.Meta(pattern="^(|/.*)$")] = ""  # "": the check's
    method: Annotated[str, msgspec.Meta(pattern="^[A-Z]*$")] = ""
    body: str = ""
    name: str = ""  # "": made from principal, form and path
    repeat: Annotated[int, msgspec.Meta(ge=1, le=3)] = 1  # asked again: the answer stays the same


class AccessSpec(Frozen, frozen=True, kw_only=True):
    """A matrix of cases over one service."""

    cases: Annotated[tuple[Case, ...], msgspec.Meta(min_length=1)]
    path: Annotated[str, msgspec.Meta(pattern="^/")] = "/"
    method: Annotated[str, msgspec.Meta(pattern="^[A-Z]+$")] = "GET"
    body: str = ""
    content_type: str = "application/json"  # of the request's body, where there is one


class Cell(Frozen, frozen=True, kw_only=True):
    """One step of the matrix."""

    name: str
    case: Case
    question: Question


def cells(spec: AccessSpec) -> list[Cell]:
    """Return the steps of a matrix in the order written."""
    made: list[Cell] = []
    for case in spec.cases:
        for form in case.forms:
            made.append(_cell(spec, case, form))
    return made


def _cell(spec: AccessSpec, case: Case, form: str) -> Cell:
    path, method = case.path or spec.path, case.method or spec.method
    body = (case.body or spec.body).encode()
    headers = (("Content-Type", spec.content_type),) if body else ()
    carried = "" if case.principal == NOBODY else f" as {form}"
    question = Question(
        path=path,
        method=method,
        principal=case.principal,
        form=form if case.principal != NOBODY else "none",
        headers=headers,
        body=body,
        any_limit=429 in case.status,
        repeatable=True,  # who may do what is asked of routes that change nothing, or refuse
    )
    name = case.name + (carried if len(case.forms) > 1 else "") if case.name else ""
    name = name or f"{case.principal}{carried}: {method} {path.partition('?')[0]}"
    return Cell(name=name, case=case, question=question)


def shape(answer: Answer) -> str:
    """Return what must stay the same when a question is asked again."""
    return f"{answer.status} {answer.content_type}"


def _ask_once(tools: Tools, service: Service, cell: Cell) -> tuple[Answer, Exchange, bool]:
    return ask_current(tools, service, cell.question, functools.partial(meets, cell.case))


def carry_out(cell: Cell, service: Service, tools: Tools) -> bool:
    """Carry one step out and return whether the target hung.

    A secret that is missing makes this step alone ERROR.
    """
    watch = Stopwatch(tools)
    assertions: list[Assertion] = []
    evidence: list[Exchange] = []
    facts: dict[str, str] = {}
    first, hanging = "", False
    try:
        for _ in range(cell.case.repeat):
            answer, seen, reread = _ask_once(tools, service, cell)
            hanging = hanging or hung(answer)
            assertions += judge(cell.case, answer)
            evidence.append(seen)
            facts |= notes(cell.case, answer, tools, reread=reread)
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
        tools.record(watch.step(cell.name, status=Status.ERROR, reason=str(error)))
        return hanging
    except (NotTriedError, RunOutOfTimeError) as error:
        if all(a.holds for a in assertions):  # what was wrong before stays wrong
            status = Status.SKIP if isinstance(error, NotTriedError) else Status.ERROR
            tools.record(watch.step(cell.name, status=status, reason=str(error)))
            return hanging
    tools.record(watch.step(cell.name, assertions, evidence=evidence, facts=facts))
    return hanging


def run(check: Check, spec: AccessSpec, tools: Tools) -> None:
    """Carry every cell out, whatever became of the others; with less patience once one hung."""
    service = tools.service(check.service)
    hanging = False
    for cell in cells(spec):
        question = msgspec.structs.replace(cell.question, impatient=hanging)
        cell = msgspec.structs.replace(cell, question=question)
        hanging = carry_out(cell, service, tools) or hanging


def requests(spec: Any) -> int:
    """Return how many requests one run sends."""
    return sum(cell.case.repeat for cell in cells(spec))


def keyed(spec: Any) -> int:
    """Return how many of them carry a key, good or bad."""
    return sum(cell.case.repeat for cell in cells(spec) if cell.case.principal != NOBODY)
