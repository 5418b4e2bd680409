"""Parts of a run that may fail without taking the report with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Attempts:
    """Carries parts out one after another; what failed is a note, in words."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def of(self, what: str, action: Callable[[], T], otherwise: T) -> T:
        """Return the action's value, or `otherwise` where it raises; `what` says what failed."""
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - the boundary: a bug costs its own part only
            self.notes.append(f"{what}: {type(error).__name__}: {error}")
            return otherwise
