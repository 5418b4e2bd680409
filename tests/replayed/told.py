"""The replayed tables of the documents: which scenarios are a row, and how its cells are written.

The replay draws all chance from its seed, so a row is the same on every machine: the documents are
compared word by word, and a change of the alarms that moves a figure is seen.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from pathlib import Path

from canary.model import Config
from tests.replayed.scenarios import BY_NAME
from tests.replayed.table import Row, row, times
from tests.replayed.template import Template

DOCS = Path(__file__).parents[2] / "docs"
HEADS = {
    "reliability.md": "| what happens | told | paged | page cleared | pages an incident |\n",
    "operations.md": "| | `standard` | `lean` | `full` |\n",
}
"""Document -> head of its replayed table."""
SEED = 1
INCIDENTS = 20
"""Incidents of a row of docs/reliability.md."""
QUARTER = 90 * 1440
"""Minutes of 90 days."""
ROWS = {
    "auth, registry or MLflow down for 20 minutes": ("auth down", "registry down", "MLflow down"),
    "registration alone (it runs every five minutes)": ("registration alone",),
    "one target of three, target health not readable": ("one of three targets",),
    "two of three runs down": ("2 of 3 runs down",),
    "one of two runs down": ("1 of 2 runs down",),
    "slow degradation over two hours": ("slow degradation",),
    "no critical check can be tried (the heartbeat pages)": ("all critical skipped",),
    "one critical check cannot be tried": ("one critical skipped",),
    "registry down while the store is lost": ("registry down, store lost",),
    "registry down, five minutes after a deployment was announced that never ends": (
        "registry down, deployment announced 5 minutes before",
    ),
    "registry down, 70 minutes after it": ("registry down, deployment announced for 70 minutes",),
    "the canary is dead": ("canary dead",),
}
"""First cell of a row of docs/reliability.md -> its scenarios."""


def together(rows: Sequence[Row]) -> Row:
    """Return the figures of several scenarios as those of one."""
    many = sum(r.incidents for r in rows)
    return Row(
        scenario=rows[0].scenario,
        incidents=many,
        told=tuple(t for r in rows for t in r.told),
        paged=tuple(t for r in rows for t in r.paged),
        cleared=tuple(t for r in rows for t in r.cleared),
        pages=sum(r.pages * r.incidents for r in rows) / many,
        tickets=sum(r.tickets * r.incidents for r in rows) / many,
    )


def cells(template: Template, config: Config, title: str) -> str:
    """Return a row of docs/reliability.md as the replay has it."""
    found = together([row(template, config, BY_NAME[n], INCIDENTS, SEED) for n in ROWS[title]])
    at = (found.told, found.paged, found.cleared)
    figures = [_written(values, found.incidents) for values in at]
    return " | ".join((f"| {title}", *figures, f"{found.pages:g} |"))


def _written(values: Sequence[float], of: int) -> str:
    if not values:
        return "-"
    return "before" if statistics.median(values) < 0 else times(values, of)


def written(page: str, title: str) -> str:
    """Return the row of a document's replayed table that begins with these words."""
    return row_in((DOCS / page).read_text(encoding="utf-8"), HEADS[page], title)


def row_in(text: str, head: str, title: str) -> str:
    """Return the row of the table with a head; ValueError unless there is one alone."""
    rows = itertools.takewhile(
        lambda line: line.startswith("|"), (head + text.partition(head)[2]).splitlines()
    )
    (found,) = (row for row in rows if row.startswith(f"| {title} |"))
    return found


def write(page: str, title: str, line: str) -> None:
    """Put a row in the place of the one that a document's replayed table has."""
    path, head = DOCS / page, HEADS[page]
    before, _, after = path.read_text(encoding="utf-8").partition(head)
    new = after.replace(row_in(head + after, head, title), line, 1)
    path.write_text(before + head + new, encoding="utf-8")
