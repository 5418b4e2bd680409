"""A healthy run on the twin: its time beside its own critical path, and its memory."""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.figures import ROOT, Figure, child, median, spread

RUNS = 7
MEGABYTE = 1_000_000


def measure() -> list[Figure]:
    """Return the run's ratio and its peak memory."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_twin(Path(folder) / "state.json") as state,
    ):
        found = child(["-m", "tests.bench.healthy"], str(state), folder)
    rows = [r for r in found["runs"] if r["status"] == "PASS"] or found["runs"]
    ratios = [r["run_ms"] / r["path_ms"] for r in rows]
    bad = {f for r in found["runs"] for f in r["failed"]}
    asked = f"{rows[-1]['requests']} requests, {rows[-1]['checks']} checks"
    return [
        Figure(
            name="A healthy run",
            ours=spread([r["run_ms"] for r in rows], "ms"),
            against="its own critical path: " + spread([r["path_ms"] for r in rows], "ms"),
            value=median(ratios),
            target=1.2,
            note=f"{asked}; failed in a run of the bench: {', '.join(sorted(bad)) or 'nothing'}",
        ),
        Figure(
            name="Peak memory of a process after its runs",
            ours=f"{found['peak_mb']:.0f} MB",
            against="128 MB",
            value=found["peak_mb"],
            target=128,
            unit="MB",
            note=f"{len(found['runs'])} runs of the handler in one process; "
            f"after the first {found['first_mb']:.0f} MB",
        ),
    ]


@contextlib.contextmanager
def running_twin(state: Path) -> Iterator[Path]:
    """Start the sandbox, wait until it is steady, end it afterwards."""
    command = [sys.executable, "-m", "sandbox", "up", "--state", str(state)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if "ready" not in line:
            raise RuntimeError(f"the sandbox did not start: {line}")
        settle = [sys.executable, "-m", "sandbox", "settle", "--state", str(state)]
        subprocess.run(settle, cwd=ROOT, check=True, capture_output=True, timeout=120)
        yield state
    finally:
        process.terminate()
        process.wait(60)


class _Context:
    def __init__(self) -> None:
        self._end = time.monotonic() + 60

    def get_remaining_time_in_millis(self) -> int:
        return int((self._end - time.monotonic()) * 1000)


def _peak_mb() -> float:
    """Return the peak resident memory; getrusage would count the parent's before exec."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / MEGABYTE
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MEGABYTE if sys.platform == "darwin" else peak * 1024 / MEGABYTE


def _run(store: Path) -> dict[str, Any]:
    """Carry one run out as the function does, and read its report back."""
    from canary.handler import handler
    from canary.report import json as canonical

    with contextlib.redirect_stdout(io.StringIO()):
        handler({"trigger": "bench"}, _Context())
    (latest,) = (store / "latest").glob("*.json")
    report = canonical.load(latest.read_bytes())
    return {
        "status": report.run.status.value,
        "run_ms": report.run.duration_ms,
        "path_ms": report.run.critical_path_ms,
        "requests": report.run.requests,
        "checks": len(report.results),
        "failed": [r.check_id for r in report.results if r.status.value != "PASS"],
    }


def _runs(state: dict[str, Any], folder: Path) -> dict[str, Any]:
    store = folder / "store"
    os.environ.update(
        AWS_ACCESS_KEY_ID=state["aws"]["access_key_id"],
        AWS_SECRET_ACCESS_KEY=state["aws"]["secret_access_key"],
        AWS_ENDPOINT_URL=state["aws_endpoint_url"],
        CANARY_ENVIRONMENT=state["environment_file"],
        CANARY_STORE=str(store),
    )
    _run(store)  # the first one makes every client and fills the platform's caches
    first = _peak_mb()
    runs = [_run(store) for _ in range(RUNS)]
    return {"runs": runs, "first_mb": first, "peak_mb": _peak_mb()}


if __name__ == "__main__":
    print(json.dumps(_runs(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))))
