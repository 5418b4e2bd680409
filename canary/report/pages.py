"""The pages that a run writes into the store, beside its report.

    latest/<environment>.html   the page of the latest run, with the last day and month
    badges/<environment>.svg    its badge
    archive/<environment>.json  the data of the plots, see archive.py
    index.json, index.html      all environments that share the store

The caller passes the present files as bytes; a file that cannot be read is started anew, with a
note. If two environments write the index at the same time, one entry may be lost until the next
run.
"""

from __future__ import annotations

from canary.model import Frozen, Report
from canary.report import archive, badge, html, index
from canary.report.stored import State, dump, load
from canary.report.text import ReportError

INDEX = "index.json"


def archive_name(environment: str) -> str:
    """Return the name under which an environment's archive is kept."""
    return f"archive/{html.anchor(environment)}.json"


class Pages(Frozen, frozen=True, kw_only=True):
    """Texts by file name, and notes on files that could not be read."""

    files: dict[str, str]
    notes: tuple[str, ...] = ()


def pages(
    report: Report,
    archived: bytes | None = None,
    indexed: bytes | None = None,
    *,
    now: str = "",
    every_s: int = 0,
) -> Pages:
    """Return all files after this run; `now` (ISO 8601) defaults to the end of the run.

    `every_s` is the time between the runs of this environment, 0 if it is not known.
    """
    notes: list[str] = []
    memory = archive.update(_read(archived, archive.Archive, notes), report)
    known = index.add(_read(indexed, index.Index, notes), index.entry(report, every_s=every_s))
    name = html.anchor(report.run.environment)
    return Pages(
        files={
            f"latest/{name}.html": html.render(report, memory),
            f"badges/{name}.svg": badge.render(report),
            archive_name(report.run.environment): dump(memory),
            INDEX: dump(known),
            "index.html": index.render(known, now or report.run.finished_at),
        },
        notes=tuple(notes),
    )


def _read(data: bytes | None, kind: type[State], notes: list[str]) -> State:
    if data is None:
        return kind()
    try:
        return load(data, kind)
    except ReportError as error:
        notes.append(f"started anew, because it was {error}")
        return kind()
