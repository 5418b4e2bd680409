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
from emulator.network.sources import INTERNET_ADDRESS, SourceError, Sources
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
@click.option(
    "--nat",
    default=INTERNET_ADDRESS,
    show_default=True,
    help="The address of tasks and functions without one of their own, seen from outside.",
)
@click.option(
    "--source",
    "named",
    multiple=True,
    metavar="NAME=ADDRESS",
    help="A further client: each listener is served for it on a port of its own.",
)
def up(
    state_file: Path, speed: float, pace: float, aws_port: int, nat: str, named: tuple[str, ...]
) -> None:
    """Start an empty account and stay until SIGINT or SIGTERM."""
    with claimed(state_file, _read, PROGRAM):
        try:
            pairs = (pair.partition("=")[::2] for pair in named)
            sources = Sources(nat=nat, named=dict(pairs))
            run_account(state_file, speed=speed, pace=pace, aws_port=aws_port, sources=sources)
        except (PortTakenError, NoBlockError, SourceError) as error:
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
@click.option("--source", help="The client that `up --source` names; without it the internet.")
@state_option
def edge(
    name: str | None, port: int | None, wait: float, source: str | None, state_file: Path
) -> None:
    """Print where a load balancer's listener is served on this machine, or list all of them."""
    if name is None:
        for balancer, urls in sorted(_edge(_running(state_file), source).items()):
            for number in sorted(urls):
                click.echo(f"{balancer} {number} {urls[number]}")
        return
    deadline = time.monotonic() + wait
    while (url := _listener(_edge(_running(state_file), source), name, port)) is None:
        if time.monotonic() >= deadline:
            which = "listener" if port is None else f"listener on port {port}"
            fail(PROGRAM, f"load balancer {name!r} has no {which}")
        time.sleep(LOOK_S)
    click.echo(url)


def _edge(running: AccountState, source: str | None) -> dict[str, dict[int, str]]:
    return running.edge if source is None else running.doors.get(source, {})


def _listener(edge: dict[str, dict[int, str]], name: str, port: int | None) -> str | None:
    urls = edge.get(name, {})
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
