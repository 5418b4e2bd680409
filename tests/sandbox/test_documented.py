"""What a reader types first: the demo, and the commands of the sandbox's own page."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import documents
from tests.house.documents import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]
# the last one is the README's: another world, which the demo starts as `up --world` does
BROKEN = ("", "FAULT=seed-2025-08-05", "AS_FOUND=1", "WORLD=port-8443 FAULT=mlflow-rule-missing")
TYPED = [
    line.partition("#")[0].strip()
    for line in documents.code(ROOT / "sandbox" / "README.md")
    if line.strip().startswith("python -m sandbox ")
]


def surroundings() -> dict[str, str]:
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": binaries, "PYTHONPATH": str(ROOT)}


def type_(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Carry a line out in a shell."""
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=200,
    )


def test_the_commands_of_the_readme_work_as_they_stand(tmp_path: Path) -> None:
    up, *rest = [line for line in TYPED if line.split()[3:5] != ["up", "--world"]]
    words = [line.split()[3] for line in TYPED]
    assert words == ["up", "faults", "break", "settle", "heal", "worlds", "up", "faults"]
    twin = subprocess.Popen(
        ["bash", "-c", f"exec {up}"],
        cwd=tmp_path,
        env=surroundings(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert twin.stdout is not None and twin.stdout.readline(), "up says one line when ready"
        assert (tmp_path / ".sandbox" / "state.json").is_file()
        for line in rest:
            done = type_(line, tmp_path)
            assert done.returncode == 0, f"{line}\n{done.stderr}"
    finally:
        twin.send_signal(signal.SIGINT)
        assert twin.wait(60) == 0
    assert not (tmp_path / ".sandbox" / "state.json").exists()


@pytest.mark.parametrize("broken", BROKEN)
def test_the_demo_ends_well_and_leaves_its_page(broken: str, tmp_path: Path) -> None:
    """`make` itself, but with this Python: what is installed is not made anew by a test."""
    for name in ("uv", "stamp"):
        (tmp_path / name).touch()
    made = f"UV={tmp_path}/uv DEMO_STAMP={tmp_path}/stamp"
    words = f"make demo PY={sys.executable} {made} {broken}"
    done = type_(words, ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    page = ROOT / "out" / "demo" / "report.html"
    assert page.as_uri() in done.stderr
    assert (" failing</strong>" in page.read_text()) == bool(broken)
