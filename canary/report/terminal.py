"""A summary for a terminal that fits its screen; only the command line imports it (rich)."""

from __future__ import annotations

import io
import re

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from canary.model import Diagnosis, Frozen, Report, Result, Status
from canary.report.text import command, decision, line, percent, plural, when
from canary.report.verdict import groups, lasted, reason, run_line, scores, verdict


class _Detail(Frozen, frozen=True, kw_only=True):
    """How much the summary shows: causes, their evidence and commands, checks."""

    causes: int
    evidence: int = 0
    inspect: bool = False
    fixes: int = 0  # causes with their first command
    checks: int = 0
    bars: bool = True  # a row for each score
    decision: int = 1_000  # characters before the last sentence, which is whole


_DETAILS = (  # the most detailed first; the last one fits any screen
    _Detail(causes=3, evidence=2, inspect=True, fixes=3, checks=8),
    _Detail(causes=3, evidence=1, inspect=True, fixes=3, checks=8),
    _Detail(causes=3, evidence=1, fixes=3, checks=8),
    _Detail(causes=3, fixes=3, checks=5),
    _Detail(causes=3, fixes=1, checks=5),
    _Detail(causes=3, fixes=1, checks=2),
    _Detail(causes=3, fixes=1, checks=2, bars=False),
    _Detail(causes=3, fixes=1, bars=False),
    _Detail(causes=3, fixes=1, bars=False, decision=200),
    _Detail(causes=1, fixes=1, bars=False, decision=200),
    _Detail(causes=1, bars=False),
    _Detail(causes=0, bars=False),
)
_ESCAPE = re.compile("\x1b\\[[0-9;]*m")
_MARKS = {Status.PASS: "✓", Status.FAIL: "✕", Status.ERROR: "?", Status.SKIP: "–"}
_STYLES = {
    Status.PASS: "green",
    Status.FAIL: "bold red",
    Status.ERROR: "bold yellow",
    Status.SKIP: "bright_black",
}


def render(
    report: Report, *, width: int = 100, height: int | None = None, colour: bool = False
) -> str:
    """Return the summary as text; the caller asks for colour if there is a terminal.

    With a height the summary shows as much as fits on so many rows.
    """
    text = ""
    for detail in _DETAILS:
        text = _rendered(report, detail, width, colour)
        if height is None or _rows(text, width) <= height:
            break
    return text


def _rendered(report: Report, detail: _Detail, width: int, colour: bool) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
    )
    # the terminal wraps a command that is longer than the screen
    console.print(_summary(report, detail), crop=False)
    return out.getvalue()


def _rows(text: str, width: int) -> int:
    """Return the number of rows on the screen, with long lines wrapped by the terminal."""
    plain = _ESCAPE.sub("", text)
    return sum(max(1, -(-cell_len(row) // width)) for row in plain.splitlines())


def _summary(report: Report, detail: _Detail) -> RenderableType:
    """Return the summary for a rich console; every value is plain text, not markup."""
    judged = verdict(report)
    found = groups(report)
    parts: list[RenderableType] = [
        Text(""),
        Text(f"{_MARKS[judged.status]} {judged.sentence}", style=_STYLES[judged.status]),
        Text(f"  {when(report.run.started_at)}, {run_line(report)}", style="dim"),
        *(Text(f"  {detail}", style="dim") for detail in judged.details),
        Text(""),
        _scores(report) if detail.bars else _shares(report),
    ]
    for number, diagnosis in enumerate(report.diagnoses[: detail.causes], 1):
        parts += _cause(number, diagnosis, detail)
    if len(report.diagnoses) > detail.causes:
        further = plural(len(report.diagnoses) - detail.causes, "further cause")
        parts += [Text(""), Text(f"… and {further}", style="dim")]
    parts += _checks(report, "Failing", found.failing, detail.checks)
    parts += _checks(report, "Could not tell", found.unknown, detail.checks)
    return Group(*parts)


def _scores(report: Report) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    table.add_column(overflow="ellipsis", no_wrap=True)
    for suite, score in scores(report):
        filled = int(20 * max(0.0, min(score.percent, 100.0)) / 100)  # full means all
        whole = score.passed == score.total
        table.add_row(
            Text(line(suite, 20)),
            Text(percent(score.percent), style="green" if whole else "red"),
            Text("█" * filled + "░" * (20 - filled), style="green" if whole else "red"),
            Text(f"{score.passed} of {score.total}"),
        )
    return table


def _shares(report: Report) -> Text:
    """Return the scores as one line, for a small screen."""
    found = [f"{line(suite, 20)} {percent(score.percent)}" for suite, score in scores(report)]
    return Text(", ".join(found))


def _cause(number: int, diagnosis: Diagnosis, detail: _Detail) -> list[RenderableType]:
    remedy = diagnosis.remedy
    lines = [
        Text(""),
        Text.assemble(
            (f"Cause {number}: {line(diagnosis.cause, 60)}", "bold"),
            f" in {line(diagnosis.service, 40)} ({diagnosis.confidence.value.lower()}), "
            f"explains {plural(len(diagnosis.explains), 'failure')}",
        ),
        Text(f"  {line(diagnosis.summary, 200)}"),
    ]
    lines += [
        Text(f"  seen: {line(evidence.seen, 120)}"
             + (f"; expected: {line(evidence.expected, 80)}" if evidence.expected else ""),
             style="dim")
        for evidence in diagnosis.evidence[: detail.evidence]
    ]  # fmt: skip
    if detail.inspect:
        lines += _commands("inspect", remedy.inspect)
    if remedy.fix and number <= detail.fixes:
        lines += _commands("fix", remedy.fix)
    elif remedy.decision and number <= detail.fixes:
        lines.append(Text(f"  decide: {decision(remedy.decision, detail.decision)}"))
        lines += [_typed(remedy.decision_command)] if remedy.decision_command else []
    return list(lines)


def _commands(title: str, commands: tuple[str, ...]) -> list[Text]:
    """Return the first command with its title; the report has all commands."""
    if not commands:
        return []
    further = f", the first of {len(commands)}" if len(commands) > 1 else ""
    return [
        Text(f"  {title}{further}:", style="dim"),
        _typed(commands[0]),
    ]


def _typed(text: str) -> Text:
    """Return a command on one line: the terminal wraps it, so that it can be copied as a whole."""
    return Text(command(text), style="cyan", no_wrap=True, overflow="ignore")


def _checks(
    report: Report, title: str, results: tuple[Result, ...], most: int
) -> list[RenderableType]:
    if not results:
        return []
    heading = Text(f"{title}: {len(results)}", style="bold")
    chosen = results[:most]
    if not chosen:
        return [heading]
    times = [lasted(report, r.check_id) for r in chosen]
    # only the middle column is elastic: rich does not shrink columns that must not wrap
    table = Table.grid(padding=(0, 2), expand=True)
    widest = max(len(line(r.check_id, 80)) for r in chosen) + 2
    table.add_column(no_wrap=True, overflow="ellipsis", width=min(widest, 36))
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column(no_wrap=True, width=max(map(len, times)))
    for result, time in zip(chosen, times, strict=True):
        table.add_row(
            Text(f"{_MARKS[result.status]} {line(result.check_id, 80)}",
                 style=_STYLES[result.status]),
            Text(reason(result)),
            Text(time, style="dim"),
        )  # fmt: skip
    parts: list[RenderableType] = [Text(""), heading, table]
    if len(results) > most:
        parts.append(Text(f"  … and {len(results) - most} more", style="dim"))
    return parts
