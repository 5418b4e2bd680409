"""The two matrices of faults and what is named, kept in docs/diagnosis.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol

from tests.canary.support.live_twin import Report


class Matrix(NamedTuple):
    """A table between its marks."""

    begin: str
    end: str
    head: str

    @property
    def right(self) -> int:
        """The number of the column that says whether a row is right."""
        return self.head.split("|").index(" right ")


MATRIX = Matrix(
    "<!-- matrix begin -->",
    "<!-- matrix end -->",
    "| fault | expected | named first | right | also named | failed checks | healed "
    "| after the fix |",
)
OUTSIDE = Matrix(
    "<!-- outside matrix begin -->",
    "<!-- outside matrix end -->",
    "| fault | at fault | named first | of | confidence | right | also named | failed checks |",
)


class Line(Protocol):
    """A row of a matrix."""

    @property
    def fault(self) -> str:
        """The fault's id."""

    def line(self) -> str:
        """Return the row of the table."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """The result for one fault."""

    fault: str
    expected: str
    named: tuple[str, ...]
    failed: int  # failed checks; with 0, no cause may be named
    by: str = ""  # healed by "command" or "person"; "" if not healed
    after: str = ""  # the platform after the commands: "as before" or what is not; "" if unknown

    def healed_by(self, who: str) -> Row:
        """Return the row with the way in which the fault was healed."""
        return replace(self, by=who)

    def left(self, differs: int, kept: str = "") -> Row:
        """Return the row with the places that AWS describes otherwise than before the fault.

        `kept` is the reason where the fault is an exception.
        """
        places = f"{differs} places differ" + (f": {kept}" if kept else "")
        return replace(self, after=places if differs else "as before")

    @property
    def right(self) -> bool:
        """Return whether the expected cause is named first, or none if no check failed."""
        return self.named[:1] == (self.expected,) if self.failed else not self.named

    def line(self) -> str:
        """Return the row of the table."""
        first = self.named[0] if self.named else "none"
        healed = f"by {self.by}" if self.by else ("no" if self.failed else "nothing to heal")
        return _cells(
            self.fault,
            self.expected,
            first,
            _yes(self.right),
            ", ".join(self.named[1:]) or "–",
            str(self.failed),
            healed,
            self.after or "–",
        )


@dataclass(frozen=True, kw_only=True)
class OutsideRow:
    """The result for one fault, diagnosed from outside alone."""

    fault: str
    service: str  # at fault
    named: Sequence[Report]  # the diagnoses
    failed: int
    wrong: str  # what is wrong with the diagnoses, "" if nothing

    def line(self) -> str:
        """Return the row of the table."""
        first = self.named[0] if self.named else {}
        return _cells(
            self.fault,
            self.service,
            first.get("cause", "none"),
            first.get("service", "–"),
            first.get("confidence", "–"),
            _yes(not self.wrong),
            ", ".join(d["cause"] for d in self.named[1:]) or "–",
            str(self.failed),
        )


def _yes(right: bool) -> str:
    return "yes" if right else "**no**"


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _known(text: str, matrix: Matrix) -> dict[str, str]:
    """Return the rows of an earlier run by fault."""
    lines = [x for x in text.splitlines() if x.startswith("| ") and x != matrix.head]
    return {line.split("|")[1].strip(): line for line in lines}


def table(rows: dict[str, str], matrix: Matrix = MATRIX) -> str:
    """Return a matrix as Markdown, with its total."""
    right = sum(1 for line in rows.values() if line.split("|")[matrix.right].strip() == "yes")
    lines = [rows[fault] for fault in sorted(rows)]
    rule = "|---" * (matrix.head.count("|") - 1) + "|"
    total = f"{right} of {len(rows)} faults right."
    return "\n".join([matrix.head, rule, *lines, "", total])


def write(target: Path, rows: Sequence[Line], matrix: Matrix = MATRIX) -> None:
    """Write rows between a matrix's marks; rows of other faults stay unchanged."""
    text = target.read_text() if target.exists() else f"{matrix.begin}\n{matrix.end}\n"
    before, _, rest = text.partition(matrix.begin)
    inside, _, after = rest.partition(matrix.end)
    merged = {**_known(inside, matrix), **{r.fault: r.line() for r in rows}}
    target.write_text(f"{before}{matrix.begin}\n{table(merged, matrix)}\n{matrix.end}{after}")


def shown(target: Path, matrix: Matrix = MATRIX) -> str:
    """Return a matrix as it stands in a file."""
    return target.read_text().partition(matrix.begin)[2].partition(matrix.end)[0].strip()
