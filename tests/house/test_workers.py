"""`make test` runs in several processes: what shares a twin or a deployment stays in one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = ("tests/canary/diagnose/test_database.py", "tests/canary/adapters/test_emf.py")


@pytest.mark.slow  # two processes begin and import everything
def test_the_tests_of_a_file_run_in_one_worker() -> None:
    outside = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-vv", *FILES],
        cwd=ROOT,
        env=outside,
        capture_output=True,
        text=True,
        timeout=120,
    )
    told = [line.split() for line in done.stdout.splitlines() if line.startswith("[gw")]
    workers = {f: {words[0] for words in told if f in " ".join(words)} for f in FILES}
    assert all(len(found) == 1 for found in workers.values()), done.stdout[-2000:]
