"""Nine of ten mutants of each module that judges, tells or masks are killed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.mutants.sample import ROOT

ROOMS = (
    "canary/diagnose canary/control_plane",
    *("canary/redaction", "canary/comparison", "canary/messages", "canary/alarms"),
    *("canary/probes", "canary/runner", "alarm_evaluator"),
)


@pytest.mark.sweep
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("rooms", ROOMS)
def test_nine_of_ten_mutants_are_killed(rooms: str) -> None:
    command = [sys.executable, "-m", "tests.mutants", *rooms.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
