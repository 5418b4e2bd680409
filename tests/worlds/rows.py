"""Rows of the matrix: what became of a cell, of a healthy world, a change or a pair of faults."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

KEPT = Path(__file__).parent / "data" / "rows.jsonl"
FAULT, HEALTHY, CHANGE, PAIR, SHAPE = "fault", "healthy", "change", "pair", "shape"
MOST_PLACES = 12


class Named(msgspec.Struct, frozen=True, array_like=True):
    """A diagnosis in a row."""

    cause: str
    resource: str
    confidence: str


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was seen once."""

    kind: str
    world: str
    what: str = ""  # the fault, the change, or both faults of a pair with a plus between them
    commit: str
    at: str  # UTC
    seconds: float = 0.0
    expected: tuple[str, ...] = ()
    place: str = ""  # a part of the resource's name that the first diagnosis must have
    named: tuple[Named, ...] = ()
    failed: int = 0  # failed checks; with 0, no cause may be named
    silent: bool = False  # the fault leaves every answer at the edge as it was
    also: tuple[str, ...] = ()  # causes that hold at the same time
    by: str = ""  # healed by "command" or "person"; "" if not healed
    commands: int = 0  # printed fix commands
    note: str = ""  # why it is not healed, or what a change left
    differs: tuple[str, ...] = ()  # places that are not as before, after the commands
    crash: str = ""  # what ended the cell
    cannot: dict[str, list[str]] = {}  # of a shape: reason -> faults that it cannot express
    cells: int = 0  # of a shape: faults that it can express

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what the row is about."""
        return self.kind, self.world, self.what

    @property
    def right(self) -> bool:
        """Return whether the expected causes are named first, where they are expected."""
        if self.crash:
            return False
        if self.kind in (HEALTHY, CHANGE):
            return not (self.failed or self.named)
        if not self.failed:
            return not self.named and (self.silent or not any(self.expected))
        found = [n for n in self.named if n.cause in self.expected][: len(self.expected)]
        if tuple(n.cause for n in found) != self.expected:
            return False
        alone = self.kind == FAULT
        return not alone or (found[0] == self.named[0] and self.place in found[0].resource)

    @property
    def certain_and_wrong(self) -> tuple[str, ...]:
        """Return the causes that are CERTAIN and do not hold."""
        true = {*self.expected, *self.also}
        return tuple(
            n.cause for n in self.named if n.confidence == "CERTAIN" and n.cause not in true
        )

    @property
    def healed(self) -> bool:
        """Return whether every check passes again after what was printed."""
        return bool(self.by) or (not self.failed and not self.crash)

    @property
    def misses(self) -> tuple[str, ...]:
        """Return what is not as it must be."""
        if self.crash:
            return (f"crashed: {self.crash}",)
        found = [] if self.right else ["named otherwise" if self.failed else "no check failed"]
        found += [f"CERTAIN and wrong: {cause}" for cause in self.certain_and_wrong]
        if self.kind == FAULT:
            found += [] if self.healed else [f"not healed: {self.note}"]
            found += [f"{len(self.differs)} places differ"] if self.differs else []
        return tuple(found)


def read(path: Path = KEPT) -> list[Row]:
    """Return the rows of a file, none where it does not exist; a line cut short is left out."""
    if not path.exists():
        return []
    found = []
    for line in path.read_bytes().splitlines():
        try:
            found.append(msgspec.json.decode(line, type=Row))
        except msgspec.DecodeError:
            continue
    return found


def append(path: Path, row: Row) -> None:
    """Write a row behind the others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(msgspec.json.encode(row) + b"\n")


def latest(rows: Iterable[Row]) -> list[Row]:
    """Return the newest row of each cell, in order."""
    found = {row.key: row for row in sorted(rows, key=lambda r: r.at)}
    return [found[key] for key in sorted(found)]


def write(path: Path, rows: Iterable[Row]) -> None:
    """Replace a file's rows by the newest of each cell."""
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in latest(rows)))
