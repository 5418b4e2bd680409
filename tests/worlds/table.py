"""The tables of docs/diagnosis.md about the worlds, from the rows that are kept."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from tests.canary.support.live_twin import ROOT
from tests.worlds import rows
from tests.worlds.rows import Row

DOCUMENT = ROOT / "docs" / "diagnosis.md"
REASONS = Path(__file__).parent / "data" / "reasons.toml"
BEGIN, END = "<!-- worlds begin -->", "<!-- worlds end -->"
HEAD = (
    "| world | cells | run | named first | CERTAIN and wrong | healed, of those with a command "
    "| as before | nothing found when healthy | through changes | pairs |"
)
MISSES = "| world | what | expected | named first | miss | reason |"
CANNOT = "| world | cannot be planted | because |"

MOST_LETTERS = 160

Reasons = dict[str, dict[str, str]]


def reasons(path: Path = REASONS) -> Reasons:
    """Return what people wrote about misses: world (`every`: in each) -> fault -> reason."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def written(found: Iterable[Row], why: Reasons) -> str:
    """Return all tables as Markdown."""
    kept = rows.latest(found)
    worlds = list(dict.fromkeys(r.world for r in kept if r.kind == rows.SHAPE))
    parts = [
        _runs(kept),
        _table(HEAD, [_world(name, [r for r in kept if r.world == name]) for name in worlds]),
        _table(MISSES, [_miss(r, miss, why) for r in kept for miss in r.misses]),
        _table(CANNOT, [x for r in kept if r.kind == rows.SHAPE for x in _cannot(r)]),
    ]
    return "\n\n".join(parts)


def write(found: Iterable[Row], target: Path = DOCUMENT) -> None:
    """Replace the tables of a document."""
    before, _, rest = target.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    text = f"{before}{BEGIN}\n{written(found, reasons())}\n{END}{after}"
    target.write_text(text, encoding="utf-8")


def shown(target: Path = DOCUMENT) -> str:
    """Return the tables as they stand in a document."""
    text = target.read_text(encoding="utf-8")
    return text.partition(BEGIN)[2].partition(END)[0].strip("\n")


def _runs(kept: list[Row]) -> str:
    if not kept:
        return "No row yet."
    days: dict[str, list[str]] = {}
    for row in kept:
        days.setdefault(row.commit, []).append(row.at[:10])
    told = sorted((max(found), commit, len(found)) for commit, found in days.items())
    return "Rows: " + "; ".join(f"{n} of commit {c}, {day}" for day, c, n in told) + "."


def _world(name: str, mine: list[Row]) -> str:
    cells = [r for r in mine if r.kind == rows.FAULT]
    typed = [r for r in cells if r.failed and r.commands]
    after = [r for r in typed if r.by == "command"]
    shape = next(r for r in mine if r.kind == rows.SHAPE)
    quiet, pairs = ([r for r in mine if r.kind == kind] for kind in (rows.CHANGE, rows.PAIR))
    healthy = [r for r in mine if r.kind == rows.HEALTHY]
    return _cells(
        name,
        str(shape.cells),
        str(len(cells)),
        _of(sum(r.right for r in cells), len(cells)),
        str(sum(len(r.certain_and_wrong) for r in cells)),
        _of(len(after), len(typed)),
        _of(sum(not r.differs for r in after), len(after)),
        _of(sum(r.right for r in healthy), len(healthy)),
        _of(sum(r.right for r in quiet), len(quiet)),
        _of(sum(r.right for r in pairs), len(pairs)),
    )


def _of(part: int, whole: int) -> str:
    return f"{part} of {whole}" if whole else "–"


def _miss(row: Row, miss: str, why: Reasons) -> str:
    first = row.named[0] if row.named else None
    reason = why.get(row.world, {}).get(row.what) or why.get("every", {}).get(row.what, "")
    return _cells(
        row.world,
        row.what or row.kind,
        " + ".join(row.expected) or "nothing",
        f"{first.cause} of {_short(first.resource)}" if first else "none",
        miss[:MOST_LETTERS],
        reason,
    )


def _short(resource: str) -> str:
    """Return the name in an ARN, without the account."""
    return resource.split(":", 5)[-1] if resource.startswith("arn:") else resource


def _cannot(row: Row) -> list[str]:
    return [_cells(row.world, ", ".join(found), why) for why, found in sorted(row.cannot.items())]


def _table(head: str, lines: list[str]) -> str:
    return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *(lines or [_none(head)])])


def _none(head: str) -> str:
    return _cells("none", *[""] * (head.count("|") - 2))


def _cells(*cells: str) -> str:
    return f"| {' | '.join(c.replace('|', '/') for c in cells)} |"
