"""The report page for users: what works, with nothing that an attacker could use."""

from __future__ import annotations

from collections.abc import Iterable

from canary.model import Frozen, Report, Result, Status, Suite
from canary.report import html
from canary.report.archive import Archive
from canary.report.headline import affected, capital
from canary.report.page import days
from canary.report.text import line
from canary.report.verdict import Groups, groups, since, verdict

SAID = {
    Status.FAIL: "Something fails.",
    Status.PASS: "All that is checked works.",
    Status.ERROR: "It is not known whether all works.",
    Status.SKIP: "It is not known whether all works.",
}
"""What is said of a state where nothing more may be said."""
_WORDS = {
    Status.PASS: "works",
    Status.FAIL: "fails",
    Status.ERROR: "not known",
    Status.SKIP: "not known",
}
_MUTED = "in maintenance"


class Row(Frozen, frozen=True, kw_only=True):
    """What users can do, and whether it works; `since` is a time, "" while it works."""

    title: str
    status: Status
    word: str
    since: str = ""


def sentence(effect: str, status: Status) -> str:
    """Return what users cannot do as a sentence, without a cause."""
    return f"{capital(effect)}." if effect else SAID[status]


def effect_of(report: Report) -> str:
    """Return what users cannot do, "" while nothing fails."""
    judged = verdict(report).status is Status.FAIL
    return affected(groups(report).failing) if judged else ""


def render(report: Report, archive: Archive, slo: float = days.SLO, silent_after_s: int = 0) -> str:
    """Return the page: no command, resource, address, evidence, cause, person or note.

    Of the suite that looks at the control plane alone only its state is told. `silent_after_s`:
    seconds after which nobody has judged anything for too long, 0 for never.
    """
    judged, found = verdict(report), groups(report)
    page = html.environment().get_template("public.html.j2")
    return page.render(
        name=report.run.environment,
        run=report.run,
        status=judged.status,
        word=judged.word,
        sentence=sentence(effect_of(report), judged.status),
        strips=days.strips(report, archive),
        figures=days.for_public(days.facts(report, archive, slo)),
        suites=_suites(report, found),
        silent_after_s=silent_after_s,
    )


def _suites(report: Report, found: Groups) -> list[tuple[str, list[Row]]]:
    muted = {r.check_id for r in found.muted}
    unseen = {r.check_id for r in found.unknown}
    rows = [
        (suite.value, [_row(report, r, muted, unseen) for r in _of(report.results, suite)])
        for suite in Suite
        if suite is not Suite.INFRASTRUCTURE
    ]
    return [(name, listed) for name, listed in rows if listed]


def _of(results: Iterable[Result], suite: Suite) -> list[Result]:
    order = (Status.FAIL, Status.ERROR, Status.SKIP, Status.PASS)
    return sorted((r for r in results if r.suite is suite), key=lambda r: order.index(r.status))


def _row(report: Report, result: Result, muted: set[str], unseen: set[str]) -> Row:
    status = Status.ERROR if result.check_id in unseen else result.status
    if result.check_id in muted:
        return Row(title=line(result.title, 120), status=Status.SKIP, word=_MUTED)
    began = since(report, result.check_id) if status is Status.FAIL else ""
    return Row(title=line(result.title, 120), status=status, word=_WORDS[status], since=began)
