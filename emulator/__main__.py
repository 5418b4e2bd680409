"""Command line of the emulator."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from emulator import state
from emulator.command_line import Number, claimed, fail, run, speed_options
from emulator.loopback_block import NoBlockError
from emulator.up import AccountState, PortTakenError, exports
from emulator.up import run as run_account

PROGRAM = "emulator"
LOOK_S = 0.1

state_option = click.option(
    "--state",
    "state_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(".emulator/state.json"),
    show_default=True,
    help="The account's state file.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """An AWS account on this machine, with processes behind its services."""


@main.command()
@state_option
@speed_options
def up(state_file: Path, speed: float, pace: float, aws_port: int) -> None:
    """Start an empty account and stay until SIGINT or SIGTERM."""
    with claimed(state_file, _read, PROGRAM):
        try:
            run_account(state_file, speed=speed, pace=pace, aws_port=aws_port)
        except (PortTakenError, NoBlockError) as error:
            fail(PROGRAM, str(error))
    sys.stdout.flush()
    os._exit(0)  # all is cleaned up; a thread that lingers must not keep the process


@main.command()
@state_option
def env(state_file: Path) -> None:
    """Print the export line for the AWS CLI: eval "$(python -m emulator env)"."""
    click.echo(exports(_running(state_file)))


@main.command()
@click.argument("name", required=False)
@click.option("--port", type=int, help="The listener's port; without it the lowest.")
@click.option(
    "--wait",
    type=Number(0),
    default=10.0,
    show_default=True,
    help="Seconds to wait for a listener that was created just now.",
)
@state_option
def edge(name: str | None, port: int | None, wait: float, state_file: Path) -> None:
    """Print where a load balancer's listener is served on this machine, or list all of them."""
    if name is None:
        for balancer, urls in sorted(_running(state_file).edge.items()):
            for number in sorted(urls):
                click.echo(f"{balancer} {number} {urls[number]}")
        return
    deadline = time.monotonic() + wait
    while (url := _listener(_running(state_file), name, port)) is None:
        if time.monotonic() >= deadline:
            which = "listener" if port is None else f"listener on port {port}"
            fail(PROGRAM, f"load balancer {name!r} has no {which}")
        time.sleep(LOOK_S)
    click.echo(url)


def _listener(running: AccountState, name: str, port: int | None) -> str | None:
    urls = running.edge.get(name, {})
    return urls.get(min(urls, default=0) if port is None else port)


def _read(path: Path) -> AccountState:
    return state.read(path, AccountState, "an emulator")


def _running(state_file: Path) -> AccountState:
    try:
        return _read(state_file)
    except state.StateError as error:
        fail(PROGRAM, str(error))


if __name__ == "__main__":
    run(main, PROGRAM)
