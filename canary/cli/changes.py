"""`changes`: what changed in the platform's control plane, when, and by whom."""

from __future__ import annotations

import click

from canary.adapters.store.protocol import StoreError, changes_name
from canary.cli.options import (
    WrongUseError,
    as_json,
    environment_option,
    format_option,
    loaded,
    on_screen,
    place_of,
)
from canary.cli.reports import places, store_at, store_option
from canary.comparison.changes import KEPT, Changes, ChangesError, decode
from canary.model import Drift, Environment
from canary.report.text import by_whom, when

LAST = 20
READS = "Exit status: 0 whatever changed, 2 wrong usage or a history that cannot be read."


@click.command(short_help="Show what changed in the platform, and when.", epilog=READS)
@environment_option
@store_option
@click.option(
    "--last",
    type=click.IntRange(1, KEPT),
    default=LAST,
    show_default=True,
    help=f"So many of the newest changes; the store has at most {KEPT}.",
)
@format_option()
def changes(environment: str, store: str | None, last: int, form: str) -> None:
    """Show what changed in the platform's control plane, newest first.

    The time is that of the first run that saw the change. What AWS changes by itself is left out:
    tasks and their addresses, the health of targets, and counts of tasks other than 0. Who made a
    change is known where CloudTrail was asked, which is after a failure alone.

    \b
    Examples:
      python -m canary changes --environment development --store environment
      python -m canary changes --last 100 --format json
    """
    where = loaded(environment).environment
    kept = _kept(where, store)
    shown = kept.changes[:last]
    if form == "json":
        click.echo(as_json(shown))
    else:
        click.echo(on_screen(map(_line, shown)) or "no change is known")


def _kept(where: Environment, store: str | None) -> Changes:
    """Return the history from the first store that has one, or end with exit status 2."""
    name = changes_name(where.name)
    for place in [place_of(store, where)] if store is not None else places(where):
        try:
            data = store_at(place, where).read(name)
            found = decode(data)
        except (StoreError, ChangesError) as error:
            raise WrongUseError(f"{place}/{name}: {error}") from error
        if data is not None:
            click.echo(f"Read from {place}", err=True)
            return found
    return Changes()


def _line(change: Drift) -> str:
    seen = when(change.at) if change.at else "-"
    was, is_now = change.before or "-", change.after or "-"
    line = f"{seen:21}  {change.resource}: {change.attribute}: {was} -> {is_now}"
    return f"{line}  ({by_whom(change)})"
