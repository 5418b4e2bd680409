"""The state file: where a running twin is, for people, scripts and the other commands."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec

DEFAULT_STATE_FILE = Path(".sandbox/state.json")


class StateError(Exception):
    """The state file is missing, unreadable, or of a twin that is gone."""


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
    if not alive(state.pid):
        raise StateError(f"{path} is of a sandbox that is gone (process {state.pid})")
    return state


def alive(pid: int) -> bool:
    """Tell whether a process exists and is no zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] != "Z"
