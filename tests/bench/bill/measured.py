"""Measure the runs of all three profiles on one twin, side by side."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from canary.model import Profile
from tests.bench.bill.runs import MINUTE_S, RUNS
from tests.bench.figures import ROOT
from tests.bench.healthy import running_twin

LONGEST_S = (RUNS + 3) * MINUTE_S


def measure() -> dict[str, list[dict[str, Any]]]:
    """Return the runs of each profile; they begin a third of a minute apart."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_twin(Path(folder) / "state.json") as state,
    ):
        apart = MINUTE_S / len(Profile)
        started = [
            _start(state, profile, Path(folder), n * apart) for n, profile in enumerate(Profile)
        ]
        return dict(_answer(process) for process in started)


def _start(state: Path, profile: Profile, folder: Path, offset_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.bill.runs"]
    return subprocess.Popen(
        [*command, str(state), profile, str(folder), str(offset_s)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _answer(process: subprocess.Popen[str]) -> tuple[str, list[dict[str, Any]]]:
    out, error = process.communicate(timeout=LONGEST_S)
    if process.returncode:
        raise RuntimeError(error[-1500:])
    found = json.loads(out.strip().splitlines()[-1])
    return found["profile"], found["runs"]


if __name__ == "__main__":
    print(json.dumps(measure()))
