"""Write, read and claim the state file of a running account."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from pathlib import Path
from typing import TypeVar

import msgspec

from emulator import supervisor
from emulator.settings import ACCOUNT, OPERATOR_KEY_ID, OPERATOR_SECRET, REGION


class StateError(Exception):
    """The state file is missing, unreadable or invalid."""


class GoneError(StateError):
    """The state file is of an account that is gone."""


class ClaimedError(StateError):
    """Another process is bringing an account up on the state file, or has done so."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The operator's credentials for the emulated AWS."""

    access_key_id: str = OPERATOR_KEY_ID
    secret_access_key: str = OPERATOR_SECRET


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a client of an emulated account needs to know."""

    pid: int
    twin: str  # the account's id
    aws_endpoint_url: str
    region: str = REGION
    account: str = ACCOUNT
    aws: Credentials = Credentials()
    log_dir: str
    speed: float


StateT = TypeVar("StateT", bound=State)


def write(path: Path, state: State) -> None:
    """Write the file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(state), indent=2)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "wb") as file:
        file.write(text + b"\n")
    Path(temporary).replace(path)


def read(path: Path, kind: type[StateT], what: str) -> StateT:
    """Read the state of a running account; what names it: `a sandbox`, `an emulator`.

    Raises StateError with one line that says what is wrong.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise StateError(f"no state file {path}: is {what} up?") from None
    except OSError as error:
        raise StateError(f"cannot read {path}: {error.strerror}") from error
    try:
        state = msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise StateError(f"{path} is not {what} state file: {error}") from error
    # a process of the same number that began at another time is somebody else's
    if not supervisor.owner_alive(state.twin):
        raise GoneError(f"{path} is of {what} that is gone (process {state.pid})")
    return state


def remove(path: Path) -> None:
    """Remove a state file that this process wrote; any other is left."""
    try:
        if msgspec.json.decode(path.read_bytes(), type=State).pid == os.getpid():
            path.unlink()
    except (OSError, msgspec.DecodeError):
        return


def claim(path: Path) -> socket.socket:
    """Claim a state file for this process until the socket closes.

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
        raise ClaimedError(f"another process is already coming up on {path}") from error
    return holder
