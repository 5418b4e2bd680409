"""`public`: pages for users, with nothing that an attacker could use."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from canary.adapters.store.protocol import Store, StoreError, latest_name
from canary.cli.options import WrongUseError, environment_option, loaded, place_of
from canary.cli.reports import READS, decoded, places, store_at, store_option

if TYPE_CHECKING:
    from canary.report.index import Index


@click.command(short_help="Print the status page for users.", epilog=READS)
@environment_option
@store_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the pages into this folder instead: index.html, and one for each environment.",
)
def public(environment: str, store: str | None, out: Path | None) -> None:
    """Print a status page of all environments that share a store, for people outside.

    It says what users cannot do, since when nothing was judged, and the last day and month. It
    has no cause, no command, no name of a resource and no evidence. Nothing is written to the
    store. With --out each environment has a page of its own beside it, with what works and what
    does not.

    \b
    Examples:
      python -m canary public --environment development --store environment
      python -m canary public --store s3://bucket/canary --out status
    """
    from canary.report import index, pages  # Jinja2 costs a start
    from canary.report.stored import load
    from canary.report.text import ReportError

    where = loaded(environment).environment
    tried = [place_of(store, where)] if store is not None else places(where)
    for place in tried:
        try:
            opened = store_at(place, where)
            data = opened.read(pages.INDEX)
            if data is not None:
                click.echo(f"Read from {place}", err=True)
                known = load(data, index.Index)
                made = _pages(opened, place, known, where.slo) if out is not None else {}
                now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
                shown = index.public(known, {e for e, _ in made})
                others = {name: text for (_, name), text in made.items()}
                _put(index.render(shown, now), others, out)
                return
        except (StoreError, ReportError) as error:
            raise WrongUseError(f"{place}: {error}") from error
    raise WrongUseError(f"no index of environments (searched {', '.join(tried)})")


def _pages(store: Store, place: str, known: Index, slo: float) -> dict[tuple[str, str], str]:
    """Return the page of each environment whose latest report is in the store, by its names."""
    from canary.report import archive, index, pages
    from canary.report.page.public import render
    from canary.report.stored import load

    found = {}
    for entry in known.entries:
        name = latest_name(entry.environment)
        data, kept = store.read(name), store.read(pages.archive_name(entry.environment))
        if data is None:
            continue
        past = archive.Archive() if kept is None else load(kept, archive.Archive)
        report = decoded(data, f"{place}/{name}")
        text = render(report, past, slo, entry.silent_after_s)
        found[entry.environment, index.page_of(entry.environment)] = text
    return found


def _put(page: str, others: dict[str, str], out: Path | None) -> None:
    """Print the index, or write it and the other pages into a folder."""
    if out is None:
        click.echo(page)
        return
    try:
        for name, text in {"index.html": page, **others}.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise WrongUseError(f"--out: {error.filename}: {error.strerror}") from error
    click.echo(f"{out / 'index.html'} and {len(others)} more")
