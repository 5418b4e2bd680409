"""Parts of a run that may fail without costing the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from canary.model import Result

T = TypeVar("T")


class Attempts:
    """Runs parts of a run that may fail without costing the report; each failure is a note.

    `notes` are those that stand already.
    """

    def __init__(self, notes: Iterable[str] = ()) -> None:
        self.notes = list(notes)

    def run(self, problem: str, action: Callable[[], T], otherwise: T) -> T:
        """Return the action's value; where it raises, note the problem and return `otherwise`."""
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - the boundary: a bug costs its own part only
            self.notes.append(f"{problem}: {type(error).__name__}: {error}")
            return otherwise


def without_time(results: tuple[Result, ...]) -> list[str]:
    """Return a note on the checks for which no time was left, none if there are none."""
    late = [r.check_id for r in results if r.reason == "no time left in this run"]
    return [f"no time was left for {len(late)} checks: {', '.join(late)}"] if late else []
