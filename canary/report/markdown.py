"""Markdown for a job summary: verdict, changes, causes with commands, failing checks.

Text from a target is in code spans, where Markdown, HTML, links and mentions have no effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from canary.model import Change, Diagnosis, Remedy, Report, Result, Status, Transition
from canary.report.text import (
    between,
    command,
    decision,
    line,
    milliseconds,
    percent,
    plural,
    when,
    whole,
)
from canary.report.verdict import (
    Groups,
    groups,
    lasted,
    mismatches,
    old_figures,
    reason,
    run_line,
    scores,
    verdict,
)

_ROWS = 60  # rows of a table: a job summary must stay short
_OPEN = 6  # changes that are not folded
_MARKS = {Status.PASS: "✅", Status.FAIL: "❌", Status.ERROR: "❔", Status.SKIP: "➖"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$-])")  # $ begins mathematics


def render(report: Report) -> str:
    """Return the report as GitHub-flavoured Markdown."""
    found = groups(report)
    judged = verdict(report)
    parts = [
        f"# {_MARKS[judged.status]} {prose(judged.sentence)}",
        "\n".join(f"- {prose(detail)}" for detail in judged.details),
        f"{moment(report.run.started_at)}, {prose(run_line(report))}",
        _changes(report),
        "\n\n".join(_diagnosis(i, d) for i, d in enumerate(report.diagnoses, 1)),
        _unexplained(report),
        _table("Failing", report, found.failing),
        _table("Could not tell", report, found.unknown),
        _table("Muted", report, found.muted),
        _skipped(found),
        _scores(report),
        _residue(report),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def prose(text: str, limit: int = 400) -> str:
    """Return Markdown that shows exactly this text."""
    escaped = _SPECIAL.sub(r"\\\1", line(text, limit))
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", "@\u2060")  # a word joiner prevents a mention


def moment(text: str) -> str:
    """Return a time for people; a text that is not a time is shown as it is."""
    return prose(when(text))


def code(text: str, limit: int = 240, *, cell: bool = False) -> str:
    """Return text as a code span, whatever backticks it contains; a `cell` escapes pipes too."""
    span = line(text, limit)
    if cell:
        span = span.replace("|", "\\|")
    if not span:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", span)), default=0) + 1)
    pad = " " if span[0] == "`" or span[-1] == "`" else ""
    return f"{fence}{pad}{span}{pad}{fence}"


def block(text: str, language: str = "") -> str:
    """Return text as a fenced block that the text itself cannot end."""
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language}\n{whole(text, 200_000)}\n{fence}"


def _changes(report: Report) -> str:
    """Return the changes, most severe first; many changes and lasting failures are folded."""
    comparison = report.comparison
    ordered = comparison.transitions
    lasting = [t for t in ordered if t.change is Change.STILL_FAILING]
    changed = [t for t in ordered if t.change is not Change.STILL_FAILING]
    drift = [
        f"- **changed** {code(d.resource)} {prose(d.attribute)}: {code(d.before)} → {code(d.after)}"
        + (f" by {code(d.by)}" if d.by else "")
        for d in comparison.drift
    ]
    if not changed and not lasting and not drift:
        return ""
    since = between(comparison.previous_at, report.run.started_at)
    heading = "## What changed" + (f" since the run {since} before" if since else "")
    parts = [heading, "", *(_change(t) for t in changed[:_OPEN]), *_capped(drift)]
    if further := changed[_OPEN:]:
        parts += ["", *_folded(plural(len(further), "further change"), map(_change, further))]
    if lasting:
        summary = f"{plural(len(lasting), 'check')} still failing"
        parts += ["", *_folded(summary, map(_change, lasting))]
    return "\n".join(parts)


def _change(transition: Transition) -> str:
    text = f"- **{transition.change.replace('_', ' ').lower()}** {code(transition.check_id)}"
    if transition.since:
        text += f", since {moment(transition.since)}"
    # the reason of a failure is in the table of failing checks
    if transition.note and transition.change not in (Change.BROKE, Change.STILL_FAILING):
        text += f": {prose(transition.note)}"
    return text


def _capped(rows: list[str]) -> list[str]:
    return [*rows[:_ROWS], f"- … and {len(rows) - _ROWS} more"] if len(rows) > _ROWS else rows


def _folded(summary: str, rows: Iterable[str]) -> list[str]:
    return [f"<details><summary>{summary}</summary>", "", *_capped(list(rows)), "", "</details>"]


def _diagnosis(number: int, diagnosis: Diagnosis) -> str:
    remedy = diagnosis.remedy
    lines = [
        f"## Cause {number}: {prose(diagnosis.cause)} ({diagnosis.confidence})",
        prose(diagnosis.summary),
        f"In {code(diagnosis.resource)} of {code(diagnosis.service)}; explains "
        + ", ".join(code(check) for check in diagnosis.explains[:_ROWS])
        + ".",
        "\n".join(
            f"- {code(e.resource)}: {code(e.seen)}"
            + (f", expected {code(e.expected)}" if e.expected else "")
            + (f" ({moment(e.at)})" if e.at else "")
            for e in diagnosis.evidence
        ),
        prose(remedy.summary),
        *_decision(remedy),
        "\n".join(
            f"- The fix changes {code(d.resource)}: {code(d.before or 'not there')} becomes"
            f" {code(d.after or 'not there')}"
            for d in remedy.difference
        ),
    ]
    for label, commands in (
        ("Inspect", remedy.inspect),
        ("Fix", remedy.fix),
        ("Verify", remedy.verify),
        ("Undo the fix", remedy.undo),
    ):
        if commands:
            lines += [f"{label}:", block("\n".join(map(command, commands)), "sh")]
    if remedy.irreversible:
        lines.append(f"Without a way back: {prose(remedy.irreversible)}")
    if remedy.terraform:
        lines += ["In Terraform:", block(remedy.terraform, "terraform")]
    return "\n\n".join(text for text in lines if text)


def _decision(remedy: Remedy) -> list[str]:
    text, typed = prose(decision(remedy.decision, 1_000), 2_500), remedy.decision_command
    shown = [f"To decide: {text}"] if text else []
    return [*shown, block(command(typed), "sh")] if typed else shown


def _unexplained(report: Report) -> str:
    if not report.unexplained:
        return ""
    checks = ", ".join(code(check) for check in report.unexplained[:_ROWS])
    return f"**No cause is proven for** {checks}."


def _table(title: str, report: Report, results: tuple[Result, ...]) -> str:
    if not results:
        return ""
    rows = [
        f"## {title}: {plural(len(results), 'check')}",
        "",
        "| check | expectation | severity | expected | actual | for |",
        "|---|---|---|---|---|---|",
    ]
    rows += [_row(report, result) for result in results[:_ROWS]]
    if len(results) > _ROWS:
        rows += ["", f"… and {len(results) - _ROWS} more."]
    return "\n".join(rows)


def _row(report: Report, result: Result) -> str:
    differences = mismatches(result)
    expected, actual = "", code(reason(result), cell=True)
    if differences and differences[0].expected:
        first = differences[0]
        text = f"{first.subject}: {first.expected}" if first.subject else first.expected
        expected, actual = code(text, cell=True), code(first.actual, cell=True)
        if len(differences) > 1:
            actual += f" and {len(differences) - 1} more"
    title = prose(result.title)
    title += f" (muted: {prose(result.muted)})" if result.muted else ""
    title += f" (waits for {prose(result.waits)})" if result.waits else ""
    cells = [code(result.check_id, cell=True), title, result.severity.value, expected, actual]
    return f"| {' | '.join(cells)} | {lasted(report, result.check_id)} |"


def _skipped(found: Groups) -> str:
    if not found.skipped:
        return ""
    rows = (f"- {code(r.check_id)}: {prose(reason(r))}" for r in found.skipped)
    return "\n".join(_folded(f"{plural(len(found.skipped), 'check')} not tried", rows))


def _scores(report: Report) -> str:
    rows = ["## Scores", "", "| suite | score | passed | not passed |", "|---|---|---|---|"]
    for suite, score in scores(report):
        lost = ", ".join(code(check, cell=True) for check in score.lost[:10])
        if len(score.lost) > 10:
            lost += f" and {len(score.lost) - 10} more"
        passed = f"{score.passed} of {score.total}"
        rows.append(f"| {prose(suite)} | {percent(score.percent)} | {passed} | {lost} |")
    if report.old_figures:
        rows += ["", "| figure of the old report | now |", "|---|---|"]
        figures, note = old_figures(report)
        rows += [f"| {prose(name)} | {prose(value)} |" for name, value in figures]
        rows += ["", prose(note)] if note else []
    slowest = max(report.results, key=lambda r: r.duration_ms, default=None)
    if slowest:
        took = milliseconds(slowest.duration_ms)
        rows += ["", f"Slowest check: {code(slowest.check_id)}, {took}."]
    return "\n".join(rows)


def _residue(report: Report) -> str:
    if not report.residue:
        return ""
    rows = [
        f"- {prose(r.kind)} {code(r.name)}: {'removed' if r.removed else 'left behind'}"
        + (f" ({prose(r.reason)})" if r.reason else "")
        for r in report.residue[:_ROWS]
    ]
    return "\n".join(["## Residue", "", *rows])
