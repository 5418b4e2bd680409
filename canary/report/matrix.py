"""The authentication matrix: routes and header forms are rows, principals are columns.

There are few principals and many routes with long names, so the principals are the columns.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from canary.model import Exchange, Frozen, Report, Result, Status, Step
from canary.report.text import line
from canary.report.verdict import answered

_SUITE = "authentication"


class Cell(Frozen, frozen=True, kw_only=True):
    """One case: the answer, the expectation, and its check and step."""

    check_id: str
    step: str
    status: Status
    answer: str
    expected: str = ""
    muted: bool = False


class Row(Frozen, frozen=True, kw_only=True):
    """A header form and its cells: a tuple of cases for each principal."""

    form: str
    cells: tuple[tuple[Cell, ...], ...]


class Route(Frozen, frozen=True, kw_only=True):
    """A route and its rows; `broken` counts the failing cases."""

    name: str  # method, host and path
    rows: tuple[Row, ...]
    broken: int


class Matrix(Frozen, frozen=True, kw_only=True):
    """All cases in their rows and columns."""

    principals: tuple[str, ...]
    routes: tuple[Route, ...]
    unplaced: tuple[Cell, ...] = ()  # cases that ended before a request was sent


def matrix(report: Report) -> Matrix | None:
    """Return the matrix of all authentication cases, None if there are none."""
    placed: dict[tuple[str, str, str], list[Cell]] = {}
    unplaced: list[Cell] = []
    for result in report.results:
        if result.kind != "access" and result.suite != _SUITE:
            continue
        for step in result.steps:
            place = _place(result, step)
            if place:
                placed.setdefault(place, []).append(_cell(result, step))
            elif result.kind == "access":
                unplaced.append(_cell(result, step))
    if not placed:
        return None
    return _arranged(placed, tuple(unplaced))


def _arranged(placed: dict[tuple[str, str, str], list[Cell]], unplaced: tuple[Cell, ...]) -> Matrix:
    principals = tuple(dict.fromkeys(p for p, _, _ in placed))
    routes = []
    for name in dict.fromkeys(route for _, route, _ in placed):
        forms = dict.fromkeys(form for _, route, form in placed if route == name)
        rows = tuple(
            Row(form=form, cells=tuple(tuple(placed.get((p, name, form), ())) for p in principals))
            for form in forms
        )
        cells = [cell for row in rows for place in row.cells for cell in place]
        broken = sum(1 for cell in cells if cell.status.is_bad)
        routes.append(Route(name=name, rows=rows, broken=broken))
    return Matrix(principals=principals, routes=tuple(routes), unplaced=unplaced)


def _place(result: Result, step: Step) -> tuple[str, str, str] | None:
    """Return (principal, route, form) of a case, None for a step that is not a case."""
    if step.evidence:
        exchange = step.evidence[0]
        if result.kind != "access" and not (exchange.principal or exchange.header_form):
            return None
        principal = exchange.principal or "nobody"
        return line(principal, 40), _route(exchange), line(exchange.header_form, 40) or "no header"
    facts = step.facts
    if "principal" in facts and "route" in facts:
        form = line(facts.get("header_form", ""), 40) or "no header"
        return line(facts["principal"], 40) or "nobody", line(facts["route"], 90), form
    return None


def _route(exchange: Exchange) -> str:
    try:
        parts = urlsplit(exchange.url)
        where = f"{parts.hostname or ''}{parts.path or '/'}"
    except ValueError:
        where = exchange.url
    return line(f"{exchange.method} {where}", 90)


def _cell(result: Result, step: Step) -> Cell:
    answers = [str(e.status) if e.status and not e.failure else answered(e) for e in step.evidence]
    broken = [a for a in step.assertions if not a.holds]
    if not answers:
        answers = [step.reason or ("skipped" if step.status is Status.SKIP else "not asked")]
    return Cell(
        check_id=result.check_id,
        step=step.name,
        status=step.status,
        answer=line(", ".join(dict.fromkeys(answers)), 80),
        expected=line(broken[0].expected, 80) if broken else "",
        muted=bool(result.muted),
    )
