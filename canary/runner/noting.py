"""Parts of a run that may fail without costing the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Attempts:
    """Runs parts of a run that may fail without costing the report; each failure is a note."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def run(self, problem: str, action: Callable[[], T], otherwise: T) -> T:
        """Return the action's value; where it raises, note the problem and return `otherwise`."""
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - the boundary: a bug costs its own part only
            self.notes.append(f"{problem}: {type(error).__name__}: {error}")
            return otherwise
