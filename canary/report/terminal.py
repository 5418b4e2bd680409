"""A summary for a terminal: what fits its screen, with a count of the rest, or all of it."""

from __future__ import annotations

import io
import re

import msgspec
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
    whole: bool = False  # everything, in full length
    bars: bool = True  # a row for each score
    decision: int = 1_000  # characters before the last sentence, which is whole
    again: str = ""  # the arguments of `show` that read the report once more


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
_EVERY = 10**6
_WHOLE = _Detail(
    causes=_EVERY, evidence=_EVERY, inspect=True, fixes=_EVERY, checks=_EVERY, whole=True
)
_AGE = 14  # columns of how long a check has failed, with the blanks between
_WIDE = 20_000  # columns: no row of a whole summary is wrapped or cut
_ESCAPE = re.compile("\x1b\\[[0-9;]*m")
_MARKS = {Status.PASS: "✓", Status.FAIL: "✕", Status.ERROR: "?", Status.SKIP: "–"}
_STYLES = {
    Status.PASS: "green",
    Status.FAIL: "bold red",
    Status.ERROR: "bold yellow",
    Status.SKIP: "bright_black",
}


def render(
    report: Report, *, width: int | None = None, height: int | None = None, colour: bool = False,
    again: str = "",
) -> str:  # fmt: skip
    """Return the summary as text; the caller asks for colour if there is a terminal.

    With a height it shows what fits on so many rows of `width` columns. Without one it is whole.
    `again` are the arguments with which `show` reads this report once more, "" for its run's id.
    """
    if height is None:
        return _rendered(report, _WHOLE, width or _WIDE, colour)
    for least in _DETAILS:
        detail = msgspec.structs.replace(least, again=again)
        text = _rendered(report, detail, width or 100, colour)
        if _rows(text, width or 100) <= height:
            break
    return text


def _rendered(report: Report, detail: _Detail, width: int, colour: bool) -> str:
    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False,
        color_system="standard" if colour else None,
    )  # fmt: skip
    # the terminal wraps a command that is longer than the screen
    console.print(_summary(report, detail, width), crop=False)
    return out.getvalue()


def _rows(text: str, width: int) -> int:
    """Return the number of rows on the screen, with long lines wrapped by the terminal."""
    return sum(max(1, -(-cell_len(r) // width)) for r in _ESCAPE.sub("", text).splitlines())


def _summary(report: Report, detail: _Detail, width: int) -> RenderableType:
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
    parts += _checks(report, "Failing", found.failing, detail)
    parts += _checks(report, "Could not tell", found.unknown, detail)
    return Group(*parts, *_left_out(report, detail, width))


def _left_out(report: Report, detail: _Detail, width: int) -> list[RenderableType]:
    """Return a row that counts what is not shown, with the command that shows it."""
    if detail.whole:
        return []
    found = groups(report)
    lists = (found.failing, found.unknown)
    shown = report.diagnoses[: detail.causes]
    commands = sum(_hidden_commands(n, d, detail) for n, d in enumerate(report.diagnoses, 1))
    counts = (
        (len(report.diagnoses) - len(shown), "cause"),
        (sum(max(0, len(d.evidence) - detail.evidence) for d in shown), "observation"),
        (commands, "command"),
        (sum(max(0, len(results) - detail.checks) for results in lists), "check"),
        (sum(_is_cut(r, width) for rs in lists for r in rs[: detail.checks]), "cut row"),
    )
    missing = [plural(count, noun) for count, noun in counts if count]
    if not missing:
        return []
    own = f"{line(report.run.id, 60)} --environment {line(report.run.environment, 60)}"
    whole = _typed(f"python -m canary show {detail.again or own} | less")
    return [Text(f"Not shown: {', '.join(missing)}. The whole report:", style="dim"), whole]


def _hidden_commands(number: int, diagnosis: Diagnosis, detail: _Detail) -> int:
    """Return how many commands of a cause are not shown."""
    remedy = diagnosis.remedy
    every = len(remedy.inspect) + len(remedy.fix) + len(remedy.verify) + len(remedy.undo)
    looks = detail.inspect and number <= detail.causes and bool(remedy.inspect)
    return every - looks - (number <= min(detail.fixes, detail.causes) and bool(remedy.fix))


def _is_cut(result: Result, width: int) -> bool:
    """Return whether a row of a check is longer than the screen."""
    name = len(line(result.check_id, 80)) + 2
    return name > 36 or cell_len(reason(result)) > width - name - _AGE


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
        Text(f"  {line(diagnosis.summary, _EVERY if detail.whole else 200)}"),
    ]
    lines += [
        Text(f"  seen: {line(evidence.seen, _EVERY if detail.whole else 120)}"
             + (f"; expected: {line(evidence.expected, _EVERY if detail.whole else 80)}"
                if evidence.expected else ""),
             style="dim")
        for evidence in diagnosis.evidence[: detail.evidence]
    ]  # fmt: skip
    if detail.inspect:
        lines += _commands("inspect", remedy.inspect, detail)
    if remedy.fix and number <= detail.fixes:
        lines += _commands("fix (changes the platform)", remedy.fix, detail)
    elif remedy.decision and number <= detail.fixes:
        most = _EVERY if detail.whole else detail.decision
        lines.append(Text(f"  decide: {decision(remedy.decision, most)}"))
        lines += [_typed(remedy.decision_command)] if remedy.decision_command else []
    if detail.whole:
        lines += _commands("undo the fix", remedy.undo, detail)
        lines += _commands("verify", remedy.verify, detail)
    return list(lines)


def _commands(title: str, commands: tuple[str, ...], detail: _Detail) -> list[Text]:
    """Return the commands with their title; on a screen the first one, and how many there are."""
    if not commands:
        return []
    shown = commands if detail.whole else commands[:1]
    further = f", 1 of {len(commands)}" if len(shown) < len(commands) else ""
    return [Text(f"  {title}{further}:", style="dim"), *map(_typed, shown)]


def _typed(text: str) -> Text:
    """Return a command on one line: the terminal wraps it, so that it can be copied as a whole."""
    return Text(command(text), style="cyan", no_wrap=True, overflow="ignore")


def _checks(
    report: Report, title: str, results: tuple[Result, ...], detail: _Detail
) -> list[RenderableType]:
    if not results:
        return []
    heading = Text(f"{title}: {len(results)}", style="bold")
    chosen = results[: detail.checks]
    if not chosen:
        return [heading]
    times = [lasted(report, r.check_id) for r in chosen]
    # only the middle column is elastic: rich does not shrink columns that must not wrap
    table = Table.grid(padding=(0, 2), expand=not detail.whole)
    widest = max(len(line(r.check_id, 80)) for r in chosen) + 2
    table.add_column(
        no_wrap=True, overflow="ellipsis", width=widest if detail.whole else min(widest, 36)
    )
    table.add_column(no_wrap=not detail.whole, overflow="fold" if detail.whole else "ellipsis",
                     ratio=None if detail.whole else 1)  # fmt: skip
    table.add_column(no_wrap=True, width=max(map(len, times)))
    for result, time in zip(chosen, times, strict=True):
        table.add_row(
            Text(f"{_MARKS[result.status]} {line(result.check_id, 80)}",
                 style=_STYLES[result.status]),
            Text(reason(result)),
            Text(time, style="dim"),
        )  # fmt: skip
    return [Text(""), heading, table]
