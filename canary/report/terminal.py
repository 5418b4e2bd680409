"""A summary that fits a screen, for a terminal; only the command line imports it (rich)."""

from __future__ import annotations

import io

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from canary.model import Diagnosis, Report, Result, Status
from canary.report.text import line, percent, plural, when
from canary.report.verdict import groups, lasted, reason, run_line, scores, verdict

_CAUSES, _CHECKS = 3, 8  # what fits on a screen of 40 lines beside the scores
_MARKS = {Status.PASS: "✓", Status.FAIL: "✕", Status.ERROR: "?", Status.SKIP: "–"}
_STYLES = {
    Status.PASS: "green",
    Status.FAIL: "bold red",
    Status.ERROR: "bold yellow",
    Status.SKIP: "bright_black",
}


def render(report: Report, *, width: int = 100, colour: bool = False) -> str:
    """Return the summary as text; colour only where the caller knows of a terminal."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
    )
    show(report, console)
    return out.getvalue()


def show(report: Report, console: Console) -> None:
    """Print the summary; a command longer than the screen is left to the terminal to wrap."""
    console.print(summary(report), crop=False)


def summary(report: Report) -> RenderableType:
    """Return the summary for a rich console; every value is plain text, never markup."""
    judged = verdict(report)
    found = groups(report)
    parts: list[RenderableType] = [
        Text(""),
        Text(f"{_MARKS[judged.status]} {judged.sentence}", style=_STYLES[judged.status]),
        Text(f"  {when(report.run.started_at)}, {run_line(report)}", style="dim"),
        *(Text(f"  {detail}", style="dim") for detail in judged.details),
        Text(""),
        _scores(report),
    ]
    for number, diagnosis in enumerate(report.diagnoses[:_CAUSES], 1):
        parts += _cause(number, diagnosis)
    if len(report.diagnoses) > _CAUSES:
        further = plural(len(report.diagnoses) - _CAUSES, "further cause")
        parts += [Text(""), Text(f"… and {further}", style="dim")]
    parts += _checks(report, "Failing", found.failing)
    parts += _checks(report, "Could not tell", found.unknown)
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


def _cause(number: int, diagnosis: Diagnosis) -> list[RenderableType]:
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
        for evidence in diagnosis.evidence[:2]
    ]  # fmt: skip
    lines += _commands("look", remedy.inspect)
    if remedy.fix:
        lines += _commands("fix", remedy.fix)
    elif remedy.decision:
        lines.append(Text(f"  decide: {line(remedy.decision, 200)}"))
    return list(lines)


def _commands(title: str, commands: tuple[str, ...]) -> list[Text]:
    """Return the first command under its title; the report has them all."""
    if not commands:
        return []
    further = f", the first of {len(commands)}" if len(commands) > 1 else ""
    return [
        Text(f"  {title}{further}:", style="dim"),
        # Never broken by us: the terminal wraps it softly, so that it can be copied whole.
        Text(line(commands[0]), style="cyan", no_wrap=True, overflow="ignore"),
    ]


def _checks(report: Report, title: str, results: tuple[Result, ...]) -> list[RenderableType]:
    if not results:
        return []
    shown = results[:_CHECKS]
    times = [lasted(report, r.check_id) for r in shown]
    # fixed edges and one elastic column: rich shrinks nothing that may not wrap
    table = Table.grid(padding=(0, 2), expand=True)
    widest = max(len(line(r.check_id, 80)) for r in shown) + 2
    table.add_column(no_wrap=True, overflow="ellipsis", width=min(widest, 36))
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column(no_wrap=True, width=max(map(len, times)))
    for result, time in zip(shown, times, strict=True):
        table.add_row(
            Text(f"{_MARKS[result.status]} {line(result.check_id, 80)}",
                 style=_STYLES[result.status]),
            Text(reason(result)),
            Text(time, style="dim"),
        )  # fmt: skip
    parts: list[RenderableType] = [Text(""), Text(f"{title}: {len(results)}", style="bold"), table]
    if len(results) > _CHECKS:
        parts.append(Text(f"  … and {len(results) - _CHECKS} more", style="dim"))
    return parts
