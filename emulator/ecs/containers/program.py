"""Start a container's program, or say as Fargate does why it cannot be started."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from emulator.ecs.containers import process

# the texts of runc, which Fargate hands on (platform 1.4.0)
CANNOT_START = (
    "CannotStartContainerError: ResourceInitializationError: failed to create new container "
    "runtime task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: exec: {cause}: unknown"
)
NOT_IN_PATH = '"{program}": executable file not found in $PATH'
NO_FILE = '"{program}": stat {program}: no such file or directory'
NO_PERMISSION = '"{program}": permission denied'
# a file that is there and cannot be loaded: the container has started, and says so in its log
UNLOADABLE = {
    errno.ENOEXEC: "exec {program}: exec format error\n",
    errno.ENOENT: "exec {program}: no such file or directory\n",
}
PYTHONS = ("python", "python3")


class CannotStartError(Exception):
    """A program cannot be started; the text is the container's reason."""


class UnloadableError(Exception):
    """A file cannot be executed, which the container says in its log before it exits."""


def start(
    arguments: Sequence[str], variables: dict[str, str], folder: str, output: Path
) -> subprocess.Popen[bytes]:
    """Start a program, a relative path of which begins at folder.

    Raises CannotStartError or UnloadableError.
    """
    program = _on_this_machine(arguments[0], folder)
    try:
        return process.start([program, *arguments[1:]], variables, output)
    except OSError as error:
        raise _explained(arguments[0], program, error) from None


def _on_this_machine(program: str, folder: str) -> str:
    """Return the path of a program; Python is this interpreter, unless the path has one."""
    name = os.path.basename(program)
    if program in PYTHONS or (name in PYTHONS and not os.path.exists(program)):
        return sys.executable
    return os.path.join(folder, program) if "/" in program else program


def _explained(program: str, path: str, error: OSError) -> Exception:
    """Return what a failed exec means; a file without a `/` is looked for in PATH."""
    if "/" not in program:
        cause = NOT_IN_PATH
    elif error.errno == errno.EACCES:
        cause = NO_PERMISSION
    elif error.errno in UNLOADABLE and os.path.exists(path):
        return UnloadableError(UNLOADABLE[error.errno].format(program=program))
    else:
        cause = NO_FILE
    return CannotStartError(CANNOT_START.format(cause=cause.format(program=program)))
