"""The command line: `python -m canary …`."""

import os
import signal


def end_at_once(number: int, _frame: object) -> None:
    """End with the status of a signal, while nothing has begun."""
    os._exit(128 + number)


def command() -> None:
    """Run the command line; importing it takes its time, in which a signal is heard already."""
    from canary.cli import main

    # bin/canary names itself, so that help and completion speak of the command that was typed
    main(
        prog_name=os.environ.get("CANARY_COMMAND", "python -m canary"),
        complete_var="_CANARY_COMPLETE",
    )


if __name__ == "__main__":
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, end_at_once)
    from canary.adapters.process import run_command

    run_command(command)
