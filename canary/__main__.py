"""The command line: `python -m canary …`, or `canary …` where the package is installed."""

import os
import signal
import sys


def end_at_once(number: int, _frame: object) -> None:
    """End with the status of a signal, while nothing has begun."""
    os._exit(128 + number)


def program() -> str:
    """Return the command as it was typed: help and completion speak of it."""
    typed = os.path.basename(sys.argv[0])
    installed = "python -m canary" if typed == "__main__.py" else typed
    return os.environ.get("CANARY_COMMAND", installed)  # bin/canary names itself


def command() -> None:
    """Run the command line; importing it takes its time, in which a signal is heard already."""
    from canary.cli import main

    main(prog_name=program(), complete_var="_CANARY_COMPLETE")


def main() -> None:
    """Run the command line as this process, which ends with its status."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, end_at_once)
    from canary.adapters.process import run_command

    run_command(command)


if __name__ == "__main__":
    main()
