"""Mutants that change nothing that a test could or should see, each with its reason."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.mutants.sample import Mutant

LIST = Path(__file__).with_name("equivalents.toml")
Key = tuple[str, str, str, str]


def equivalents() -> dict[Key, str]:
    """Return the reasons by module, statement and change."""
    listed = tomllib.loads(LIST.read_text(encoding="utf-8")).get("equivalent", [])
    return {(e["module"], e["statement"], e["before"], e["after"]): e["reason"] for e in listed}


def key(mutant: Mutant) -> Key:
    """Return what names a mutant where lines move."""
    return mutant.module, mutant.statement, mutant.before, mutant.after
