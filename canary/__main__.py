"""The command line: `python -m canary …`."""

import os

from canary.cli import main

if __name__ == "__main__":
    # bin/canary names itself, so that help and completion speak of the command that was typed
    main(
        prog_name=os.environ.get("CANARY_COMMAND", "python -m canary"),
        complete_var="_CANARY_COMPLETE",
    )
