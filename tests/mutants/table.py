"""The figures of a run of mutants: one row a module, then every survivor."""

from __future__ import annotations

from dataclasses import dataclass

from tests.mutants.equivalents import Key, key
from tests.mutants.session import Outcome

WIDEST = 150


@dataclass(frozen=True)
class Row:
    """The figures of one module."""

    module: str
    killed: int
    survived: int
    equivalent: int

    @property
    def rate(self) -> float:
        """Return the part of the mutants that is killed, without the equivalent ones."""
        judged = self.killed + self.survived
        return self.killed / judged if judged else 1.0


def rows(outcomes: list[Outcome], listed: dict[Key, str]) -> list[Row]:
    """Return a row for each module, the worst first."""
    found = []
    for module in dict.fromkeys(o.mutant.module for o in outcomes):
        of = [o for o in outcomes if o.mutant.module == module]
        killed = sum(1 for o in of if o.killed_by)
        equal = sum(1 for o in of if not o.killed_by and key(o.mutant) in listed)
        found.append(Row(module, killed, len(of) - killed - equal, equal))
    return sorted(found, key=lambda row: (row.rate, row.module))


def survivors(outcomes: list[Outcome], listed: dict[Key, str]) -> list[Outcome]:
    """Return the mutants that no test killed and that nobody judged."""
    return [o for o in outcomes if not o.killed_by and key(o.mutant) not in listed]


def table(found: list[Row], outcomes: list[Outcome], listed: dict[Key, str], seed: str) -> str:
    """Return the figures as text."""
    lines = [f"seed {seed}", f"{'module':50} killed survived equivalent  rate"]
    for row in found:
        lines.append(
            f"{row.module:50} {row.killed:6} {row.survived:8} {row.equivalent:10} {row.rate:5.0%}"
        )
    killed, survived = sum(r.killed for r in found), sum(r.survived for r in found)
    rate = killed / (killed + survived) if killed + survived else 1.0
    lines.append(f"{'all':50} {killed:6} {survived:8} {'':10} {rate:5.0%}")
    for outcome in survivors(outcomes, listed):
        mutant = outcome.mutant
        change = " ".join(mutant.change.split())
        seen = "" if outcome.tests else " (no test executes it)"
        lines.append(f"survived: {mutant.module}:{mutant.line}: {change[:WIDEST]}{seen}")
    return "\n".join(lines)
