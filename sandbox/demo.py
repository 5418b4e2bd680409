"""`make demo`: start the twin, let the canary look at it, show the report, stop the twin.

The canary is run as any user runs it, through its command line: the sandbox shares no code with it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

FAILED = 1


def main() -> int:
    """Run the demonstration; the status is the canary's, but a planted fault is meant to fail."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    parser.add_argument("--fault", action="append", default=[], help="plant this fault first")
    parser.add_argument("--out", type=Path, default=Path("out/demo"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hokusai-demo-") as folder:
        state = Path(folder) / "state.json"
        twin = _start(state, chosen.fault)
        try:
            status = _look(state, chosen.out)
        finally:
            _stop(twin)
    return 0 if chosen.fault and status == FAILED else status


def _start(state: Path, faults: list[str]) -> subprocess.Popen[str]:
    print("Starting the sandbox: a twin of the platform on this machine …", file=sys.stderr)
    command = [sys.executable, "-m", "sandbox", "up", "--state", str(state)]
    for fault in faults:
        command += ["--fault", fault]
    twin = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    if twin.stdout is None or not (line := twin.stdout.readline()):
        raise SystemExit(f"the sandbox ended with status {twin.wait()} before it was ready")
    print(line.rstrip(), file=sys.stderr)
    return twin


def _look(state: Path, out: Path) -> int:
    environment = json.loads(state.read_text())["environment_file"]
    command = [sys.executable, "-m", "canary", "run", "--environment", environment]
    status = subprocess.run([*command, "--out", str(out)], env=os.environ).returncode
    page = out.resolve() / "report.html"
    print(f"\nThe page: {page.as_uri()}", file=sys.stderr)
    return status


def _stop(twin: subprocess.Popen[str]) -> None:
    twin.send_signal(signal.SIGINT)
    try:
        twin.wait(timeout=30)
    except subprocess.TimeoutExpired:
        twin.kill()
    print("The sandbox is stopped.", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
