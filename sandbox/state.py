"""The state file: where a running twin is, for people, scripts and the other commands."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from emulator import supervisor

DEFAULT_STATE_FILE = Path(".sandbox/state.json")


class StateError(Exception):
    """The state file is missing, unreadable, or no state file."""


class GoneError(StateError):
    """The state file is of a twin that is gone."""


class ClaimedError(StateError):
    """Another process is bringing a twin up on the state file, or has done so."""


class ServiceState(msgspec.Struct, frozen=True, kw_only=True):
    """One process of the twin; port is the container's own."""

    pid: int
    port: int
    address: str = ""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Credentials for the emulated AWS; `test`/`test` is the operator."""

    access_key_id: str = "test"
    secret_access_key: str = "test"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a client of the twin needs to know."""

    pid: int
    twin: str
    control_url: str
    aws_endpoint_url: str
    region: str
    account: str
    aws: Credentials
    edge_url: dict[str, str]  # host -> base URL on this machine
    edge: dict[str, dict[str, int | str]]  # host -> address and ports of its balancer
    ca_bundle: str
    environment_file: str
    log_dir: str
    services: dict[str, ServiceState]
    speed: float
    details: dict[str, Any] = {}


def write(path: Path, state: State) -> None:
    """Write the file whole: a reader sees all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(state), indent=2)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "wb") as file:
        file.write(text + b"\n")
    Path(temporary).replace(path)


def read(path: Path) -> State:
    """Read the state of a running twin.

    Raises StateError with one line that says what is wrong.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise StateError(f"no state file {path}: is a sandbox up?") from None
    except OSError as error:
        raise StateError(f"cannot read {path}: {error.strerror}") from error
    try:
        state = msgspec.json.decode(data, type=State)
    except msgspec.DecodeError as error:
        raise StateError(f"{path} is not a sandbox state file: {error}") from error
    # a process of the same number that began at another time is somebody else's
    if not supervisor.owner_alive(state.twin):
        raise GoneError(f"{path} is of a sandbox that is gone (process {state.pid})")
    return state


def claim(path: Path) -> socket.socket:
    """Take a state file for this process before a twin is made; close the socket to let go.

    The claim is an abstract Unix socket: the kernel drops it with the process, no file stays.
    Raises ClaimedError, or StateError where no file can be written.
    """
    whole = path.absolute()
    try:
        whole.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=whole.parent):
            pass
    except OSError as error:
        raise StateError(f"cannot write {path}: {error.strerror}") from error
    name = hashlib.sha256(str(whole.resolve()).encode()).hexdigest()
    holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        holder.bind(f"\0hokusai-sandbox-state-{name}")
    except OSError as error:
        holder.close()
        raise ClaimedError(f"a sandbox is already coming up on {path}") from error
    return holder
