"""A running account of the emulator, as a person starts it from a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
START_S = 60.0


def surroundings() -> dict[str, str]:
    """Return a shell's environment: this Python first, no AWS account, no proxy."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
    }
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": binaries, "PYTHONPATH": str(ROOT)}


def typed(script: str, folder: Path, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
    """Run lines of shell to their end."""
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@contextmanager
def account(folder: Path, command: str = "python -m emulator up") -> Iterator[str]:
    """Run an account; give what it prints when it is ready. It must end well on SIGTERM."""
    running = subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=folder,
        env=surroundings(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    try:
        yield running.stdout.readline() + running.stdout.readline()
    finally:
        running.terminate()
        assert running.wait(START_S) == 0
        running.stdout.close()
