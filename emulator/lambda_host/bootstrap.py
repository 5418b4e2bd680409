"""Script of a function's process, which runs AWS's runtime client.

Usage: bootstrap.py HANDLER. Nothing of the project is importable from here, as in AWS.
"""

import ctypes
import importlib
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
SHIM = Path(__file__).parents[1] / "network" / "shim"


def main() -> None:
    """Run the handler's loop until the host ends this process."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:  # the host died before the line above
        sys.exit(1)
    if "SANDBOX_NETWORK" in os.environ:  # the function is in a VPC
        sys.path.insert(0, str(SHIM))
        importlib.import_module("sitecustomize")
        sys.path.pop(0)
    from awslambdaric.__main__ import main as serve

    serve(["awslambdaric", sys.argv[1]])


main()
