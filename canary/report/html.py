"""The report page: one file without remote assets, one script of ours, every value escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from canary.model import Report, Result, Status
from canary.report import platform, plots, text
from canary.report.archive import DAYS, HOURS, Archive, CheckArchive, happened
from canary.report.matrix import matrix
from canary.report.page import assets, days, sections
from canary.report.verdict import (
    answered,
    first_mismatch,
    groups,
    lasted,
    mismatches,
    old_figures,
    reason,
    scores,
    since,
    verdict,
)
from canary.report.waterfall import PHASES, waterfalls

_FULL = 40  # failing checks shown with all their evidence; the rest as rows
_ROWS = 400  # checks with a history on the page
_RANKED = {Status.FAIL: 0, Status.ERROR: 1, Status.SKIP: 2, Status.PASS: 3}

WORDS = {
    Status.PASS: "passed",
    Status.FAIL: "failed",
    Status.ERROR: "could not tell",
    Status.SKIP: "not tried",
}
"""What a reader hears of a state; the style draws its mark beside or instead of the word."""


def render(
    report: Report,
    archive: Archive | None = None,
    silent_after_s: int = 0,
    slo: float = days.SLO,
) -> str:
    """Return the page of a run; an archive adds the last day, the last month and incidents.

    `silent_after_s`: seconds after which nobody has written the latest page for too long, 0 for
    the page of one run, which may be as old as it is. `slo` is the goal of the error budget in
    percent.
    """
    shown = _shown(report, archive or Archive())
    page = environment().get_template("report.html.j2")
    return page.render(
        report=report,
        run=report.run,
        changes=report.comparison.transitions,
        diagnoses=report.diagnoses,
        titles={r.check_id: r.title for r in report.results},
        incidents=happened(archive) if archive else (),
        archived=archive is not None,
        silent_after_s=silent_after_s,
        contents=_contents(report, shown),
        figures=days.facts(report, archive or Archive(), slo),
        **shown,
    )


def _shown(report: Report, archive: Archive) -> dict[str, Any]:
    """Return what the sections of a page show, by the names that the templates use."""
    found, told = groups(report), verdict(report)
    explained = sections.by_cause(report, found.failing, _FULL)
    return {
        "verdict": told,
        "details": told.details[1:] if found.failing else told.details,  # the count stands apart
        "found": found,
        "explained": explained,
        "grouped_causes": {g.number: len(g.full) + len(g.brief) for g in explained},
        "causes": sections.causes(report.diagnoses),
        "same_fixes": sections.same_fixes(report.diagnoses),
        "what_changed": sections.changed(report),
        "oldest": _oldest(report, found.failing),
        "scores": scores(report),
        "old_figures": old_figures(report),
        "matrix": matrix(report),
        "waterfalls": waterfalls(report),
        "platform": platform.platform(report),
        "histories": _histories(report, archive),
        "strips": days.strips(report, archive),
        "suites": _by_suite(found.passed),
    }


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the template environment; strings are made printable before they are escaped."""
    made = Environment(
        loader=FileSystemLoader(assets.FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=printable,
    )
    made.filters.update(_filters())
    made.globals.update(
        words=WORDS,
        phases=PHASES,
        between=text.between,
        plural=text.plural,
        lasted=lasted,
        since=since,
        by_whom=sections.by_whom,
        css=assets.css,
        script=assets.script(),
        script_hash=assets.script_hash(),
    )
    return made


def _filters() -> dict[str, Any]:
    return {
        "when": text.when,
        "whole": lambda value: escape(text.whole(value)),
        "by_whom": text.by_whom,
        "ms": text.milliseconds,
        "percent": text.percent,
        "anchor": anchor,
        "reason": reason,
        "answered": answered,
        "mismatches": mismatches,
        "short": platform.short,
        "conditions": platform.conditions,
        "action": platform.action,
        "group_problem": platform.group_problem,
        "service_problem": platform.service_problem,
        "by_reason": _by_reason,
        "first_mismatch": first_mismatch,
        "svg_outcomes": _svg(plots.outcomes),
        "svg_spark": _svg(plots.spark),
        "svg_hours": _past(HOURS, "hour"),
        "svg_days": _past(DAYS, "day"),
        "svg_strip_hours": _svg(partial(days.drawn, unit="hour")),
        "svg_strip_days": _svg(partial(days.drawn, unit="day")),
    }


def printable(value: Any) -> Any:
    """Return a value as a template prints it: control characters visible, long text cut."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return text.visible(text.clip(value))
    return value


def anchor(name: str) -> str:
    """Return an id that is safe in an attribute and a fragment."""
    return re.sub(r"[^A-Za-z0-9.-]", "_", name)[:100]


def _svg(draw: Any) -> Any:
    """Mark a plot as markup: plots contain only numbers and our own words."""
    return lambda value: Markup(draw(value))  # noqa: S704 - see above


def _past(slots: int, unit: str) -> Any:
    """Return a function that draws the last hours or days up to a time."""
    return lambda kept, end: Markup(plots.past(kept, slots, unit, end))  # noqa: S704 - numbers


def _oldest(report: Report, failing: tuple[Result, ...]) -> str:
    return min((found for r in failing if (found := since(report, r.check_id))), default="")


def _contents(report: Report, shown: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the sections of a page that are there, in their order: ids and names."""
    days_there = bool(shown["strips"])
    well = shown["verdict"].status is Status.PASS
    named = (
        ("changes", "What changed", True),
        ("causes", "Causes", report.diagnoses),
        ("days", "Day and month", days_there and well),
        ("why", "Evidence", report.diagnoses),
        ("failing", "Failing", shown["found"].failing),
        ("unknown", "Could not tell", shown["found"].unknown),
        ("matrix", "Who has access", shown["matrix"]),
        ("flow", "Registration", shown["waterfalls"]),
        ("scores", "Scores", report.scores),
        ("platform", "Control plane", True),
        ("days", "Day and month", days_there and not well),
        ("history", "History", shown["histories"]["failing"] or shown["histories"]["passing"]),
        ("passed", "Passed", True),
    )
    return [(ident, name) for ident, name, there in named if there]


def _by_suite(results: Iterable[Result]) -> dict[str, list[Result]]:
    return _grouped(results, lambda result: result.suite)


def _by_reason(results: Iterable[Result]) -> list[tuple[str, list[Result]]]:
    """Group results by reason: 300 checks without a secret are one line."""
    return sorted(_grouped(results, reason).items(), key=lambda item: -len(item[1]))


def _grouped(results: Iterable[Result], key: Callable[[Result], str]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(key(result), []).append(result)
    return found


def _histories(report: Report, archive: Archive) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the history: one for each failing and each passing check."""
    rows: dict[str, list[dict[str, Any]]] = {"failing": [], "passing": []}
    for result in sorted(report.results, key=lambda r: _RANKED[r.status]):
        kept = report.history.get(result.check_id)
        long = archive.checks.get(result.check_id, CheckArchive())
        if kept is None and not long.days:
            continue
        place = "passing" if result.status is Status.PASS else "failing"
        rows[place].append({"result": result, "kept": kept, "long": long})
    rows["passing"] = rows["passing"][: max(0, _ROWS - len(rows["failing"]))]
    rows["failing"] = rows["failing"][:_ROWS]
    return rows
