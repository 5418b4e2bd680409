"""The commands of the emulator's README work as they stand, one after the other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.emulator.support.running import account, typed
from tests.house.documents import FENCE, TUTORIAL

START, *STEPS = [m["text"].strip() for m in FENCE.finditer(TUTORIAL.read_text(encoding="utf-8"))]


def test_the_first_command_starts_an_account() -> None:
    assert START == "python -m emulator up"


@pytest.mark.slow  # it waits as the reader does
@pytest.mark.skipif(not shutil.which("curl"), reason="this machine has no curl")
def test_the_tutorial_works_as_it_stands(tmp_path: Path) -> None:
    with account(tmp_path, START):
        done = typed("\n".join(("set -e", *STEPS)), tmp_path)
    assert done.returncode == 0, f"{done.stdout[-1000:]}\n{done.stderr[-1500:]}"
    assert done.stdout.count("hello from a task") == 2, "healthy, and failing open"
    healthy, unhealthy = done.stdout.find('"healthy"'), done.stdout.find("codes: [404]")
    assert 0 < healthy < unhealthy
