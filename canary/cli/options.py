"""What the commands share: options, loading, and ends with the right exit status."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

import click
import msgspec

from canary import config
from canary.model import SEVERITY_ORDER, Config, Environment, Report, Severity, Status
from canary.report.text import visible

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT = "development"
PRINTS = "Exit status: 0 when it was printed, 2 for wrong usage or configuration."
BELOW = 3  # rows of the screen below a summary: where the reports lie, and the next prompt
EXIT = {Status.PASS: 0, Status.FAIL: 1, Status.ERROR: 3, Status.SKIP: 3}


def environment_option(command: F) -> F:
    """Add `--environment NAME_OR_FILE`."""
    return click.option(
        "--environment",
        "-e",
        default=lambda: os.environ.get("CANARY_ENVIRONMENT", DEFAULT),
        show_default=DEFAULT,
        metavar="NAME_OR_FILE",
        help="An environment by name (canary/environments/NAME.toml) or file.",
        shell_complete=complete_environment,
    )(command)


def format_option(*forms: str) -> Callable[[F], F]:
    """Add `--format`, the first form being the usual one."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms or ("text", "json")),
        default=forms[0] if forms else "text",
        show_default=True,
        help="What goes to stdout.",
    )


def fail_on_option(command: F) -> F:
    """Add `--fail-on SEVERITY`."""
    return click.option(
        "--fail-on",
        type=click.Choice([s.value for s in SEVERITY_ORDER]),
        help="Only checks of this severity or worse count for the exit status.",
    )(command)


def complete_environment(
    _context: click.Context, _parameter: click.Parameter, begun: str
) -> list[str]:
    """Complete the name of an environment."""
    names = sorted(p.stem for p in config.ENVIRONMENTS.glob("*.toml"))
    return [n for n in names if n.startswith(begun)]


def complete_check(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """Complete the id of a check of the environment that the command line names so far."""
    try:
        known = config.load(context.params.get("environment") or DEFAULT, authoring=False)
    except config.ConfigError:
        return []
    return [c.id for c in known.checks if c.id.startswith(begun)]


def exit_status(failed: Iterable[Severity], unknown: Iterable[Severity], fail_on: str) -> int:
    """Return 1 where a check of this severity or worse failed, 3 where one is unknown, else 0."""
    counts = SEVERITY_ORDER[: SEVERITY_ORDER.index(Severity(fail_on)) + 1]
    if any(s in counts for s in failed):
        return EXIT[Status.FAIL]
    return EXIT[Status.ERROR] if any(s in counts for s in unknown) else EXIT[Status.PASS]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows under heads (of several lines), the first column left, the others right."""
    above = [head.split("\n") for head in heads]
    tall = max(len(lines) for lines in above)
    top = [[([""] * (tall - len(lines)) + lines)[at] for lines in above] for at in range(tall)]
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
    """Return how wide the terminal on stdout is, 0 where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def on_screen(rows: Iterable[str]) -> str:
    """Return rows for stdout: what a target said is text there; on a terminal cut to its width."""
    wide = screen()
    rows = [one_row(row) for row in rows]
    if not wide:
        return "\n".join(rows)
    return "\n".join(row if len(row) <= wide else f"{row[: wide - 1]}…" for row in rows)


def loaded(environment: str) -> Config:
    """Return the configuration, or end with its problems and exit status 2."""
    try:
        return config.load(environment, authoring=False)
    except config.ConfigError as error:
        raise WrongUseError(str(error)) from error


def one_row(text: str) -> str:
    """Return the text as one row in which nothing turns the terminal's head."""
    return visible(text).replace("\n", " ").replace("\t", " ")


class WrongUseError(click.ClickException):
    """Ends the command with its text on stderr and exit status 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the text alone: it names file, check and key already."""
        click.echo(visible(self.format_message()), err=True, file=file)


def as_json(value: Any) -> str:
    """Return plain or frozen data as indented JSON."""
    return json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False)


def render(report: Report, form: str) -> str:
    """Return a report in one of its forms."""
    from canary.report import html, junit, markdown
    from canary.report import json as canonical

    if form == "text":
        return terminal(report)
    forms = {"json": canonical, "markdown": markdown, "junit": junit, "html": html}
    text: str = forms[form].render(report)
    return text


def terminal(report: Report) -> str:
    """Return the summary for this terminal: in colour, and cut to the screen, only where one is."""
    from canary.report import terminal as summary

    shown = sys.stdout.isatty()
    size = shutil.get_terminal_size((100, 40))
    return summary.render(
        report,
        width=min(size.columns, 120),
        height=size.lines - BELOW if shown else None,
        colour=shown and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb",
    )


def place_of(store: str, environment: Environment) -> str:
    """Return the store that `--store` names: "environment" is the deployed canary's own."""
    return environment.report_store if store == "environment" else store


def out_folder(out: Path | None, environment: str) -> Path:
    """Return the folder for reports, out/<environment> unless another was asked for."""
    return out or Path("out") / environment
