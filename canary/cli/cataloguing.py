"""`catalogue`: checks, kinds, metrics, alarms and causes as one page, made from the code."""

from __future__ import annotations

from pathlib import Path

import click

from canary import config
from canary.cli import catalogue as making
from canary.cli.options import WrongUseError

FILE = Path("docs") / "catalogue.md"


@click.command(
    short_help="Print checks, kinds, metrics, alarms and causes.",
    epilog="Exit status: 0 well, 1 the page is not current (--check), 2 wrong usage.",
)
@click.option("--write", is_flag=True, help=f"Write {FILE} anew.")
@click.option("--check", is_flag=True, help=f"Fail (status 1) if {FILE} is not current.")
def catalogue(write: bool, check: bool) -> None:
    """Print the catalogue of checks, kinds, metrics, alarms and causes, or keep its page.

    \b
    Examples:
      python -m canary catalogue
      python -m canary catalogue --write
      python -m canary catalogue --check
    """
    from canary.probes import KINDS

    try:
        text = making.find(KINDS)
    except config.ConfigError as error:
        raise WrongUseError(str(error)) from error
    path = config.HERE.parent / FILE
    if write:
        path.write_text(text, encoding="utf-8")
        click.echo(f"{FILE} is written")
    elif check:
        current = path.read_text(encoding="utf-8") if path.is_file() else ""
        if current != text:
            raise click.ClickException(f"{FILE} is not current: make docs")
        click.echo(f"{FILE} is current")
    else:
        click.echo(text.rstrip("\n"))
