"""The confusion matrix of faults and named causes, kept in docs/diagnosis.md."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

BEGIN, END = "<!-- matrix begin -->", "<!-- matrix end -->"
_HEAD = "| fault | expected | named first | right | also named | failed checks | healed |"


@dataclass(frozen=True, kw_only=True)
class Row:
    """The result for one fault."""

    fault: str
    expected: str
    named: tuple[str, ...]
    failed: int  # failed checks; with 0, no cause may be named
    by: str = ""  # healed by "command" or "person"; "" if not healed

    def healed_by(self, who: str) -> Row:
        """Return the row with the way in which the fault was healed."""
        return replace(self, by=who)

    @property
    def right(self) -> bool:
        """Return whether the expected cause is named first, or none if no check failed."""
        return self.named[:1] == (self.expected,) if self.failed else not self.named

    def line(self) -> str:
        """Return the row of the table."""
        first = self.named[0] if self.named else "none"
        right = "yes" if self.right else "**no**"
        others = ", ".join(self.named[1:]) or "–"
        healed = f"by {self.by}" if self.by else ("no" if self.failed else "nothing to heal")
        cells = (self.fault, self.expected, first, right, others, str(self.failed), healed)
        return f"| {' | '.join(cells)} |"


def _known(text: str) -> dict[str, str]:
    """Return the rows of an earlier run by fault."""
    lines = [x for x in text.splitlines() if x.startswith("| ") and x != _HEAD]
    return {line.split("|")[1].strip(): line for line in lines}


def table(rows: dict[str, str]) -> str:
    """Return the matrix as Markdown, with its total."""
    right = sum(1 for line in rows.values() if line.split("|")[4].strip() == "yes")
    lines = [rows[fault] for fault in sorted(rows)]
    total = f"{right} of {len(rows)} faults right."
    return "\n".join([_HEAD, "|---" * 7 + "|", *lines, "", total])


def write(target: Path, rows: list[Row]) -> None:
    """Write rows between the marks; rows of other faults stay unchanged."""
    text = target.read_text() if target.exists() else f"{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    inside, _, after = rest.partition(END)
    merged = {**_known(inside), **{r.fault: r.line() for r in rows}}
    target.write_text(f"{before}{BEGIN}\n{table(merged)}\n{END}{after}")
