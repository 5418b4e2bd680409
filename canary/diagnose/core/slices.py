"""Apply each rule so that one that raises or never returns costs itself alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from canary.diagnose.core.finding import Finding

Cut = Callable[[float, Callable[[], Any]], Any]
"""Seconds, action -> the action's value; raises TimeoutError when it takes longer."""
Findings = tuple[Finding, ...]


class Slices:
    """Gives each rule a slice of time; `cut` ends what takes longer.

    What a rule said before it failed does not count, nor does what it says of another case: half
    an answer about the past would clear or accuse the wrong cause.
    """

    def __init__(self, cut: Cut, seconds: float) -> None:
        self._cut, self._seconds = cut, seconds
        self.lost: dict[str, str] = {}
        """Name of a rule -> why it has no findings in this run."""

    def run(self, name: str, find: Callable[[], Findings]) -> Findings:
        """Return what a rule finds; nothing of a rule that was lost."""
        if name in self.lost:
            return ()
        try:
            found: Findings = self._cut(self._seconds, find)
        except Exception as error:  # noqa: BLE001 - the boundary: a bug costs its own rule only
            self.lost[name] = f"{type(error).__name__}: {error}"
            return ()
        return found

    @property
    def notes(self) -> tuple[str, ...]:
        """Return a sentence for each rule that was lost."""
        return tuple(
            f"the rule {name} of the diagnosis failed, so this run cannot name its causes: {why}"
            for name, why in sorted(self.lost.items())
        )


class Unguarded(Slices):
    """Applies each rule as it is: what it raises, its caller gets."""

    def __init__(self) -> None:
        super().__init__(lambda _seconds, action: action(), 0.0)

    def run(self, _name: str, find: Callable[[], Findings]) -> Findings:
        """Return what a rule finds."""
        return find()
