"""The confusion matrix of diagnosis: fault against named cause, kept in docs/diagnosis.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BEGIN, END = "<!-- matrix begin -->", "<!-- matrix end -->"


@dataclass(frozen=True, kw_only=True)
class Row:
    """What became of one fault."""

    fault: str
    expected: str
    named: tuple[str, ...]
    healed: bool = False
    by: str = ""

    def line(self) -> str:
        """Return the row of the table."""
        first = self.named[0] if self.named else "none"
        right = "yes" if first == self.expected else "no"
        others = ", ".join(self.named[1:]) or "–"
        healed = f"by {self.by}" if self.healed else "no"
        return f"| {self.fault} | {self.expected} | {first} | {right} | {others} | {healed} |"


def table(rows: list[Row]) -> str:
    """Return the matrix as Markdown, with its sum."""
    head = "| fault | expected | named first | right | also named | healed |\n" + "|---" * 6 + "|"
    right = sum(1 for r in rows if r.named[:1] == (r.expected,))
    lines = [r.line() for r in sorted(rows, key=lambda r: r.fault)]
    return "\n".join([head, *lines, "", f"{right} of {len(rows)} faults named first."])


def write(target: Path, rows: list[Row]) -> None:
    """Put the matrix between its marks."""
    text = target.read_text() if target.exists() else f"{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    target.write_text(f"{before}{BEGIN}\n{table(rows)}\n{END}{after}")
