"""The report page: one file without scripts and remote assets, every value escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from canary.model import Diagnosis, Report, Result, Status, Suite
from canary.report import platform, plots, text
from canary.report.archive import DAYS, HOURS, Archive, CheckArchive, happened
from canary.report.matrix import matrix
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

_TEMPLATES = Path(__file__).parent / "templates"
_FULL = 40  # failing checks shown with all their evidence; the rest as rows
_ROWS = 400  # checks with a history on the page
_SUITES = tuple(Suite)
_RANKED = {Status.FAIL: 0, Status.ERROR: 1, Status.SKIP: 2, Status.PASS: 3}

WORDS = {
    Status.PASS: ("✓", "passed"),
    Status.FAIL: ("✕", "failed"),
    Status.ERROR: ("?", "could not tell"),
    Status.SKIP: ("–", "not tried"),
}


def render(report: Report, archive: Archive | None = None) -> str:
    """Return the page of a run; an archive adds the last day, the last month and incidents."""
    found = groups(report)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            run=report.run,
            verdict=verdict(report),
            found=found,
            full=found.failing[:_FULL],
            brief=found.failing[_FULL:],
            oldest=_oldest(report, found.failing),
            changes=report.comparison.transitions,
            diagnoses=report.diagnoses,
            causes=_causes(report.diagnoses),
            titles={r.check_id: r.title for r in report.results},
            scores=scores(report),
            old_figures=old_figures(report),
            matrix=matrix(report),
            waterfalls=waterfalls(report),
            platform=platform.platform(report),
            histories=_histories(report, archive or Archive()),
            incidents=happened(archive) if archive else (),
            archived=archive is not None,
            suites=_by_suite(found.passed),
        )
    )


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the template environment; strings are made printable before they are escaped."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
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
        style=Markup((_TEMPLATES / "style.css").read_text("utf-8")),  # noqa: S704 - our own file
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
        "availability": plots.availability,
        "latency": plots.latency,
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


def _causes(diagnoses: tuple[Diagnosis, ...]) -> dict[str, int]:
    """Map a check to the number of the first diagnosis that explains it."""
    found: dict[str, int] = {}
    for number, diagnosis in enumerate(diagnoses, 1):
        for check in diagnosis.explains:
            found.setdefault(check, number)
    return found


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
    """Return the rows of the history: one for each suite, each failing and each passing check.

    The row of a suite adds up the archives of its checks.
    """
    rows: dict[str, list[dict[str, Any]]] = {"suites": [], "failing": [], "passing": []}
    of_suite: dict[Suite, list[CheckArchive]] = {}
    for result in sorted(report.results, key=lambda r: _RANKED[r.status]):
        kept = report.history.get(result.check_id)
        long = archive.checks.get(result.check_id, CheckArchive())
        of_suite.setdefault(result.suite, []).append(long)
        if kept is None and not long.days:
            continue
        place = "passing" if result.status is Status.PASS else "failing"
        rows[place].append({"result": result, "kept": kept, "long": long})
    for suite in sorted(of_suite, key=_SUITES.index):
        members = of_suite[suite]
        long = plots.together(members)
        if long.days:
            rows["suites"].append({"suite": suite, "checks": len(members), "long": long})
    rows["passing"] = rows["passing"][: max(0, _ROWS - len(rows["failing"]))]
    rows["failing"] = rows["failing"][:_ROWS]
    return rows
