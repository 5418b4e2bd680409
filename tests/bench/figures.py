"""What a measurement gives, and the small tools that all of them use."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One promise, measured: `value` must not be above `target`."""

    name: str
    ours: str
    against: str
    value: float
    target: float
    unit: str = ""  # "" for a ratio
    note: str = ""

    @property
    def held(self) -> bool:
        """Return whether the promise is kept."""
        return self.value <= self.target


def child(code_or_module: Sequence[str], *arguments: str, **more: Any) -> Any:
    """Return the JSON that a Python process of its own prints as its last line."""
    command = [sys.executable, *code_or_module, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, **more)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)[:200]}: {done.stderr[-1500:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def alternately(
    ours: Callable[[], float], against: Callable[[], float], times: int
) -> tuple[list[float], list[float]]:
    """Measure two things in turns, so that a change of the machine's load meets both."""
    first, second = [], []
    for _ in range(times):
        first.append(ours())
        second.append(against())
    return first, second


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def spread(values: Sequence[float], unit: str, digits: int = 0) -> str:
    """Return "median unit (lowest to highest)"."""
    low, middle, high = (f"{v:.{digits}f}" for v in (min(values), median(values), max(values)))
    return f"{middle} {unit} ({low} to {high}, n = {len(values)})"
