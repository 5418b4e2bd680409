"""Options, checks and exit codes that the emulator's and the sandbox's commands share."""

from __future__ import annotations

import math
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from emulator import state

WRONG_USE = 2
CLOSED_OUTPUT = 1
INTERRUPTED = 130


class Number(click.FloatRange):
    """A range of numbers; unlike click's own type it refuses NaN and infinity."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number; fail in one line if the text is not one."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


def speed_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of `up` that every account has."""
    options = (
        click.option(
            "--speed",
            type=Number(1, 200),
            default=30.0,
            show_default=True,
            help="How much faster than AWS health checks, back-off and delays run.",
        ),
        click.option(
            "--pace",
            type=Number(1, 200),
            default=1.0,
            show_default=True,
            help="How much faster than AWS alarms and schedules run.",
        ),
        click.option(
            "--aws-port",
            type=click.IntRange(0, 65535),
            default=0,
            help="The emulated AWS's port; 0 for any free one.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def claimed(state_file: Path, read: Callable[[Path], state.State], program: str) -> socket.socket:
    """Claim a state file; one that a killed process left is removed, any other is not touched."""
    try:
        if state_file.exists():
            running = read(state_file)
            fail(program, f"already up on {state_file} (process {running.pid})")
        return state.claim(state_file)
    except state.GoneError:
        state_file.unlink(missing_ok=True)
        return claimed(state_file, read, program)
    except state.StateError as error:
        fail(program, str(error))


def fail(program: str, message: str) -> NoReturn:
    """Print in one line what is wrong, and exit with the status of wrong use."""
    click.echo(f"{program}: {message}", err=True)
    sys.exit(WRONG_USE)


def run(main: click.Group, program: str) -> NoReturn:
    """Run a command line; wrong use is one line, where click would print three."""
    try:
        sys.exit(main.main(prog_name=f"python -m {program}", standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(WRONG_USE)
    except BrokenPipeError:  # the reader of the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(CLOSED_OUTPUT)
    except click.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        fail(program, " ".join(error.format_message().split()))
