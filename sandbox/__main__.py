"""The command line: up, settle, break, heal, faults."""

from __future__ import annotations

import math
import os
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

import click
import urllib3

from sandbox import client, state
from sandbox.state import DEFAULT_STATE_FILE, State, StateError

WRONG_USE = 2
NOT_STEADY = 1

state_option = click.option(
    "--state",
    "state_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_STATE_FILE,
    show_default=True,
    help="The twin's state file.",
)


class Range(click.FloatRange):
    """Numbers from one to another; click's own lets what is no number pass between them."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number; fails in one line where there is none."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A small copy of the platform on this machine: break it, look at it, heal it."""


@main.command()
@state_option
@click.option("--fault", "fault_ids", multiple=True, metavar="ID", help="Plant a fault at start.")
@click.option(
    "--speed",
    type=Range(1, 200),
    default=30.0,
    show_default=True,
    help="How much faster than AWS health checks, back-off and delays run.",
)
@click.option(
    "--pace",
    type=Range(1, 200),
    default=1.0,
    show_default=True,
    help="How much faster than AWS alarms and schedules run.",
)
@click.option(
    "--aws-port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The emulated AWS's port; 0 for any free one.",
)
def up(
    state_file: Path, fault_ids: tuple[str, ...], speed: float, pace: float, aws_port: int
) -> None:
    """Start everything and stay until SIGINT or SIGTERM."""
    _refuse_unknown(fault_ids)
    with _claimed(state_file):
        from emulator.block import NoBlockError
        from sandbox.up import PortTakenError, run

        try:
            run(state_file, fault_ids, speed=speed, pace=pace, aws_port=aws_port)
        except (PortTakenError, NoBlockError) as error:
            _fail(str(error))
    sys.stdout.flush()
    os._exit(0)  # all is cleaned up; a thread that lingers must not keep the process


@main.command()
@state_option
@click.option(
    "--timeout", type=Range(0), default=30.0, show_default=True, help="Seconds to wait at most."
)
def settle(state_file: Path, timeout: float) -> None:
    """Wait until the twin is steady, healthy or not."""
    answer = _send(_read(state_file), "settle", timeout + 10, timeout=timeout)
    if not answer["steady"]:
        click.echo(
            f"not steady after {answer['seconds']:.1f} s: {', '.join(answer['waiting_for'])}",
            err=True,
        )
        sys.exit(NOT_STEADY)
    click.echo(f"steady after {answer['seconds']:.1f} s")


@main.command("break")
@click.argument("fault_id", metavar="ID")
@state_option
def break_(fault_id: str, state_file: Path) -> None:
    """Plant a fault of the library."""
    running = _read(state_file)
    _refuse_unknown((fault_id,))
    answer = _send(running, "break", 120, id=fault_id)
    click.echo(f"{fault_id}: {answer['sentence']}")


@main.command()
@state_option
def heal(state_file: Path) -> None:
    """Bring the healthy platform back, whatever was changed."""
    _send(_read(state_file), "heal", 120)
    click.echo("healed")


@main.command()
def faults() -> None:
    """List the fault library."""
    from sandbox.faults import FAULTS

    width = max(len(ident) for ident in FAULTS)
    for fault in FAULTS.values():
        incident = f" (incident {fault.incident})" if fault.incident else ""
        click.echo(f"{fault.id:<{width}}  {fault.sentence}{incident} [{fault.cause}]")


def _claimed(state_file: Path) -> socket.socket:
    """Take the state file; one that a killed twin left is removed, any other is not touched."""
    try:
        if state_file.exists():
            running = state.read(state_file)
            _fail(f"a sandbox is already up on {state_file} (process {running.pid})")
        return state.claim(state_file)
    except state.GoneError:
        state_file.unlink(missing_ok=True)
        return _claimed(state_file)
    except StateError as error:
        _fail(str(error))


def _read(state_file: Path) -> State:
    try:
        return state.read(state_file)
    except StateError as error:
        _fail(str(error))


def _send(running: State, command: str, timeout_s: float, **arguments: object) -> dict[str, Any]:
    try:
        return client.send(running, command, timeout_s, **arguments)
    except client.RefusedError as error:
        click.echo(f"sandbox: {command} failed: {error}", err=True)
        sys.exit(NOT_STEADY)
    except urllib3.exceptions.HTTPError as error:
        _fail(f"the sandbox at {running.control_url} does not answer: {type(error).__name__}")


def _refuse_unknown(fault_ids: tuple[str, ...]) -> None:
    if not fault_ids:
        return
    from sandbox.faults import FAULTS

    for ident in fault_ids:
        if ident not in FAULTS:
            _fail(f"unknown fault {ident!r}; `python -m sandbox faults` lists them")


def _fail(message: str) -> NoReturn:
    """Say in one line what is wrong, and exit as wrong use does."""
    click.echo(f"sandbox: {message}", err=True)
    sys.exit(WRONG_USE)


def run() -> None:
    """Run the command line; wrong use is one line, where click would print three."""
    try:
        sys.exit(main.main(prog_name="python -m sandbox", standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(WRONG_USE)
    except BrokenPipeError:  # whoever read has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(NOT_STEADY)
    except click.Abort:
        sys.exit(130)  # Ctrl-C
    except click.ClickException as error:
        _fail(" ".join(error.format_message().split()))


if __name__ == "__main__":
    run()
