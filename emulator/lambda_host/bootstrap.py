"""Script of a function's process, which runs AWS's runtime client.

Usage: bootstrap.py HANDLER. Nothing of the project is importable from here, as in AWS.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run the handler's loop until the host ends this process."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:  # the host died before the line above
        sys.exit(1)
    from awslambdaric.__main__ import main as serve

    serve(["awslambdaric", sys.argv[1]])


main()
