"""Options, loading, output and exit statuses that the commands share."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

import click
import msgspec

from canary import config
from canary.cli.environments import complete_check, environment_option, file_of
from canary.model import SEVERITY_ORDER, Check, Config, Environment, Report, Severity, Status, Suite
from canary.report.text import visible

__all__ = ["environment_option"]  # with the options below, as commands import them

F = TypeVar("F", bound=Callable[..., Any])

PRINTS = "Exit status: 0 success, 2 wrong usage or configuration."
BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/|$)")
BELOW = 3  # rows of the screen below a summary: the folder of the reports, the next prompt
EXIT = {Status.PASS: 0, Status.FAIL: 1, Status.ERROR: 3, Status.SKIP: 3}


class FiniteRange(click.FloatRange):
    """A number in a range; nan is in none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number, or end with exit status 2."""
        found: float = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is no finite number in the range {self._describe_range()}.", param)
        return found


def format_option(*forms: str) -> Callable[[F], F]:
    """Add `--format`; the first format is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms or ("text", "json")),
        default=forms[0] if forms else "text",
        show_default=True,
        help="Format of the output on stdout.",
    )


def fail_on_option(command: F) -> F:
    """Add `--fail-on SEVERITY`."""
    return click.option(
        "--fail-on",
        type=click.Choice([s.value for s in SEVERITY_ORDER]),
        help="Only checks of this or a higher severity count for the exit status.",
    )(command)


def selection_options(command: F) -> F:
    """Add `--only ID` and `--suite SUITE`, which select checks."""
    suites = click.option(
        "--suite",
        "suites",
        multiple=True,
        metavar="SUITE",
        help=f"Only these suites: {', '.join(s.value for s in Suite)}.",
    )
    only = click.option(
        "--only",
        multiple=True,
        metavar="ID",
        help="Only these checks and the checks that they need.",
        shell_complete=complete_check,
    )
    return only(suites(command))


def exit_status(failed: Iterable[Severity], unknown: Iterable[Severity], fail_on: str) -> int:
    """Return 1 if a check of this or a higher severity failed, 3 if one is unknown, else 0."""
    counts = SEVERITY_ORDER[: SEVERITY_ORDER.index(Severity(fail_on)) + 1]
    if any(s in counts for s in failed):
        return EXIT[Status.FAIL]
    return EXIT[Status.ERROR] if any(s in counts for s in unknown) else EXIT[Status.PASS]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with heads of several lines; only the first column is left-aligned."""
    titles = [head.split("\n") for head in heads]
    tall = max(len(lines) for lines in titles)
    top = [[([""] * (tall - len(lines)) + lines)[at] for lines in titles] for at in range(tall)]
    every = [*top, *rows]
    wide = [max(len(row[column]) for row in every) for column in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in every
    )


def screen() -> int:
    """Return the width of the terminal on stdout, 0 if there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def on_screen(rows: Iterable[str]) -> str:
    """Return rows for stdout: control characters visible, cut to the terminal's width.

    A last row says how many are cut; what goes into a file or a pipe is whole.
    """
    wide = screen()
    rows = [one_row(row) for row in rows]
    cut = sum(len(row) > wide for row in rows)
    if not wide or not cut:
        return "\n".join(rows)
    shown = [row if len(row) <= wide else f"{row[: wide - 1]}…" for row in rows]
    note = f"({cut} rows are cut to the screen; whole: the same command with | less)"
    return "\n".join((*shown, note[:wide]))


def selected(option: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values of `--only` or `--suite`, or end with exit status 2 for an empty one."""
    if all(value.strip() for value in values):
        return values
    valid = ", ".join(s.value for s in Suite) if option == "--suite" else "see `list`"
    raise WrongUseError(f"{option}: is empty (valid: {valid})")


def loaded(environment: str, only: Callable[[Check], bool] | None = None) -> Config:
    """Return the configuration, or end with its problems and exit status 2.

    `only` names the checks that will run, where not all will.
    """
    try:
        return config.load(str(file_of(environment)), authoring=False, only=only)
    except config.ConfigError as error:
        raise WrongUseError(str(error)) from error


def one_row(text: str) -> str:
    """Return the text as one row without control characters for the terminal."""
    return visible(text).replace("\n", " ").replace("\t", " ")


class WrongUseError(click.ClickException):
    """End the command with this text on stderr and exit status 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print only the text: it names file, check and key."""
        click.echo(visible(self.format_message()), err=True, file=file)


def as_json(value: Any) -> str:
    """Return plain or frozen data as indented JSON."""
    return inert(json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False))


def inert(text: str) -> str:
    """Return JSON of the same values in which no CI system finds a command (see `streams`)."""
    return re.sub(r"(##[A-Za-z]{0,20})\[", r"\1\\u005b", text)


def render(report: Report, form: str, again: str = "") -> str:
    """Return a report in one of its formats; `again` are the arguments of `show` that read it."""
    from canary.report import html, junit, markdown
    from canary.report import json as canonical

    if form == "text":
        return terminal(report, again)
    forms = {"json": canonical, "markdown": markdown, "junit": junit, "html": html}
    text: str = forms[form].render(report)
    return inert(text) if form == "json" else text


def terminal(report: Report, again: str = "") -> str:
    """Return the summary: for a terminal as much as fits its screen, else the whole of it."""
    from canary.report import terminal as summary

    on_terminal = sys.stdout.isatty()
    size = shutil.get_terminal_size((100, 40))
    return summary.render(
        report,
        width=min(size.columns, 120) if on_terminal else None,
        height=size.lines - BELOW if on_terminal else None,
        colour=on_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb",
        again=again,
    )


def place_of(store: str, environment: Environment) -> str:
    """Return the store of `--store`: "environment" means the deployed canary's store."""
    place = environment.report_store if store == "environment" else store
    scheme = "://" in place
    if not place or (scheme and not BUCKET.match(place)):
        valid = "valid: environment, s3://bucket/prefix, a folder"
        raise WrongUseError(f"{place[:100] or repr('')} is no store ({valid})")
    return place


def writable(folder: Path, option: str) -> None:
    """Make a folder for what a run writes, or end with the reason and exit status 2."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise WrongUseError(f"{option} {str(folder)[:100]}: {reason}") from error


def out_folder(out: str | None, environment: str) -> Path:
    """Return the folder for reports: the one given, or out/<environment>."""
    return Path("out") / environment if out is None else Path(out)
