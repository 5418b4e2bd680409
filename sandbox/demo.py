"""Start a twin, run the canary against it, show the report and stop the twin.

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

from sandbox.faults import FAULTS, refusal
from sandbox.world.load import CLASSIC, WorldError, load

FAILED = 1  # the canary's exit status where a check failed


def main() -> int:
    """Run the demonstration; the status is the canary's, but a broken platform is meant to fail."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    parser.add_argument("--fault", action="append", default=[], help="plant this fault first")
    parser.add_argument(
        "--as-found", action="store_true", help="with the faults that the platform's own code has"
    )
    parser.add_argument("--world", default=CLASSIC, help="the shape of the platform")
    parser.add_argument("--out", type=Path, default=Path("out/demo"))
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.fault) - set(FAULTS)):
        parser.error(f"unknown fault {unknown[0]!r}; `python -m sandbox faults` lists them")
    try:
        world = load(chosen.world)
    except WorldError as error:
        parser.error(str(error))
    if refused := refusal(world, chosen.fault):
        parser.error(refused)
    with tempfile.TemporaryDirectory(prefix="hokusai-demo-") as folder:
        state = Path(folder) / "state.json"
        twin = _start(state, chosen.world, chosen.as_found)
        store = Path(folder) / "store"
        try:
            if chosen.fault:
                _break(state, chosen.fault, store)
            status = _look(state, store, chosen.out)
        finally:
            _stop(twin)
    broken = chosen.fault or chosen.as_found
    return 0 if broken and status == FAILED else status


def _start(state: Path, world: str, as_found: bool) -> subprocess.Popen[str]:
    print("Starting the sandbox: a twin of the platform on this machine …", file=sys.stderr)
    command = [sys.executable, "-m", "sandbox", "up", "--world", world]
    command += ["--state", str(state)]
    command += ["--as-found"] if as_found else []
    twin = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    if twin.stdout is None or not (line := twin.stdout.readline()):
        raise SystemExit(f"the sandbox ended with status {twin.wait()} before it was ready")
    print(line.rstrip(), file=sys.stderr)
    return twin


def _break(state: Path, faults: list[str], store: Path) -> None:
    """Let the canary see the platform while it is well, then plant the faults."""
    print("A run while all is well, so that the canary knows what changed …", file=sys.stderr)
    _canary(state, store, state.parent, "--quiet", stdout=subprocess.DEVNULL)
    for fault in faults:
        print(f"Planting {fault} …", file=sys.stderr)
        _sandbox(state, "break", fault)
    _sandbox(state, "settle", "--timeout=90")


def _sandbox(state: Path, *command: str) -> None:
    typed = [sys.executable, "-m", "sandbox", *command, "--state", str(state)]
    if subprocess.run(typed, stdout=subprocess.DEVNULL).returncode:
        raise SystemExit(f"the sandbox did not {command[0]}: see above")


def _canary(state: Path, store: Path, out: Path, *more: str, stdout: int | None = None) -> int:
    environment = json.loads(state.read_text())["environment_file"]
    command = [sys.executable, "-m", "canary", "run", "--environment", environment, *more]
    command += ["--store", str(store), "--out", str(out)]
    return subprocess.run(command, env=os.environ, stdout=stdout).returncode


def _look(state: Path, store: Path, out: Path) -> int:
    status = _canary(state, store, out)
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
