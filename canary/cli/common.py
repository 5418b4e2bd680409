"""What the commands share: options, loading, and ends with the right exit status."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar

import click
import msgspec

from canary import config
from canary.model import Config, Report

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT = "development"


def environment_option(command: F) -> F:
    """Add `--environment NAME_OR_FILE`."""
    return click.option(
        "--environment",
        "-e",
        default=lambda: os.environ.get("CANARY_ENVIRONMENT", DEFAULT),
        show_default=DEFAULT,
        metavar="NAME_OR_FILE",
        help="An environment by name (canary/environments/NAME.toml) or file.",
    )(command)


def loaded(environment: str) -> Config:
    """Return the configuration, or end with its problems and exit status 2."""
    try:
        return config.load(environment, desk=False)
    except config.ConfigError as error:
        raise WrongUseError(str(error)) from error


class WrongUseError(click.ClickException):
    """Ends the command with its text on stderr and exit status 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the text alone: it names file, check and key already."""
        click.echo(self.format_message(), err=True, file=file)


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
    """Return the summary for this terminal, in colour only where one is."""
    import shutil

    from canary.report import terminal as summary

    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = min(shutil.get_terminal_size((100, 40)).columns, 120)
    return summary.render(report, width=width, colour=colour)


def out_folder(out: Path | None, environment: str) -> Path:
    """Return the folder for reports, out/<environment> unless another was asked for."""
    return out or Path("out") / environment
