"""Synthesizing every environment of the project, once its bundle is built."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

from tests.bench.figures import ROOT, Figure, median, spread

TIMES = 5
PROMISED_S = 10.0


def measure() -> Figure:
    """Return the seconds of `python app.py`, offline, from nothing but the files."""
    _synth_s()  # builds the bundle where it is not there yet
    taken = [_synth_s() for _ in range(TIMES)]
    return Figure(
        name="Synthesizing every environment",
        ours=spread(taken, "s", 1),
        against=f"{PROMISED_S:.0f} s",
        value=median(taken),
        target=PROMISED_S,
        unit="s",
        note="`app.py`, cdk-nag's rules included",
    )


def _synth_s() -> float:
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        command = [sys.executable, str(ROOT / "app.py")]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return time.monotonic() - began
