"""Write what the doctor named, and why not the rest, as tables of docs/doctor.md."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.canary.support.live_twin import ROOT
from tests.doctor.trial import Row

PAGE = ROOT / "docs" / "doctor.md"
REASONS = Path(__file__).parent / "data" / "reasons.toml"
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"


def reasons() -> dict[str, dict[str, str]]:
    """Return why faults are not counted (`hidden`) and why some are missed (`missed`), by fault."""
    if not REASONS.exists():
        return {"hidden": {}, "missed": {}}
    found: dict[str, dict[str, str]] = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    return found


def hidden(row: Row) -> bool:
    """Return whether nothing of a fault shows in the control plane or without a key."""
    return row.fault in reasons()["hidden"] or not row.expected


def missed(row: Row) -> bool:
    """Return whether a fault that shows was not named."""
    return not hidden(row) and not row.named


def line(row: Row) -> str:
    """Return what became of a cell, in a line."""
    end = "first" if row.first else "named" if row.named else "hidden" if hidden(row) else "MISSED"
    told = ", ".join(row.causes[:4]) or f"beside: {', '.join(row.beside) or 'nothing'}"
    return (
        f"{row.world} {row.fault}: {end}: {row.expected or 'nothing'}: {told}"
        f" ({len(row.failed)} failed, {row.seconds} s) {row.problem}"
    )


def tables(rows: Sequence[Row]) -> str:
    """Return the tables in Markdown."""
    lines = ["| world | tried | show | named | first | share |", "|---|---|---|---|---|---|"]
    for world in (*dict.fromkeys(r.world for r in rows), ""):
        mine = [r for r in rows if world in (r.world, "")]
        shown = [r for r in mine if not hidden(r)]
        named, first = sum(r.named for r in shown), sum(r.first for r in shown)
        share = f"{100 * named / len(shown):.0f} %" if shown else "-"
        lines.append(
            f"| {world or 'all'} | {len(mine)} | {len(shown)} | {named} | {first} | {share} |"
        )
    return "\n".join([*lines, "", *_why("Not named, though it shows", "missed", rows), "",
                      *_why("Not counted: it does not show", "hidden", rows)])  # fmt: skip


def _why(title: str, kind: str, rows: Iterable[Row]) -> list[str]:
    known = reasons()[kind]
    by_fault: dict[str, list[str]] = {}
    for row in rows:
        if missed(row) if kind == "missed" else hidden(row):
            by_fault.setdefault(row.fault, []).append(row.world)
    lines = [f"| {title} | in | why |", "|---|---|---|"]
    for fault, worlds in sorted(by_fault.items()):
        why = known.get(fault) or "in this world no check can show it"
        lines.append(f"| `{fault}` | {', '.join(worlds)} | {why} |")
    return lines


def write(rows: Sequence[Row]) -> None:
    """Write the tables into the page."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n{tables(rows)}\n{END}{rest.partition(END)[2]}")
