"""Long tests that take turns: each commit runs a share of them in CI, `make sweep` runs all.

CI has 70 minutes for everything. Of what takes minutes and asks the same of many like things, each
commit draws a share anew, so that a mistake stays unseen for a few commits at most.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


def commit() -> str:
    """Return the commit that runs here, "0" where there is none."""
    asked = ["git", "rev-parse", "--short=10", "HEAD"]
    try:
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return "0"
    return done.stdout.strip() or "0"


def in_turn(items: Iterable[str], share: int) -> list[Any]:
    """Return the cases of a slow test: one of `share` for this commit, the others in the sweep."""
    named = sorted(items)
    drawn = set(random.Random(commit()).sample(named, -(-len(named) // share)))
    return [
        pytest.param(item, id=item, marks=() if item in drawn else pytest.mark.sweep)
        for item in named
    ]
