"""The command line: `python -m canary …`."""

import io
import os
import sys

from canary.cli import main

if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal of Latin-1 has no check mark
            stream.reconfigure(errors="replace")
    # bin/canary names itself, so that help and completion speak of the command that was typed
    main(
        prog_name=os.environ.get("CANARY_COMMAND", "python -m canary"),
        complete_var="_CANARY_COMPLETE",
    )
