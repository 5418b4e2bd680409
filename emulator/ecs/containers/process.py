"""Start, watch and end the process of a container."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator.settings import LOOPBACK, MARKER, REGION
from emulator.supervisor import die_with_parent

SHIM = Path(__file__).resolve().parent.parent.parent / "network" / "shim"
ROOT = Path(__file__).resolve().parent.parent.parent.parent
LISTEN = "0A"
INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "PYTHONDONTWRITEBYTECODE", MARKER, LOOPBACK)


@dataclass(frozen=True)
class Surroundings:
    """Values of the machine that every task gets besides its definition."""

    network: str
    aws_url: str
    speed: float
    ca_bundle: str
    twin: str


def environment(
    surroundings: Surroundings,
    address: str,
    credentials: dict[str, str],
    declared: dict[str, str],
) -> dict[str, str]:
    """Return a container's environment; variables of the definition take precedence."""
    given = {name: os.environ[name] for name in INHERITED if name in os.environ}
    folders = (str(Path(sys.executable).parent), given.get("PATH") or os.defpath)
    trust = {"SSL_CERT_FILE": surroundings.ca_bundle} if surroundings.ca_bundle else {}
    return {
        **given,
        **trust,
        "PATH": os.pathsep.join(folders),
        MARKER: surroundings.twin,
        "PYTHONPATH": f"{SHIM}{os.pathsep}{ROOT}",
        "PYTHONUNBUFFERED": "1",
        "SANDBOX_NETWORK": surroundings.network,
        "SANDBOX_ADDRESS": address,
        "SANDBOX_SPEED": str(surroundings.speed),
        "AWS_ENDPOINT_URL": surroundings.aws_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        **credentials,
        **declared,
    }


def start(
    arguments: Sequence[str], variables: dict[str, str], output: Path
) -> subprocess.Popen[bytes]:
    """Start a program as a process group of its own that dies with the agent; raises OSError."""
    with output.open("ab") as log:
        return subprocess.Popen(
            arguments,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=output.parent,
            process_group=0,
            preexec_fn=die_with_parent,
        )


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a process and its children, if they are still there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def exit_code(process: subprocess.Popen[bytes]) -> int | None:
    """Return the exit code as a container runtime counts it: 128 + signal; None while it runs."""
    code = process.poll()
    return 128 - code if code is not None and code < 0 else code


def family(pid: int) -> list[int]:
    """Return a process and its descendants, as far as they are still there (proc(5))."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return [pid]
    return [pid, *(found for child in text.split() for found in family(int(child)))]


def listening(pid: int) -> set[int]:
    """Return the TCP ports on which a process or a descendant listens (proc(5): fd, net/tcp)."""
    try:
        lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    except OSError:  # it ended meanwhile
        return set()
    inodes = set().union(*(_sockets(one) for one in family(pid)))
    rows = (line.split() for line in lines)
    return {int(r[1].rpartition(":")[2], 16) for r in rows if r[3] == LISTEN and r[9] in inodes}


def _sockets(pid: int) -> set[str]:
    try:
        links = [os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return set()
    return {link[8:-1] for link in links if link.startswith("socket:[")}
