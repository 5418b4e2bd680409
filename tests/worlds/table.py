"""The tables of docs/diagnosis.md about the worlds, from the rows that are kept."""

from __future__ import annotations


def write(found: object) -> None:
    """Write the tables."""
